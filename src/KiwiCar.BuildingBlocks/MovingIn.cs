using System.Globalization;

namespace KiwiCar.BuildingBlocks;

/// <summary>A table of the Node stack that a module takes over from a dump (<c>kiwicar import --prisma</c>), registered as a service.</summary>
public interface IDumpTable
{
    /// <summary>The table's name, and the file's: <c>users</c> for <c>users.csv</c>.</summary>
    string Name { get; }

    /// <summary>The columns it cannot do without.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>Whether its rows point to listings: then it comes when those are in their tables, and every reaction is past their history.</summary>
    bool AfterListings { get; }

    /// <summary>How many rows it is given at once.</summary>
    int RowsAtOnce => 500;

    /// <summary>Takes these rows in as few round trips as it can; rows that are there already stay as they are.</summary>
    /// <returns>What became of each, in their order.</returns>
    Task<IReadOnlyList<RowOutcome>> Take(IReadOnlyList<DumpRow> rows, CancellationToken ct);
}

/// <summary>What became of a row of a dump.</summary>
/// <param name="Refused">Why it was not taken, short: the report counts by it. Null where it is in the tables now.</param>
/// <param name="Notes">What of it was not taken as it stood.</param>
public sealed record RowOutcome(string? Refused = null, bool WasThere = false, IReadOnlyList<string>? Notes = null)
{
    public static readonly RowOutcome Taken = new(), There = new(WasThere: true);
}

/// <summary>A row of a dump: columns by name; <c>\N</c> is null, times are UTC, booleans 0 and 1.</summary>
/// <param name="columns">Where each column stands.</param>
/// <param name="number">Rows are counted from 1.</param>
public sealed class DumpRow(IReadOnlyDictionary<string, int> columns, IReadOnlyList<string> values, long number)
{
    public long Number => number;

    public IReadOnlyList<string> Values => values;

    public string? this[string column] => columns.TryGetValue(column, out var at) && values[at] is not "\\N" ? values[at] : null;

    public Guid? Id(string column) => Guid.TryParseExact(this[column], "D", out var id) ? id : null;

    public decimal? Amount(string column) =>
        decimal.TryParse(this[column], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) ? amount : null;

    public bool? Flag(string column) => this[column] switch { "1" or "true" => true, "0" or "false" => false, _ => null };

    public DateTimeOffset? Time(string column) =>
        DateTimeOffset.TryParse(this[column], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
}
