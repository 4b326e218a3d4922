using System.Numerics;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Search;

/// <summary>What there is to choose from: each count is the total that a search would have with only this value asked of its facet, all other conditions kept.</summary>
/// <param name="Models">Of the makes asked; empty where none are.</param>
internal sealed record FacetCounts(
    IReadOnlyList<FacetValue> Makes, IReadOnlyList<FacetValue> Models, IReadOnlyList<FacetValue> Regions, IReadOnlyList<FacetValue> BodyTypes,
    IReadOnlyList<FacetValue> Colors, IReadOnlyList<FacetValue> FuelTypes, IReadOnlyList<FacetValue> Transmissions,
    Bounds<int>? Years, Bounds<int>? PriceCents, Bounds<int>? Mileages);

/// <param name="Value">What to ask for it: a slug, or the name of an enum's value.</param>
/// <param name="Label">As most of the listings that count here spell it.</param>
/// <param name="Make">A model's make, as a slug.</param>
internal sealed record FacetValue(string Value, string Label, int Count, string? Make = null);

/// <summary>
/// Counts all facets in one pass over the rows. A row counts for a facet if it fails no condition, or the facet's own only: so for
/// each block two bitmaps are kept, of the rows that fail none and of those that fail just one.
/// </summary>
internal sealed class FacetTally(RowFilter filter, ListingLabels labels)
{
    private readonly Facet[] _asked = [.. Enum.GetValues<Facet>().Where(filter.Asks)];
    private readonly int[] _makes = new int[labels.Makes.Count], _regions = new int[labels.Regions.Count];
    private readonly int[] _bodyTypes = new int[labels.BodyTypes.Count], _colors = new int[labels.Colors.Count];
    private readonly int[] _models = filter.Asks(Facet.Makes) ? new int[labels.Models.Count] : [];
    private readonly int[] _fuelTypes = new int[Enum.GetValues<FuelType>().Length], _transmissions = new int[Enum.GetValues<Transmission>().Length];
    private readonly Extremes<short> _years = new();
    private readonly Extremes<int> _prices = new(), _mileages = new();

    /// <summary>Takes in the rows of one block, which meet the conditions that are no facet.</summary>
    public void Add(Block block, ReadOnlySpan<ulong> rows)
    {
        Span<ulong> failNone = stackalloc ulong[Block.Words], failOne = stackalloc ulong[Block.Words];
        Span<ulong> kept = stackalloc ulong[Block.Words * RowFilter.Facets];
        rows.CopyTo(failNone);
        failOne.Clear();
        foreach (var facet in _asked)
        {
            var meet = Of(facet, kept);
            rows.CopyTo(meet);
            filter.Keep(facet, block, meet);
            for (var i = 0; i < Block.Words; i++)
                (failOne[i], failNone[i]) = ((failOne[i] & meet[i]) | (failNone[i] & ~meet[i]), failNone[i] & meet[i]);
        }
        foreach (var facet in _asked)
        {
            var meet = Of(facet, kept);
            for (var i = 0; i < Block.Words; i++) meet[i] = failNone[i] | (failOne[i] & ~meet[i]);
        }
        for (var facet = Facet.Makes; facet <= Facet.Mileages; facet++)
            Count(facet, block, _asked.AsSpan().Contains(facet) ? Of(facet, kept) : failNone);
    }

    public FacetCounts Counts() => new(
        Values(_makes, labels.Makes, Spelling.Slug),
        Values(_models, labels.Models, x => Spelling.SlugOfModel(x.Make, x.Model), x => x.Model, x => Spelling.Slug(x.Make)),
        Values(_regions, labels.Regions, Spelling.Slug), Values(_bodyTypes, labels.BodyTypes, Spelling.Slug), Values(_colors, labels.Colors, Spelling.Slug),
        Names<FuelType>(_fuelTypes), Names<Transmission>(_transmissions),
        _years.Found, _prices.Found, _mileages.Found);

    private static Span<ulong> Of(Facet facet, Span<ulong> bitmaps) => bitmaps.Slice((int)facet * Block.Words, Block.Words);

