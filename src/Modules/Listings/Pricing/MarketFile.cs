using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CsvHelper;
using KiwiCar.Listings.Import;

namespace KiwiCar.Listings.Pricing;

/// <summary>A CSV file of cars, plain or gzipped, with or without prices. Column names in any case and order; others are passed over.</summary>
internal sealed class MarketFile
{
    public static readonly IReadOnlyList<string> Needed = ["make", "model", "year", "mileage"];
    public static readonly IReadOnlyList<string> Optional = ["id", "region", "fuelType", "transmission", "engineSize", "trim", "bodyType", "seats"];

    private readonly string path;
    private readonly bool allFields;
    private readonly SortedDictionary<string, int> notes = new(StringComparer.Ordinal);

    /// <param name="allFields">Whether to use engine size, trim, body type and seats too, beyond the PRD's fields.</param>
    public MarketFile(string path, bool allFields) => (this.path, this.allFields) = (path, allFields);

    public string Name => Path.GetFileName(path);

    /// <summary>Rows that could not be used as they stand, by reason.</summary>
    public IEnumerable<(string Reason, int Rows)> Notes => notes.Select(n => (n.Key, n.Value));

    /// <summary>All rows below the header.</summary>
    /// <param name="priced">Whether there must be prices: then rows without a sound one, and rows that were there before, are left out and noted.</param>
    public List<MarketRow> Read(bool priced)
    {
        try
        {
            using var csv = CsvReader.Create(OpenContent(), new CsvReaderOptions { AllowLineBreaksInQuotes = false });
            csv.ReadHeader();
            return [.. Rows(csv, priced)];
        }
        catch (InvalidDataException e) { throw new InvalidOperationException($"{path} is not a sound gzip file: {e.Message}", e); }
        catch (UnauthorizedAccessException e) { throw new InvalidOperationException($"{path} cannot be read: {e.Message}", e); }
    }

    private IEnumerable<MarketRow> Rows(CsvReader csv, bool priced)
    {
        var columns = Columns(csv, priced ? [.. Needed, "price"] : Needed);
        var (seen, idColumn) = (new HashSet<Guid>(), columns["id"]);
        while (csv.Read())
        {
            string? Text(string column) => columns[column] is >= 0 and var i && csv.GetString(i).Trim() is { Length: > 0 } text ? text : null;
            double? Number(string column) => double.TryParse(Text(column), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

            var values = Enumerable.Range(0, csv.Headers.Count).Where(i => i != idColumn).Select(i => csv.GetString(i));
            var key = RowKey.IdFrom(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001f', values))));
            var year = Number("year") is { } y and >= 1900 and <= 9999 ? (int?)(int)y : null;
            var car = new Vehicle(Text("make") ?? "", Text("model") ?? "", year, Number("mileage"))
            {
                Region = Text("region"), FuelType = Text("fuelType"), Transmission = Text("transmission"),
                EngineCc = allFields ? Number("engineSize") : null, Trim = allFields ? Text("trim") : null,
                BodyType = allFields ? Text("bodyType") : null, Seats = allFields ? (int?)Number("seats") : null,
            };
            if (car.Make.Length == 0 || car.Model.Length == 0) Note("make or model empty");
            else if (year is null || car.Mileage is null) Note("year or mileage unknown, used all the same");
            var price = priced ? Number("price") : null;
            if (priced && car is { Make.Length: 0 } or { Model.Length: 0 }) continue;
            if (priced && !(price > 0)) Note("price missing or not above 0");
            else if (priced && !seen.Add(key)) Note("duplicate");
            else yield return new(Text("id") ?? $"{csv.RowNumber}", key, car, price);
        }
    }

    private Dictionary<string, int> Columns(CsvReader csv, IReadOnlyList<string> needed)
    {
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in Needed.Concat(Optional).Append("price"))
            columns[name] = csv.Headers.ToList().FindIndex(header => header.Trim().Equals(name, StringComparison.OrdinalIgnoreCase));
        var missing = needed.Where(name => columns[name] < 0).ToList();
        return missing.Count == 0 ? columns : throw new InvalidOperationException(
            $"{path} has no column {string.Join(", ", missing)}. Its first line must name at least {string.Join(", ", needed)}, and may name {string.Join(", ", Optional)}.");
    }

    private void Note(string reason) => notes[reason] = notes.GetValueOrDefault(reason) + 1;

    private Stream OpenContent()
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        var gzipped = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B; // its first two bytes tell; names lie
        file.Position = 0;
        return gzipped ? new GZipStream(file, CompressionMode.Decompress) : file;
    }
}

/// <summary>One row of the file.</summary>
/// <param name="Id">As the file names it, else its number, from 1.</param>
/// <param name="Key">Made of all the row says but for its id: equal rows have equal keys.</param>
internal sealed record MarketRow(string Id, Guid Key, Vehicle Car, double? Price)
{
    /// <summary>Whether an evaluation holds it back: every fifth row, by its key.</summary>
    public bool HeldBack => Key.ToByteArray()[15] % 5 == 0;

    public PricedCar Priced => new(Key, Car, Price!.Value);
}
