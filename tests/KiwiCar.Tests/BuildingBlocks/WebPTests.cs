using System.Buffers.Binary;
using System.Text;
using KiwiCar.BuildingBlocks.Pictures;

namespace KiwiCar.Tests.BuildingBlocks;

public sealed class WebPTests
{
    private static readonly byte[] Pixels = Chunk("VP8 ", 101), Transparency = Chunk("ALPH", 7);

    [Fact]
    public void Only_the_pixels_of_an_opaque_picture_are_left() =>
        Assert.Equal(File(Pixels), WebP.PixelsOnly(File(Extension(0x2C), Chunk("ICCP", 30), Pixels, Chunk("EXIF", 11), Chunk("XMP ", 200))));

    [Fact]
    public void Transparency_stays_and_is_announced_alone() =>
        Assert.Equal(File(Extension(0x10), Transparency, Pixels), WebP.PixelsOnly(File(Extension(0x3C), Chunk("ICCP", 30), Transparency, Pixels, Chunk("EXIF", 11))));

    [Fact]
    public void A_plain_picture_stays_as_it_is() => Assert.Equal(File(Pixels), WebP.PixelsOnly(File(Pixels)));

    [Fact]
    public void Chunks_nobody_has_heard_of_go() => Assert.Equal(File(Pixels), WebP.PixelsOnly(File(Pixels, Chunk("GPS!", 30))));

    [Fact]
    public void A_file_cut_short_is_refused()
    {
        var whole = File(Pixels, Chunk("EXIF", 12));
        for (var length = 0; length < whole.Length; length++)
            if (length != File(Pixels).Length) Assert.Throws<InvalidDataException>(() => WebP.PixelsOnly(whole.AsSpan(0, length)));
    }

    [Fact]
    public void A_chunk_that_claims_four_gigabytes_is_refused()
    {
        var file = File(Pixels);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(16), uint.MaxValue);
        Assert.Throws<InvalidDataException>(() => WebP.PixelsOnly(file));
    }

    private static byte[] File(params IEnumerable<byte[]> chunks)
    {
        byte[] file = [.. "RIFF\0\0\0\0WEBP"u8, .. chunks.SelectMany(c => c)];
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(4), (uint)file.Length - 8);
        return file;
    }

    private static byte[] Extension(byte flags) => [.. "VP8X"u8, 10, 0, 0, 0, flags, 0, 0, 0, 127, 2, 0, 103, 1, 0];

    // Filled with its own name's first letter; an odd length is padded, as the format wants.
    private static byte[] Chunk(string name, byte length) =>
        [.. Encoding.ASCII.GetBytes(name), length, 0, 0, 0, .. Enumerable.Repeat((byte)name[0], length), .. new byte[length & 1]];
}
