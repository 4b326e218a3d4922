using System.Collections.Concurrent;
using System.Text;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Listings.Import;

/// <summary>What became of the rows; those that were refused go to a file that, corrected, can be imported itself.</summary>
internal sealed class ImportReport(AdvertFile file, string dataFolder) : IDisposable
{
    private readonly ConcurrentDictionary<string, int> reasons = new(StringComparer.Ordinal);
    private readonly string rejectFile = Path.Combine(dataFolder, "import", file.Name + ".rejected.csv");
    private StreamWriter? rejects;
    private long taken, there, refused;

    public long Done => Interlocked.Read(ref taken) + Interlocked.Read(ref there) + Interlocked.Read(ref refused);

    public void Took() => Interlocked.Increment(ref taken);

    public void WasThere() => Interlocked.Increment(ref there);

    /// <summary>Not for several callers at once.</summary>
    public void Refused(AdvertRow row, Rejection rejection)
    {
        Interlocked.Increment(ref refused);
        foreach (var problem in rejection.Details ?? []) reasons.AddOrUpdate($"{problem.Path} {problem.Code}", 1, (_, n) => n + 1);
        var why = string.Join("; ", rejection.Details?.Select(p => $"{p.Path} {p.Code}: {p.Message}") ?? [rejection.Message]);
        rejects ??= Create();
        rejects.WriteLine($"{row.Key.Number}{file.Separator}{Quoted(why)}{file.Separator}{row.Line}");
    }

    public string Summary(long started)
    {
        rejects?.Flush();
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var text = new StringBuilder().Append($"{file.Name}: {Done:N0} of {file.Lines:N0} rows in {seconds:0.0} s ({Done / Math.Max(seconds, 0.001):N0} a second)\n")
            .Append($"  taken          {taken,9:N0}\n  already there  {there,9:N0}\n  refused        {refused,9:N0}");
        foreach (var (reason, count) in reasons.OrderByDescending(r => r.Value).ThenBy(r => r.Key, StringComparer.Ordinal)) text.Append($"\n    {reason,-24} {count,6:N0}");
        return rejects is null ? text.ToString() : text.Append($"\n  see {rejectFile}").ToString();
    }

    public void Dispose() => rejects?.Dispose();

    private StreamWriter Create()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(rejectFile)!);
        var writer = new StreamWriter(rejectFile);
        writer.WriteLine(string.Join(file.Separator, file.Header.Select(Quoted).Prepend("reason").Prepend("row")));
        return writer;
    }

    private string Quoted(string text) => text.Contains(file.Separator) || text.Contains('"') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
