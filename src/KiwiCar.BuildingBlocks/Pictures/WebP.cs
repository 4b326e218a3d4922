using System.Buffers;
using System.Buffers.Binary;

namespace KiwiCar.BuildingBlocks.Pictures;

/// <summary>The container of a WebP file.</summary>
internal static class WebP
{
    private const int HeaderLength = 12, Alpha = 0x10;

    /// <summary>
    /// The picture alone: chunks that hold pixels stay, all else goes (EXIF with the seller's position, XMP, colour profile, whatever comes).
    /// Done here because libvips 8.14, Debian 12's, ignores its own <c>strip</c> for WebP.
    /// </summary>
    /// <exception cref="InvalidDataException">Not a WebP file of one picture.</exception>
    public static byte[] PixelsOnly(ReadOnlySpan<byte> file)
    {
        if (file.Length <= HeaderLength) throw new InvalidDataException("A WebP file is cut short");
        var kept = new ArrayBufferWriter<byte>(file.Length);
        kept.Write(file[..HeaderLength]);
        for (var rest = file[HeaderLength..]; rest.Length > 0;)
        {
            var chunk = First(rest);
            rest = rest[chunk.Length..];
            if (chunk.StartsWith("VP8X"u8)) KeepExtension(chunk, kept);
            else if (chunk.StartsWith("VP8 "u8) || chunk.StartsWith("VP8L"u8) || chunk.StartsWith("ALPH"u8)) kept.Write(chunk);
        }
        var result = kept.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(4), (uint)result.Length - 8);
        return result;
    }

    // It tells which other chunks there are; without transparency none is left, and a plain file has no such chunk.
    private static void KeepExtension(ReadOnlySpan<byte> chunk, ArrayBufferWriter<byte> kept)
    {
        if ((chunk[8] & Alpha) != 0) kept.Write<byte>([.. chunk[..8], Alpha, .. chunk[9..]]);
    }

    private static ReadOnlySpan<byte> First(ReadOnlySpan<byte> chunks)
    {
        if (chunks.Length <= 8) throw new InvalidDataException("A WebP chunk is cut short");
        var size = BinaryPrimitives.ReadUInt32LittleEndian(chunks[4..]);
        var padded = 8 + (long)size + (size & 1);
        return padded > 8 && padded <= chunks.Length ? chunks[..(int)padded] : throw new InvalidDataException("A WebP chunk is cut short");
    }
}