    private void Count(Facet facet, Block block, ReadOnlySpan<ulong> rows)
    {
        switch (facet)
        {
            case Facet.Makes: Count(rows, block.Makes, _makes); break;
            case Facet.Models when _models.Length > 0: Count(rows, block.Models, _models); break;
            case Facet.Models: break;
            case Facet.FuelTypes: Count(rows, block.FuelTypes, _fuelTypes); break;
            case Facet.Transmissions: Count(rows, block.Transmissions, _transmissions); break;
            case Facet.Regions: Count(rows, block.Regions, _regions); break;
            case Facet.BodyTypes: Count(rows, block.BodyTypes, _bodyTypes); break;
            case Facet.Colors: Count(rows, block.Colors, _colors); break;
            case Facet.Years: _years.Take(rows, block.Years); break;
            case Facet.Prices: _prices.Take(rows, block.Prices); break;
            default: _mileages.Take(rows, block.Mileages); break;
        }
    }

    private static void Count(ReadOnlySpan<ulong> rows, int[] column, int[] counts)
    {
        for (var word = 0; word < rows.Length; word++)
        {
            var values = column.AsSpan(word * 64, 64);
            if (rows[word] == ulong.MaxValue)
                foreach (var value in values) counts[value]++;
            else
                for (var left = rows[word]; left != 0; left &= left - 1) counts[values[BitOperations.TrailingZeroCount(left)]]++;
        }
    }

    /// <summary>Of so few values that each is looked for in 64 rows at once.</summary>
    private static void Count(ReadOnlySpan<ulong> rows, byte[] column, int[] counts)
    {
        for (var word = 0; word < rows.Length; word++)
            for (byte value = 0; rows[word] != 0 && value < counts.Length; value++)
                counts[value] += BitOperations.PopCount(rows[word] & Bitmap.AnyOf(column.AsSpan(word * 64, 64), [value]));
    }

    private static IReadOnlyList<FacetValue> Values(int[] counts, Labels<string> labels, Func<string, string> slug) => Values(counts, labels, slug, x => x, _ => null);

    /// <summary>Spellings of one thing count as one; the most frequent come first.</summary>
    private static IReadOnlyList<FacetValue> Values<T>(int[] counts, Labels<T> labels, Func<T, string> slug, Func<T, string> label, Func<T, string?> make) where T : notnull
    {
        var things = Enumerable.Range(0, counts.Length).Where(number => counts[number] > 0).GroupBy(labels.ThingOf);
        return Sorted(things.Select(spellings =>
        {
            var usual = labels[spellings.OrderByDescending(number => counts[number]).ThenBy(number => label(labels[number]), StringComparer.Ordinal).First()];
            return new FacetValue(slug(usual), label(usual), spellings.Sum(number => counts[number]), make(usual));
        }));
    }

    /// <summary><c>PETROL</c> is labelled Petrol.</summary>
    private static IReadOnlyList<FacetValue> Names<TEnum>(int[] counts) where TEnum : struct, Enum => Sorted(
        Enum.GetNames<TEnum>().Select((name, number) => new FacetValue(name, name[..1] + name[1..].ToLowerInvariant(), counts[number])).Where(x => x.Count > 0));

    private static FacetValue[] Sorted(IEnumerable<FacetValue> values) =>
        [.. values.OrderByDescending(x => x.Count).ThenBy(x => x.Label, StringComparer.OrdinalIgnoreCase).ThenBy(x => x.Value, StringComparer.Ordinal)];
}

/// <summary>The least and the greatest value of rows.</summary>
internal sealed class Extremes<T> where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
{
    private Bounds<T> _found = new(T.MaxValue, T.MinValue);

    /// <summary>Null where there was no row.</summary>
    public Bounds<int>? Found => _found.Least > _found.Most ? null : new(int.CreateTruncating(_found.Least), int.CreateTruncating(_found.Most));

    /// <summary>Looks only at values beyond what was found so far, which soon are few.</summary>
    public void Take(ReadOnlySpan<ulong> rows, Measure<T> column)
    {
        if (_found.Cover(column.Bounds)) return;
        for (var word = 0; word < rows.Length; word++)
        {
            if (rows[word] == 0) continue;
            var values = column.Values.AsSpan(word * 64, 64);
            for (var left = rows[word] & ~Bitmap.Within(values, _found); left != 0; left &= left - 1)
            {
                var value = values[BitOperations.TrailingZeroCount(left)];
                _found = new(T.Min(_found.Least, value), T.Max(_found.Most, value));
            }
        }
    }
}
