using CsvHelper;
using KiwiCar.BuildingBlocks;

namespace KiwiCar.Listings.Import.Dump;

/// <summary>One table of a dump, <c>DIR/users.csv</c>: a header line with the columns' names, commas, quotes where needed, UTF-8.</summary>
internal sealed class DumpFile(string folder, string table)
{
    private readonly string path = Path.Combine(folder, table + ".csv");

    public string Table => table;

    public bool Exists => File.Exists(path);

    /// <summary>How many rows it has at most: a text with line breaks in it counts as several.</summary>
    public long Lines()
    {
        if (!Exists) return 0;
        using var file = Open();
        var buffer = new byte[1 << 16];
        var lines = -1L; // the header
        for (var read = file.Read(buffer); read > 0; read = file.Read(buffer)) lines += buffer.AsSpan(0, read).Count((byte)'\n');
        return Math.Max(0, lines);
    }

    public IReadOnlyList<string> Header()
    {
        using var csv = OpenCsv();
        return [.. csv.Headers];
    }

    /// <summary>The rows below the header, as they are read; none where there is no such file.</summary>
    /// <exception cref="InvalidOperationException">One of the columns is not there.</exception>
    public IEnumerable<DumpRow> Rows(params IReadOnlyList<string> needed)
    {
        if (!Exists) yield break;
        using var csv = OpenCsv();
        var columns = csv.Headers.Index().ToDictionary(h => h.Item, h => h.Index, StringComparer.Ordinal);
        if (needed.Where(n => !columns.ContainsKey(n)).ToList() is { Count: > 0 } missing)
            throw new InvalidOperationException($"{path} has no column {string.Join(", ", missing)}. Its first line must name at least {string.Join(", ", needed)}.");
        while (csv.Read())
        {
            var values = new string[columns.Count];
            for (var i = 0; i < values.Length; i++) values[i] = csv.GetString(i);
            yield return new DumpRow(columns, values, (long)csv.RowNumber);
        }
    }

    private CsvReader OpenCsv()
    {
        var csv = CsvReader.Create(Open(), new CsvReaderOptions { AllowLineBreaksInQuotes = true });
        csv.ReadHeader();
        return csv;
    }

    private FileStream Open() => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
}
