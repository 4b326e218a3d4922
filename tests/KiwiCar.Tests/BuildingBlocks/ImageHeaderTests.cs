using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using KiwiCar.BuildingBlocks.Pictures;

namespace KiwiCar.Tests.BuildingBlocks;

public sealed class ImageHeaderTests
{
    private const string NotAPicture = "must be a JPEG, PNG or WebP picture";

    [Theory]
    [InlineData(1, 1)]
    [InlineData(640, 360)]
    [InlineData(8_000, 5_000)]
    [InlineData(20_000, 2_000)]
    public void A_PNG_tells_its_size(int width, int height) => Assert.Equal(new ImageHeader(ImageFormat.Png, width, height), Taken(Png((uint)width, (uint)height)));

    [Theory]
    [InlineData(0xC0)] // baseline
    [InlineData(0xC1)]
    [InlineData(0xC2)] // progressive
    [InlineData(0xC9)] // arithmetic
    public void A_JPEG_tells_its_size_in_every_kind_of_frame(byte kind) =>
        Assert.Equal(new ImageHeader(ImageFormat.Jpeg, 640, 360), Taken(Jpeg(Segment(0xE0, 14), Frame(640, 360, kind))));

    [Theory]
    [InlineData(0, true)]  // grey
    [InlineData(4, true)]  // grey and transparency
    [InlineData(2, false)] // colours
    [InlineData(3, false)] // a palette
    [InlineData(6, false)] // colours and transparency
    public void A_PNG_tells_whether_it_is_grey(byte colours, bool grey)
    {
        var png = Png(640, 360);
        png[25] = colours;
        Assert.Equal(grey, Taken(png).Grey);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, false)]
    [InlineData(4, false)] // CMYK
    public void A_JPEG_tells_whether_it_is_grey(byte colours, bool grey)
    {
        var frame = Frame(640, 360);
        frame[9] = colours;
        Assert.Equal(grey, Taken(Jpeg(Segment(0xE0, 14), frame)).Grey);
    }

    [Fact]
    public void Long_metadata_before_a_JPEGs_frame_is_walked_over() =>
        Assert.Equal(new ImageHeader(ImageFormat.Jpeg, 640, 360), Taken(Jpeg([.. Enumerable.Repeat(Segment(0xE1, 65_533), 100), Frame(640, 360)])));

    [Fact]
    public void A_frame_inside_a_JPEGs_metadata_is_not_the_pictures_own()
    {
        // An EXIF segment may hold a thumbnail, which is a JPEG of its own.
        byte[] thumbnail = [0xFF, 0xD8, .. Frame(160, 120)];
        Assert.Equal(new ImageHeader(ImageFormat.Jpeg, 4_000, 3_000), Taken(Jpeg([0xFF, 0xE1, 0, (byte)(thumbnail.Length + 2), .. thumbnail], Frame(4_000, 3_000))));
    }

    [Fact]
    public void Fill_bytes_and_rubbish_between_a_JPEGs_segments_are_skipped_as_libjpeg_does() =>
        Assert.Equal(new ImageHeader(ImageFormat.Jpeg, 640, 360), Taken(Jpeg([0xFF, 0xFF, 0xFF, 0xE0, 0, 2], [0x12, 0x00, 0xFF, 0x00, 0x34], [0xFF, 0x01, 0xFF, 0xD3], Frame(640, 360))));

    [Fact]
    public void A_lossy_WebP_tells_its_size() => Assert.Equal(new ImageHeader(ImageFormat.WebP, 640, 360), Taken(WebP("VP8 ", [0x30, 0, 0, 0x9D, 0x01, 0x2A, .. Two(640 | 1 << 14), .. Two(360)])));

    [Fact]
    public void A_lossless_WebP_tells_its_size() => Assert.Equal(new ImageHeader(ImageFormat.WebP, 640, 360), Taken(WebP("VP8L", [0x2F, .. Four(639 | 359 << 14 | 1 << 28)])));

    [Fact]
    public void An_extended_WebP_tells_its_size() => Assert.Equal(new ImageHeader(ImageFormat.WebP, 640, 360), Taken(WebP("VP8X", [0x10, 0, 0, 0, .. Four(639)[..3], .. Four(359)[..3]])));

    [Theory]
    [InlineData(30_000, 30_000, "must have at most 20000 pixels on a side, not 30000 x 30000")]
    [InlineData(20_001, 1, "must have at most 20000 pixels on a side, not 20001 x 1")]
    [InlineData(1, uint.MaxValue, "must have at most 20000 pixels on a side, not 1 x 2147483647")]
    [InlineData(6_400, 6_251, "must have at most 40 megapixels, not 6400 x 6251")]
    [InlineData(0, 100, NotAPicture)]
    [InlineData(100, 0, NotAPicture)]
    public void A_PNG_of_an_impossible_size_is_refused(uint width, uint height, string why) => Assert.Equal(why, Refused(Png(width, height)));

    [Theory]
    [InlineData(60_000, 60_000)]
    [InlineData(0, 100)]
    [InlineData(100, 0)] // to be told after the first scan, by a DNL segment: nobody writes it, and it hides the size
    public void A_JPEG_of_an_impossible_size_is_refused(int width, int height) => Refused(Jpeg(Frame(width, height)));

    [Fact]
    public void An_extended_WebP_of_an_impossible_size_is_refused() => Refused(WebP("VP8X", [0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));

    [Theory]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>")]
    [InlineData("<!DOCTYPE html><html><body>not a picture, however long it is")]
    [InlineData("%PDF-1.7 and then some more of it, which a decoder might render")]
    [InlineData("GIF89a and so on, up to the length of the longest header")]
    [InlineData("II*\0 a TIFF, which libvips would open without its block")]
    [InlineData("RIFF....WAVEfmt and then a sound and then a sound")]
    [InlineData("RIFF....WEBPALPH and then what belongs into an extended file")]
    [InlineData("push graphic-context viewbox 0 0 640 480 fill 'url(https://x)'")]
    [InlineData("")]
    public void Anything_else_is_refused_by_its_content(string content) => Assert.Equal(NotAPicture, Refused(Encoding.Latin1.GetBytes(content)));

    [Fact]
    public void A_header_cut_short_anywhere_is_refused()
    {
        foreach (var whole in new[] { Png(640, 360)[..30], Jpeg(Segment(0xE0, 20), Frame(640, 360))[..^9], WebP("VP8X", [0, 0, 0, 0, 1, 0, 0, 1, 0, 0])[..30] })
            for (var length = 0; length < whole.Length; length++) Refused(whole[..length]);
    }

    [Theory]
    [InlineData(0xD8)]
    [InlineData(0xD9)]
    [InlineData(0xDA)]
    public void A_JPEG_that_begins_its_data_before_its_frame_is_refused(byte marker) => Refused(Jpeg([0xFF, marker, 0, 12, .. new byte[10]], Frame(640, 360)));

    [Fact]
    public void A_segment_shorter_than_its_own_length_is_refused() => Refused(Jpeg([0xFF, 0xE0, 0, 1], Frame(640, 360), new byte[20]));

    [Fact]
    public void A_PNG_whose_first_chunk_is_another_is_refused()
    {
        var png = Png(640, 360);
        png[12] = (byte)'C';
        Assert.Equal(NotAPicture, Refused(png));
    }

    [Fact]
    public void A_WebP_that_starts_within_a_film_is_refused() => Refused(WebP("VP8 ", [0x31, 0, 0, 0x9D, 0x01, 0x2A, .. Two(640), .. Two(360)]));

    [Fact]
    public void Ten_megabytes_without_a_frame_take_no_time()
    {
        var segments = new byte[10_000_000];
        for (var at = 0; at < segments.Length; at += 4) new byte[] { 0xFF, 0xE0, 0, 2 }.CopyTo(segments, at);
        byte[][] files = [[0xFF, 0xD8, 0xFF, .. new byte[10_000_000]], [0xFF, 0xD8, .. Enumerable.Repeat<byte>(0xFF, 10_000_000)], Jpeg([segments])];
        var watch = Stopwatch.StartNew();
        foreach (var file in files) Refused(file);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"took {watch.Elapsed}");
    }

    [Fact]
    public void Random_bytes_behind_a_true_beginning_never_throw()
    {
        var random = new Random(20261122);
        foreach (var start in new byte[][] { [0xFF, 0xD8, 0xFF], Png(1, 1)[..16], Encoding.Latin1.GetBytes("RIFF....WEBPVP8X"), Encoding.Latin1.GetBytes("RIFF....WEBPVP8 ") })
            for (var round = 0; round < 2_000; round++)
            {
                var rest = new byte[random.Next(200)];
                random.NextBytes(rest);
                var taken = ImageHeader.TryRead(new MemoryStream([.. start, .. rest]), out var header, out _);
                Assert.True(!taken || header is { Width: > 0 and <= ImageHeader.LongestSide, Height: > 0 and <= ImageHeader.LongestSide } && header.Width * header.Height <= ImageHeader.MostPixels);
            }
    }

    private static ImageHeader Taken(byte[] file)
    {
        Assert.True(ImageHeader.TryRead(new MemoryStream(file), out var header, out var problem), problem);
        return header;
    }

    private static string Refused(byte[] file)
    {
        Assert.False(ImageHeader.TryRead(new MemoryStream(file), out var header, out var problem), $"{header} was taken");
        return problem;
    }

    private static byte[] Png(uint width, uint height)
    {
        byte[] file = [0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n', 0, 0, 0, 13, .. "IHDR"u8, .. new byte[8], 8, 2, 0, 0, 0, 1, 2, 3, 4];
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(20), height);
        return file;
    }

    private static byte[] Jpeg(params IEnumerable<byte[]> segments) => [0xFF, 0xD8, .. segments.SelectMany(s => s)];

    private static byte[] Segment(byte marker, int length) => [0xFF, marker, (byte)((length + 2) >> 8), (byte)(length + 2), .. new byte[length]];

    private static byte[] Frame(int width, int height, byte kind = 0xC0) =>
        [0xFF, kind, 0, 17, 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];

    private static byte[] WebP(string chunk, byte[] content) => [.. "RIFF"u8, .. Four(100), .. "WEBP"u8, .. Encoding.Latin1.GetBytes(chunk), .. Four(content.Length), .. content, .. new byte[8]];

    private static byte[] Two(int value) => [(byte)value, (byte)(value >> 8)];

    private static byte[] Four(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16), (byte)(value >> 24)];
}
