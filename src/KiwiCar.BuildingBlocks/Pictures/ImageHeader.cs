using System.Buffers.Binary;

namespace KiwiCar.BuildingBlocks.Pictures;

/// <summary>The picture formats that are taken.</summary>
public enum ImageFormat { Jpeg, Png, WebP }

/// <summary>
/// What a picture file says of itself in its first bytes, in pixels as stored (before a turn by EXIF). Read here, in memory-safe code,
/// before anything is decoded: name and Content-Type are only the client's word, and a file of 100 kB may claim 900 megapixels.
/// </summary>
/// <param name="Grey">It has no colours, with or without transparency.</param>
public sealed record ImageHeader(ImageFormat Format, int Width, int Height, bool Grey = false)
{
    /// <summary>Decoding takes up to 12 bytes a pixel, so that this also bounds the child's memory; see <see cref="LimitedProcess"/>.</summary>
    public const int MostPixels = 40_000_000;

    /// <summary>In pixels; longer than any camera's panorama.</summary>
    public const int LongestSide = 20_000;

    private const int StartLength = 30; // the longest fixed part: WebP's, in its extended format
    private const int MostRubbish = 100_000; // bytes between a JPEG's segments, the markers counted in; a file made of nothing else would cost seconds

    /// <summary>Reads the header of <paramref name="file"/> (which must seek), from its beginning.</summary>
    /// <param name="problem">Where it is not taken: why, to be read after the file's name.</param>
    public static bool TryRead(Stream file, out ImageHeader header, out string problem)
    {
        header = Parse(file) ?? new(default, 0, 0);
        problem = header switch
        {
            { Width: 0 } or { Height: 0 } => "must be a JPEG, PNG or WebP picture",
            { Width: > LongestSide } or { Height: > LongestSide } => $"must have at most {LongestSide} pixels on a side, not {header.Width} x {header.Height}",
            _ when (long)header.Width * header.Height > MostPixels => $"must have at most {MostPixels / 1_000_000} megapixels, not {header.Width} x {header.Height}",
            _ => "",
        };
        return problem.Length == 0;
    }

    private static ImageHeader? Parse(Stream file)
    {
        file.Position = 0;
        Span<byte> start = stackalloc byte[StartLength];
        if (file.ReadAtLeast(start, StartLength, throwOnEndOfStream: false) < StartLength) return null;
        if (start.StartsWith<byte>([0xFF, 0xD8, 0xFF])) return Jpeg(file);
        if (start.StartsWith<byte>([0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n'])) return Png(start);
        return start.StartsWith("RIFF"u8) && start[8..].StartsWith("WEBP"u8) ? WebP(start) : null;
    }

    private static ImageHeader? Png(ReadOnlySpan<byte> start) =>
        BinaryPrimitives.ReadUInt32BigEndian(start[8..]) == 13 && start[12..].StartsWith("IHDR"u8)
            ? new(ImageFormat.Png, Side(start[16..]), Side(start[20..]), Grey: start[25] is 0 or 4)
            : null;

    private static ImageHeader? WebP(ReadOnlySpan<byte> start)
    {
        var kind = start[12..16];
        var content = start[20..];
        if (kind.SequenceEqual("VP8X"u8)) return new(ImageFormat.WebP, 1 + Whole24(content[4..]), 1 + Whole24(content[7..]));
        if (kind.SequenceEqual("VP8L"u8) && content[0] == 0x2F)
        {
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(content[1..]);
            return new(ImageFormat.WebP, 1 + (int)(bits & 0x3FFF), 1 + (int)(bits >> 14 & 0x3FFF));
        }
        // A lossy picture: a key frame (lowest bit 0), the start code, then the sides with two bits of scaling above them.
        return kind.SequenceEqual("VP8 "u8) && (content[0] & 1) == 0 && content[3..].StartsWith<byte>([0x9D, 0x01, 0x2A])
            ? new(ImageFormat.WebP, Whole16(content[6..]) & 0x3FFF, Whole16(content[8..]) & 0x3FFF)
            : null;
    }

    // Walks the segments as libjpeg does, down to skipping what stands between them, so that both see the same frame header.
    private static ImageHeader? Jpeg(Stream file)
    {
        file.Position = 2;
        var patience = MostRubbish;
        Span<byte> frame = stackalloc byte[6]; // precision, height, width, number of colours
        while (NextMarker(file, ref patience) is var marker and >= 0)
        {
            if (marker is 0x01 or >= 0xD0 and <= 0xD7) continue; // stands alone
            if (marker is 0xD8 or 0xD9 or 0xDA || Length(file) is not { } length) return null; // no picture may begin before its frame header
            if (marker is < 0xC0 or > 0xCF or 0xC4 or 0xC8 or 0xCC)
            {
                file.Position += length; // past the end is no error: the next read finds nothing
                continue;
            }
            if (file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) < frame.Length) return null;
            return new(ImageFormat.Jpeg, BinaryPrimitives.ReadUInt16BigEndian(frame[3..]), BinaryPrimitives.ReadUInt16BigEndian(frame[1..]), Grey: frame[5] == 1);
        }
        return null;
    }

    // A marker is 0xFF (as often as one likes) and then neither 0xFF nor 0. Negative: there is none.
    private static int NextMarker(Stream file, ref int patience)
    {
        for (var before = 0; patience-- > 0;)
        {
            var value = file.ReadByte();
            if (value < 0 || before == 0xFF && value is not (0xFF or 0)) return value;
            before = value;
        }
        return -1;
    }

    // What follows the two bytes of the length itself.
    private static int? Length(Stream file)
    {
        var (high, low) = (file.ReadByte(), file.ReadByte());
        var length = high << 8 | low;
        return low >= 0 && length >= 2 ? length - 2 : null;
    }

    private static int Side(ReadOnlySpan<byte> pixels) => (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(pixels), int.MaxValue);

    private static int Whole16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static int Whole24(ReadOnlySpan<byte> bytes) => bytes[0] | bytes[1] << 8 | bytes[2] << 16;
}
