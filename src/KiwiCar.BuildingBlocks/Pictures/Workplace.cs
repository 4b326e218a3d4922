using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.Pictures;

/// <summary>A folder of one upload's own, which nobody else may read and which goes with everything in it: originals are never kept.</summary>
public sealed class Workplace : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1); // no upload lasts that long; younger ones may be another host's

    private readonly ILogger log;
    private readonly Action done;

    [SuppressMessage("Interoperability", "CA1416", Justification = "The host runs on Linux: the limits of the child processes are Linux's.")]
    public Workplace(string parent, ILogger log, Action done)
    {
        (this.log, this.done) = (log, done);
        Folder = Path.Combine(parent, Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Folder, OwnerOnly);
    }

    public string Folder { get; }

    /// <param name="name">One of ours, never a client's.</param>
    public string File(string name) => Path.Combine(Folder, name);

    public void Dispose()
    {
        Remove(Folder, log);
        done();
    }

    /// <summary>Removes what was left behind by a host that was killed.</summary>
    public static void RemoveAbandoned(string parent, ILogger log)
    {
        if (!Directory.Exists(parent)) return;
        foreach (var folder in new DirectoryInfo(parent).EnumerateDirectories()
            .Where(f => Guid.TryParseExact(f.Name, "N", out _) && DateTime.UtcNow - f.LastWriteTimeUtc > Abandoned)) Remove(folder.FullName, log);
    }

    private static void Remove(string folder, ILogger log)
    {
        try { Directory.Delete(folder, recursive: true); }
        catch (DirectoryNotFoundException) { }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { log.LogWarning(e, "{Folder} could not be removed", folder); }
    }
}
