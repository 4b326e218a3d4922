using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace KiwiCar.Host.Ops.Stories;

/// <summary>Photos of a car that nobody has: drawn, as PNG files.</summary>
internal static class Photo
{
    private const int Width = 1600, Height = 1200;
    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(i => Enumerable.Range(0, 8).Aggregate((uint)i, (c, _) => (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1))];

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Rgb(byte R, byte G, byte B)
    {
        public Rgb Times(double light) => new((byte)Math.Min(255, R * light), (byte)Math.Min(255, G * light), (byte)Math.Min(255, B * light));
    }

    /// <summary>A blue car by day, at dusk and under grey clouds.</summary>
    public static IReadOnlyList<byte[]> Three() => [Png(new(150, 200, 240), 1), Png(new(240, 170, 120), 0.8), Png(new(170, 175, 180), 0.9)];

    private static byte[] Png(Rgb sky, double light)
    {
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        (header[8], header[9]) = (8, 2); // 8 bits each of red, green, blue
        Chunk(png, "IHDR", header);
        Chunk(png, "IDAT", Pixels(sky, light));
        Chunk(png, "IEND", []);
        return png.ToArray();
    }

    private static byte[] Pixels(Rgb sky, double light)
    {
        using var packed = new MemoryStream();
        using (var zip = new ZLibStream(packed, CompressionLevel.Fastest))
        {
            var row = new byte[1 + Width * 3]; // the first byte says: not filtered
            for (var y = 0; y < Height; y++)
            {
                for (var x = 0; x < Width; x++)
                {
                    var color = At((double)x / Width, (double)y / Height, sky, light);
                    (row[1 + x * 3], row[2 + x * 3], row[3 + x * 3]) = (color.R, color.G, color.B);
                }
                zip.Write(row);
            }
        }
        return packed.ToArray();
    }

    // From front to back: wheels, windows, cabin, body, road, sky. The picture is 1 wide and 1 high.
    private static Rgb At(double x, double y, Rgb sky, double light)
    {
        var wheel = Math.Min(Distance(x, y, 0.29), Distance(x, y, 0.71));
        if (wheel < 0.028) return new Rgb(190, 192, 196).Times(light);
        if (wheel < 0.062) return new Rgb(28, 28, 30);
        var paint = new Rgb(38, 84, 160).Times(light * (1.25 - y / 2));
        var slope = (0.53 - y) / 0.15; // 0 where the cabin begins, 1 at the roof
        if (slope is > 0 and < 1 && x > 0.30 + slope * 0.08 && x < 0.74 - slope * 0.07)
            return slope is > 0.12 and < 0.85 && x > 0.325 + slope * 0.08 && x < 0.715 - slope * 0.07 && Math.Abs(x - 0.525) > 0.012 ? new Rgb(60, 72, 84) : paint;
        if (y is > 0.52 and < 0.68 && x > 0.14 + Math.Max(0, 0.56 - y) && x < 0.86 - Math.Max(0, 0.55 - y)) return x > 0.84 && y < 0.58 ? new Rgb(250, 240, 190).Times(light) : paint;
        return y > 0.66 ? new Rgb(92, 94, 96).Times(light * (0.8 + y / 4)) : sky.Times(0.75 + y / 2.5);
    }

    private static double Distance(double x, double y, double wheelX) => Math.Sqrt((x - wheelX) * (x - wheelX) + (y - 0.68) * (y - 0.68) * Height * Height / ((double)Width * Width));

    private static void Chunk(MemoryStream png, string type, byte[] data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        data.CopyTo(chunk, 8);
        var crc = 0xFFFFFFFF;
        foreach (var b in chunk.AsSpan(4, 4 + data.Length)) crc = CrcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), ~crc);
        png.Write(chunk);
    }
}
