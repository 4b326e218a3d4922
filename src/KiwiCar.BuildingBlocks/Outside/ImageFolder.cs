using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>Chooses the door for pictures, and serves those of the local one.</summary>
public static class ImageStorage
{
    /// <summary>The Cache-Control of every picture: a key's content never changes, so nobody need ask again.</summary>
    internal const string Forever = "public, max-age=31536000, immutable";

    /// <summary>S3 or R2 where <c>S3_BUCKET</c> and <c>S3_ACCESS_KEY</c> are set, else a folder that this host serves itself.</summary>
    public static IServiceCollection AddImageStorage(this IServiceCollection services, IConfiguration configuration)
    {
        var (bucket, key) = (configuration["S3_BUCKET"] is { Length: > 0 }, configuration["S3_ACCESS_KEY"] is { Length: > 0 });
        if (bucket != key) throw new InvalidOperationException("S3_BUCKET and S3_ACCESS_KEY belong together: set both to keep the photos in S3 or R2, or neither to keep them in a folder");
        return bucket
            ? services.AddSingleton<IImageStorage>(s => S3Images.From(configuration, s.GetRequiredService<ILogger<S3Images>>()))
            : services.AddSingleton<IImageStorage>(s => LocalFolder(s, configuration));
    }

    /// <summary><c>GET /images/{name}</c>, where the pictures lie in the local folder; with S3 they are not ours to serve.</summary>
    public static void MapImages(this IEndpointRouteBuilder routes)
    {
        if (routes.ServiceProvider.GetRequiredService<IImageStorage>() is not ImageFolder folder) return;
        routes.MapMethods("/images/{name}", [HttpMethods.Get, HttpMethods.Head], (string name, HttpResponse response) => Serve(folder, name, response))
            .WithName("GetImage").WithTags("Uploads").Produces(200, contentType: "image/webp").Produces(304).Refuses(404);
    }

    private static ImageFolder LocalFolder(IServiceProvider services, IConfiguration configuration)
    {
        var settings = services.GetRequiredService<Settings>();
        var log = services.GetRequiredService<ILogger<ImageFolder>>();
        log.LogInformation("Pictures are kept in {Folder}; set S3_BUCKET and S3_ACCESS_KEY to keep them in S3 or R2", Path.Combine(settings.DataFolder, "images"));
        return new ImageFolder(settings.DataFolder, configuration["CDN_URL"] is { Length: > 0 } cdn ? cdn : settings.ApiUrl, log);
    }

    private static PhysicalFileHttpResult Serve(ImageFolder folder, string name, HttpResponse response)
    {
        if (folder.Find(name) is not { } file) throw Rejection.NotFound("There is no such picture");
        response.Headers.CacheControl = Forever;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Cross-Origin-Resource-Policy"] = "cross-origin"; // the frontend is another origin, and shows them
        // The name is the entity tag: another content would have another name.
        return TypedResults.PhysicalFile(file, "image/webp", entityTag: new EntityTagHeaderValue($"\"{name}\""));
    }
}

/// <summary>What a key may look like: <c>images/{id}.webp</c>. Nothing that a file system, a URL or a shell would read as more than a name.</summary>
internal static partial class ImageKey
{
    /// <exception cref="ArgumentException">The key is not of that form: a fault of ours, since keys are never a client's words.</exception>
    public static string Checked(string key) =>
        IsOne(key) ? key : throw new ArgumentException($"Not a picture's key: {key}", nameof(key));

    public static bool IsOne(string key) => Form().IsMatch(key);

    [GeneratedRegex(@"\A[a-z0-9_-]+(\.[a-z0-9_-]+)*(/[a-z0-9_-]+(\.[a-z0-9_-]+)*)*\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}

/// <summary>The local door: one file an object, below <paramref name="root"/>.</summary>
/// <param name="root">The key is the path below it.</param>
/// <param name="baseUrl">Where clients reach it: the key is appended.</param>
public sealed partial class ImageFolder(string root, string baseUrl, ILogger<ImageFolder> log) : IImageStorage
{
    private readonly string address = baseUrl.TrimEnd('/') + "/";

    /// <inheritdoc/>
    /// <exception cref="Rejection">503: the disk is full, or not writable.</exception>
    public async Task Put(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken ct)
    {
        var path = PathOf(key);
        var unfinished = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await Write(unfinished, content, ct);
            File.Move(unfinished, path, overwrite: true);
            FlushFolder(Path.GetDirectoryName(path)!);
        }
        catch (Exception e)
        {
            DeleteIfPossible(unfinished);
            if (IsOfTheDisk(e)) throw Refused(e, key, "stored");
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="Rejection">503: the disk does not let us.</exception>
    public Task Delete(string key, CancellationToken ct)
    {
        try
        {
            File.Delete(PathOf(key));
        }
        catch (DirectoryNotFoundException) { } // nothing was ever stored
        catch (Exception e) when (IsOfTheDisk(e))
        {
            throw Refused(e, key, "deleted");
        }
        return Task.CompletedTask;
    }

    public string UrlOf(string key) => address + ImageKey.Checked(key);

    /// <summary>The files in the folders below, also unfinished ones of a host that was killed; what is not named like a key is not ours.</summary>
    public async IAsyncEnumerable<StoredPicture> List(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask;
        var folder = new DirectoryInfo(Path.Combine(root, Path.GetDirectoryName(ImageKey.Checked(prefix.TrimEnd('/') + "/x"))!));
        if (!folder.Exists) yield break;
        foreach (var file in folder.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            ct.ThrowIfCancellationRequested();
            var key = Path.GetRelativePath(root, file.FullName);
            if (key.StartsWith(prefix, StringComparison.Ordinal) && ImageKey.IsOne(key)) yield return new StoredPicture(key, new DateTimeOffset(file.LastWriteTimeUtc));
        }
    }

    /// <summary>The file behind <c>/images/{name}</c>; null where there is none, or the name is not one that we give.</summary>
    internal string? Find(string name) =>
        Name().IsMatch(name) && PathOf("images/" + name) is var path && File.Exists(path) ? path : null;

    private string PathOf(string key) => Path.Combine(root, ImageKey.Checked(key));

    private static async Task Write(string path, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, options: FileOptions.Asynchronous);
        await RandomAccess.WriteAsync(file, content, 0, ct);
        RandomAccess.FlushToDisk(file);
    }

    private static bool IsOfTheDisk(Exception e) => e is IOException or UnauthorizedAccessException or Win32Exception;

    private static void DeleteIfPossible(string path)
    {
        try { File.Delete(path); }
        catch (Exception e) when (IsOfTheDisk(e)) { } // the caller tells of the trouble that came first
    }

    private Rejection Refused(Exception e, string key, string done)
    {
        log.LogError(e, "Picture {Key} was not {Done} below {Root}", key, done, root);
        return Rejection.Unavailable($"The picture could not be {done}");
    }

    // The new name is in the folder, which has to reach the disk as well as the file; .NET opens no folders.
    private static void FlushFolder(string path)
    {
        const int closeOnExec = 0x80000; // Linux's O_CLOEXEC: no child process of ours gets it
        using var folder = new SafeFileHandle(Open(path, closeOnExec), ownsHandle: true);
        if (folder.IsInvalid) throw new Win32Exception(Marshal.GetLastPInvokeError());
        RandomAccess.FlushToDisk(folder);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [GeneratedRegex(@"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_thumb)?\.webp\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
