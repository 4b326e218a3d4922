namespace KiwiCar.Listings.Search;

/// <summary>What a buyer chooses among; each is one condition of a query.</summary>
internal enum Facet { Makes, Models, FuelTypes, Transmissions, Regions, BodyTypes, Colors, Years, Prices, Mileages }

/// <summary>A query's conditions on columns, in the numbers that the columns hold.</summary>
internal sealed class RowFilter(ListingQuery query, ListingLabels labels)
{
    public const int Facets = (int)Facet.Mileages + 1;

    private readonly Bounds<int> _prices = new(Cents(query.MinPrice, decimal.Ceiling) ?? int.MinValue, Cents(query.MaxPrice, decimal.Floor) ?? int.MaxValue);
    private readonly Bounds<int> _mileages = new(query.MinMileage ?? int.MinValue, query.MaxMileage ?? int.MaxValue);
    private readonly Bounds<short> _years = new(short.CreateSaturating(query.MinYear ?? int.MinValue), short.CreateSaturating(query.MaxYear ?? int.MaxValue));
    private readonly Bounds<long> _published = new(query.ListedSince?.UtcTicks ?? long.MinValue, long.MaxValue);
    private readonly Choice<int>? _makes = Spelled(query.Makes, labels.Makes);
    private readonly Choice<int>? _models = Spelled(query.Models, labels.Models);
    private readonly Choice<int>? _regions = Spelled(query.Regions, labels.Regions);
    private readonly Choice<int>? _bodyTypes = Spelled(query.BodyTypes, labels.BodyTypes);
    private readonly Choice<int>? _colors = Spelled(query.Colors, labels.Colors);
    private readonly Choice<byte>? _fuelTypes = query.FuelTypes.Count == 0 ? null : new([.. query.FuelTypes.Select(x => (byte)x)]);
    private readonly Choice<byte>? _transmissions = query.Transmissions.Count == 0 ? null : new([.. query.Transmissions.Select(x => (byte)x)]);
    private readonly Choice<int>? _seller = query.SellerId is { } id ? new(labels.Sellers.NumberIfKnown(id) is { } number ? [number] : []) : null;

    /// <summary>Leaves the rows of the block that meet every condition.</summary>
    public void Keep(Block block, Span<ulong> rows)
    {
        KeepOthers(block, rows);
        for (var facet = Facet.Makes; facet <= Facet.Mileages; facet++) Keep(facet, block, rows);
    }

    /// <summary>Leaves those that meet the conditions that are no facet.</summary>
    public void KeepOthers(Block block, Span<ulong> rows)
    {
        _seller?.Keep(rows, block.Sellers);
        Bitmap.Keep(rows, block.Published, _published);
        if (query.Reduced) Bitmap.KeepBelow(rows, block.Prices.Values, block.ListedPrices);
    }

    /// <summary>Leaves those that meet the condition on one facet.</summary>
    public void Keep(Facet facet, Block block, Span<ulong> rows)
    {
        switch (facet)
        {
            case Facet.Makes: _makes?.Keep(rows, block.Makes); break;
            case Facet.Models: _models?.Keep(rows, block.Models); break;
            case Facet.FuelTypes: _fuelTypes?.Keep(rows, block.FuelTypes); break;
            case Facet.Transmissions: _transmissions?.Keep(rows, block.Transmissions); break;
            case Facet.Regions: _regions?.Keep(rows, block.Regions); break;
            case Facet.BodyTypes: _bodyTypes?.Keep(rows, block.BodyTypes); break;
            case Facet.Colors: _colors?.Keep(rows, block.Colors); break;
            case Facet.Years: Bitmap.Keep(rows, block.Years, _years); break;
            case Facet.Prices: Bitmap.Keep(rows, block.Prices, _prices); break;
            default: Bitmap.Keep(rows, block.Mileages, _mileages); break;
        }
    }

    /// <summary>Whether there is a condition on it.</summary>
    public bool Asks(Facet facet) => facet switch
    {
        Facet.Makes => _makes is not null,
        Facet.Models => _models is not null,
        Facet.FuelTypes => _fuelTypes is not null,
        Facet.Transmissions => _transmissions is not null,
        Facet.Regions => _regions is not null,
        Facet.BodyTypes => _bodyTypes is not null,
        Facet.Colors => _colors is not null,
        Facet.Years => _years != Bounds<short>.All,
        Facet.Prices => _prices != Bounds<int>.All,
        _ => _mileages != Bounds<int>.All,
    };

    /// <summary>A bound in whole cents, as near as the column's numbers go.</summary>
    private static int? Cents(decimal? price, Func<decimal, decimal> round) =>
        price is { } x ? int.CreateSaturating(round(Math.Clamp(x, int.MinValue, int.MaxValue) * 100)) : null;

    private static Choice<int>? Spelled<T>(IReadOnlyList<string> wanted, Labels<T> labels) where T : notnull =>
        wanted.Count == 0 ? null : new([.. wanted.SelectMany(labels.Spelled).Distinct()]);
}
