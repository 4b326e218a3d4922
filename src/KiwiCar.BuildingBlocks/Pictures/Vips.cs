using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.Pictures;

/// <summary>A size to make a picture in, in pixels: at most (and never enlarged), or exactly, with what stands over on the longer side cut off.</summary>
/// <param name="Quality">WebP's, 0 to 100.</param>
public sealed record PictureSize(int Width, int Height, bool Exactly, int Quality);

/// <summary>A picture as it is kept: upright, sRGB, WebP, nothing but pixels.</summary>
public sealed record Picture(byte[] Content, int Width, int Height);

/// <summary>
/// Re-encodes pictures from strangers with libvips, two at a time, each in a <see cref="LimitedProcess"/> that gets no file name but ours.
/// The <c>vips</c> tool and not <c>vipsthumbnail</c>, because the latter takes a truncated file for a whole one.
/// </summary>
/// <param name="folder">For work in progress; emptied of what a crash left behind.</param>
/// <param name="tool">The vips program; tests put others in its place.</param>
public sealed class Vips(string folder, ILogger<Vips> log, string tool = "vips") : IHostedService, IDisposable
{
    /// <summary>Uploads between the first byte and the answer, all users together. Each may lay 100 MB on the disk, and waits for its turn at <see cref="Children"/>.</summary>
    public const int MostUploads = 16;

    private const int Children = 2; // more would take the whole machine from everybody else

    /// <summary>For all sizes of a picture together. A phone's 12 megapixels take 0.6 s; the costliest file that is let in takes 7 s on a busy machine.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    // What has a profile of its own (an iPhone's is Display P3) becomes sRGB by it, CMYK by libvips' own; anything else is taken for sRGB,
    // which must be said: left alone, 8.14 converts it all the same and shifts its colours. For grey there is nothing to do, and saying it is an error.
    private static readonly string[] ToSrgb = ["--export-profile", "srgb", "--import-profile", "srgb"];

    private readonly SemaphoreSlim places = new(MostUploads, MostUploads), children = new(Children, Children);
    private volatile bool trusted;

    /// <summary>A private folder for one upload, and a place in the queue.</summary>
    /// <exception cref="Rejection">503: too many uploads at once, or no tool that passed its test.</exception>
    public Workplace Begin()
    {
        if (!trusted) throw Rejection.Unavailable("Photos cannot be processed at present", retryAfter: 60);
        if (!places.Wait(0, CancellationToken.None)) throw Rejection.Unavailable("Too many photos are being uploaded", retryAfter: 5);
        try
        {
            return new Workplace(folder, log, done: () => places.Release());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            places.Release();
            log.LogError(e, "No folder for an upload");
            throw Rejection.Unavailable("Photos cannot be taken at present", retryAfter: 60);
        }
    }

    /// <summary>Re-encodes the file <paramref name="name"/> of a workplace, whose header is <paramref name="header"/>, in each of the sizes. Null where it cannot be decoded, or asks for more than the limits.</summary>
    /// <exception cref="TimeoutException">It took too long.</exception>
    /// <exception cref="Rejection">503: there is no tool.</exception>
    public async Task<IReadOnlyList<Picture>?> Convert(Workplace place, string name, ImageHeader header, IReadOnlyList<PictureSize> sizes, CancellationToken ct)
    {
        await children.WaitAsync(ct);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(TimeLimit);
            var pictures = new Picture[sizes.Count];
            for (var i = 0; i < pictures.Length; i++)
            {
                if (await Shrink(place, name, $"{name}_{i}.webp", sizes[i], header.Grey ? [] : ToSrgb, limit.Token) is not { } content) return null;
                pictures[i] = PictureOf(content);
            }
            return pictures;
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            log.LogWarning("A photo took longer than {Seconds} s", TimeLimit.TotalSeconds);
            throw new TimeoutException("The photo took too long", e);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            log.LogError(e, "libvips ended well but left no photo");
            throw Rejection.Unavailable("Photos cannot be processed at present", retryAfter: 60);
        }
        finally
        {
            children.Release();
        }
    }

    /// <summary>Trusts the tool only if it makes a photo of a picture and refuses an SVG that is called one: without its block it would run whatever the SVG says.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            Workplace.RemoveAbandoned(folder, log);
            using var place = new Workplace(folder, log, done: () => { });
            await File.WriteAllBytesAsync(place.File("dot.png"), Samples.Dot, cancellationToken);
            await File.WriteAllTextAsync(place.File("svg.png"), Samples.Svg, cancellationToken);
            var dot = new ImageHeader(ImageFormat.Png, 1, 1, Grey: true);
            PictureSize[] sizes = [new(8, 8, Exactly: true, Quality: 80)];
            trusted = await Convert(place, "dot.png", dot, sizes, cancellationToken) is not null && await Convert(place, "svg.png", dot, sizes, cancellationToken) is null;
            if (!trusted) log.LogError("libvips failed its test (a PNG must pass, an SVG must not): uploads are refused until a start with one that passes");
        }
        catch (Exception e) when (e is Rejection or TimeoutException or IOException or UnauthorizedAccessException)
        {
            log.LogError("Uploads are refused: photos cannot be processed ({Reason}). Install libvips-tools and start again", e.Message);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        places.Dispose();
        children.Dispose();
    }

    private async Task<byte[]?> Shrink(Workplace place, string name, string output, PictureSize size, string[] colours, CancellationToken ct)
    {
        string[] fit = size.Exactly ? ["--crop", "centre"] : ["--size", "down"];
        var (code, said) = await LimitedProcess.Run(
            place.Folder, [tool, "thumbnail", name, $"{output}[Q={size.Quality},strip]", $"{size.Width}", "--height", $"{size.Height}", .. fit, .. colours, "--fail-on", "error"], ct);
        if (code == 0) return WebP.PixelsOnly(await File.ReadAllBytesAsync(place.File(output), ct));
        if (code == LimitedProcess.NoSuchProgram) throw NoTool(said);
        log.LogInformation("A photo was refused by libvips ({Code}): {Said}", code, said);
        return null;
    }

    private static Picture PictureOf(byte[] content) => ImageHeader.TryRead(new MemoryStream(content), out var header, out _)
        ? new Picture(content, header.Width, header.Height) : throw new InvalidDataException("libvips wrote a file that is no WebP");

    private Rejection NoTool(string reason)
    {
        log.LogError("{Tool} cannot be run: {Reason}", tool, reason);
        return Rejection.Unavailable("Photos cannot be processed at present", retryAfter: 60);
    }

    private static class Samples
    {
        public const string Svg = """<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>""";

        public static readonly byte[] Dot = System.Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==");
    }
}
