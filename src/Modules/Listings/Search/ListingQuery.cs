using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Search;

/// <summary>One ACTIVE listing as search needs it.</summary>
/// <param name="Price">NZD including GST, two places, up to 21,474,836.47 (the PRD stops at 10,000,000).</param>
/// <param name="Mileage">Kilometres.</param>
/// <param name="Description">Only its words are kept; a listing that comes out of the index has none.</param>
/// <param name="Cover">The upload that is its first picture.</param>
/// <param name="PublishedAt">What "newest" means: a draft is created long before.</param>
internal sealed record IndexedListing(
    Guid Id, Guid SellerId, string Make, string Model, int Year, int Mileage, decimal Price, string Region, FuelType FuelType,
    Transmission Transmission, string BodyType, string Color, string Description, Guid? Cover, DateTimeOffset CreatedAt,
    DateTimeOffset PublishedAt)
{
    /// <summary>What it cost when it was published or last relisted, NZD: below that it counts as reduced.</summary>
    public decimal ListedPrice { get; init; } = Price;
}

/// <summary>
/// What a buyer asks for: every condition given must hold. Lists are alternatives, an empty list asks nothing, and a value
/// that no listing has matches none. Bounds are inclusive.
/// </summary>
internal sealed record ListingQuery
{
    /// <summary>Words that make, model, year or description must all have; the last may be the beginning of one.</summary>
    public string? Text { get; init; }

    /// <summary>Labels or slugs, in any spelling that <see cref="Spelling"/> forgives; so are the other four lists.</summary>
    public IReadOnlyList<string> Makes { get; init; } = [];

    /// <summary>With the make in front (<c>mazda-3</c>) or without (<c>3</c>); within <see cref="Makes"/> where those are given.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];
    public IReadOnlyList<string> Regions { get; init; } = [];
    public IReadOnlyList<string> BodyTypes { get; init; } = [];
    public IReadOnlyList<string> Colors { get; init; } = [];
    public IReadOnlyList<FuelType> FuelTypes { get; init; } = [];
    public IReadOnlyList<Transmission> Transmissions { get; init; } = [];

    /// <summary>NZD.</summary>
    public decimal? MinPrice { get; init; }
    public decimal? MaxPrice { get; init; }
    public int? MinYear { get; init; }
    public int? MaxYear { get; init; }

    /// <summary>Kilometres.</summary>
    public int? MinMileage { get; init; }
    public int? MaxMileage { get; init; }
    public Guid? SellerId { get; init; }

    /// <summary>Published at this instant or later; a relisting does not count.</summary>
    public DateTimeOffset? ListedSince { get; init; }

    /// <summary>Only what costs less than when it was published or last relisted.</summary>
    public bool Reduced { get; init; }

    /// <summary>Only these.</summary>
    public IReadOnlyList<Guid> Ids { get; init; } = [];
    public SortOrder Sort { get; init; }

    /// <summary>From 1.</summary>
    public int Page { get; init; } = 1;

    /// <summary>Cards on a page, from 1.</summary>
    public int Limit { get; init; } = 20;

    /// <summary>Whether every listing matches.</summary>
    public bool AsksNothing =>
        Text is null && SellerId is null && ListedSince is null && !Reduced && Ids.Count == 0
        && Makes.Count + Models.Count + Regions.Count + BodyTypes.Count + Colors.Count + FuelTypes.Count + Transmissions.Count == 0
        && MinPrice is null && MaxPrice is null && MinYear is null && MaxYear is null && MinMileage is null && MaxMileage is null;
}

/// <summary>Equals stand by id, in the direction of the sort: ascending under the cheapest and the least driven, else descending.</summary>
internal enum SortOrder { Newest, PriceAsc, PriceDesc, MileageAsc }

/// <param name="Total">All that match, exactly, whatever the page.</param>
/// <param name="Items">The page; empty past the end.</param>
internal sealed record SearchResult(int Total, IReadOnlyList<ListingCard> Items);

/// <summary>A listing in a list.</summary>
/// <param name="Title"><c>2020 Toyota Corolla</c>.</param>
/// <param name="Price">NZD.</param>
/// <param name="Mileage">Kilometres.</param>
/// <param name="Cover">The upload that is its first picture.</param>
internal sealed record ListingCard(
    Guid Id, string Title, decimal Price, int Year, int Mileage, string Region, FuelType FuelType, Transmission Transmission,
    Guid? Cover, DateTimeOffset CreatedAt);
