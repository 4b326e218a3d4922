using System.Collections.Concurrent;
using System.Text;
using KiwiCar.BuildingBlocks;

namespace KiwiCar.Listings.Import.Dump;

/// <summary>What became of a dump's rows, table by table; rows that were refused go to <c>TABLE.rejected.csv</c>, with the reason.</summary>
internal sealed class DumpReport(string dataFolder) : IDisposable
{
    private readonly string folder = Path.Combine(dataFolder, "import");
    private readonly ConcurrentDictionary<string, Counts> tables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StreamWriter> rejects = new(StringComparer.Ordinal);
    private readonly List<string> order = [];
    private readonly Lock gate = new();

    public long Done(string table) => Of(table).Done;

    public void Taken(string table, int rows = 1) => Interlocked.Add(ref Of(table).Taken, rows);

    public void WasThere(string table, int rows = 1) => Interlocked.Add(ref Of(table).There, rows);

    /// <summary>Counts something about rows of a table that is not their fate.</summary>
    public void Count(string table, string note, int rows = 1)
    {
        if (rows > 0) Of(table).Notes.AddOrUpdate(note, rows, (_, n) => n + rows);
    }

    public void Refused(DumpFile file, DumpRow row, string reason)
    {
        Interlocked.Increment(ref Of(file.Table).Refused);
        Of(file.Table).Reasons.AddOrUpdate(reason, 1, (_, n) => n + 1);
        lock (gate)
        {
            if (!rejects.TryGetValue(file.Table, out var writer)) rejects[file.Table] = writer = Create(file);
            writer.WriteLine(string.Join(',', row.Values.Prepend(reason).Select(Quoted)));
        }
    }

    public void Took(DumpFile file, DumpRow row, RowOutcome outcome)
    {
        if (outcome.Refused is { } reason) Refused(file, row, reason);
        else if (outcome.WasThere) WasThere(file.Table);
        else Taken(file.Table);
        foreach (var note in outcome.Notes ?? []) Count(file.Table, note);
    }

    public string Summary(long started)
    {
        var text = new StringBuilder($"{TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s\n{"",-16}{"taken",10}{"there",10}{"refused",10}");
        lock (gate)
        {
            foreach (var writer in rejects.Values) writer.Flush();
            foreach (var table in order)
            {
                var counts = Of(table);
                text.Append($"\n{table,-16}{counts.Taken,10:N0}{counts.There,10:N0}{counts.Refused,10:N0}");
                foreach (var (reason, count) in Sorted(counts.Reasons)) text.Append($"\n    refused {count,8:N0}  {reason}");
                foreach (var (note, count) in Sorted(counts.Notes)) text.Append($"\n    noted   {count,8:N0}  {note}");
                if (rejects.ContainsKey(table)) text.Append($"\n    see {PathOf(table)}");
            }
        }
        return text.ToString();
    }

    public void Dispose()
    {
        foreach (var writer in rejects.Values) writer.Dispose();
    }

    private Counts Of(string table) => tables.GetOrAdd(table, name =>
    {
        lock (gate)
            if (!order.Contains(name)) order.Add(name);
        return new Counts();
    });

    private StreamWriter Create(DumpFile file)
    {
        Directory.CreateDirectory(folder);
        var writer = new StreamWriter(PathOf(file.Table));
        writer.WriteLine(string.Join(',', file.Header().Prepend("reason").Select(Quoted)));
        return writer;
    }

    private string PathOf(string table) => Path.Combine(folder, table + ".rejected.csv");

    private static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private static IEnumerable<KeyValuePair<string, int>> Sorted(IEnumerable<KeyValuePair<string, int>> counts) =>
        counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal);

    private sealed class Counts
    {
        public long Taken, There, Refused;

        public ConcurrentDictionary<string, int> Reasons { get; } = new(StringComparer.Ordinal);

        public ConcurrentDictionary<string, int> Notes { get; } = new(StringComparer.Ordinal);

        public long Done => Interlocked.Read(ref Taken) + Interlocked.Read(ref There) + Interlocked.Read(ref Refused);
    }
}
