using System.Diagnostics;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>A test with the pictures of <c>shared/data/images</c>, which lie beside the repository and not in it.</summary>
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute() => Skip = Pictures.WhyNone;
}

/// <summary>Pictures for uploads, and what became of them.</summary>
internal static class Pictures
{
    private static readonly string? Folder = Find();

    /// <summary>Null where the shared pictures are there.</summary>
    public static string? WhyNone => Folder is null ? "shared/data/images is not beside the repository; set KIWICAR_SHARED to the folder shared" : null;

    public static byte[] Shared(string name) => File.ReadAllBytes(Path.Combine(Folder!, name));

    public static IEnumerable<string> SharedNames() => Directory.EnumerateFiles(Folder!).Select(f => Path.GetFileName(f)).Where(n => n is not ("README.md" or "expected.json"));

    /// <summary>A picture of these pixels, as the vips tool writes it.</summary>
    /// <param name="suffix">The format and its options: <c>.jpg[Q=95]</c>.</param>
    /// <param name="operation">What vips does to it, <c>colourspace</c> and its arguments for instance.</param>
    public static byte[] Make(string suffix, int width = 160, int height = 120, Func<int, int, Rgb>? pixels = null, params string[] operation)
    {
        using var place = new TemporaryFolder();
        File.WriteAllBytes(place.File("in.ppm"), Ppm(width, height, pixels ?? Quarters(width, height)));
        Run(place, "vips", [operation.FirstOrDefault("copy"), "in.ppm", $"out{suffix}", .. operation.Skip(1)]);
        return File.ReadAllBytes(place.File($"out{suffix.Split('[')[0]}"));
    }

    /// <summary>Red and green above blue and yellow.</summary>
    public static Func<int, int, Rgb> Quarters(int width, int height) => (x, y) =>
        (x < width / 2, y < height / 2) switch { (true, true) => new(200, 30, 30), (false, true) => new(30, 180, 30), (true, false) => new(30, 30, 200), _ => new(230, 230, 60) };

    /// <summary>Size and mean red, green, blue of the four quarters of an opaque picture: left above, right above, left below, right below.</summary>
    public static (int Width, int Height, double[][] Quarters) Look(byte[] picture)
    {
        using var place = new TemporaryFolder();
        File.WriteAllBytes(place.File("in"), picture);
        Run(place, "vips", "rawsave", "in", "out.raw");
        var (width, height) = (int.Parse(Run(place, "vipsheader", "-f", "width", "in")), int.Parse(Run(place, "vipsheader", "-f", "height", "in")));
        return (width, height, Means(File.ReadAllBytes(place.File("out.raw")), width, height));
    }

    /// <summary>The names of a WebP file's chunks.</summary>
    public static IReadOnlyList<string> Chunks(byte[] webp)
    {
        var names = new List<string>();
        for (var at = 12; at < webp.Length; at += 8 + (int)((BitConverter.ToUInt32(webp, at + 4) + 1) & ~1u)) names.Add(Encoding.ASCII.GetString(webp, at, 4));
        return names;
    }

    public static MultipartFormDataContent Form(params IEnumerable<byte[]> photos)
    {
        var form = new MultipartFormDataContent();
        foreach (var photo in photos) form.Add(new ByteArrayContent(photo), "images", "photo.jpg");
        return form;
    }

    /// <summary>A photo under a name and a type of the client's own invention.</summary>
    public static MultipartFormDataContent Form(byte[] photo, string field, string fileName, string contentType)
    {
        var content = new ByteArrayContent(photo);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        content.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"{field}\"; filename=\"{fileName}\"");
        return new MultipartFormDataContent { content };
    }

    private static byte[] Ppm(int width, int height, Func<int, int, Rgb> pixels)
    {
        byte[] start = Encoding.ASCII.GetBytes($"P6\n{width} {height}\n255\n"), picture = [.. start, .. new byte[width * height * 3]];
        for (var (i, at) = (0, start.Length); i < width * height; i++)
        {
            var (red, green, blue) = pixels(i % width, i / width);
            (picture[at++], picture[at++], picture[at++]) = (red, green, blue);
        }
        return picture;
    }

    private static double[][] Means(byte[] rgb, int width, int height) =>
    [
        .. from top in new[] { 0, height - height / 2 } from left in new[] { 0, width - width / 2 } select Enumerable.Range(0, 3)
            .Select(c => (from y in Enumerable.Range(top, height / 2) from x in Enumerable.Range(left, width / 2) select (double)rgb[(y * width + x) * 3 + c]).Average()).ToArray(),
    ];

    private static string Run(TemporaryFolder place, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = place.Path, RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    private static string? Find([CallerFilePath] string here = "")
    {
        var above = from start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(here)! }
                    from folder in Ancestors(start)
                    select Path.Combine(folder, "shared");
        var named = Environment.GetEnvironmentVariable("KIWICAR_SHARED");
        return (named is { Length: > 0 } ? [named] : above).Select(f => Path.Combine(f, "data", "images")).FirstOrDefault(Directory.Exists);
    }

    private static IEnumerable<string> Ancestors(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent) yield return at.FullName;
    }
}

[StructLayout(LayoutKind.Auto)]
internal readonly record struct Rgb(byte Red, byte Green, byte Blue);

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("kiwicar-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
