using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;
using KiwiCar.Listings.Pricing;
using Microsoft.Extensions.Caching.Memory;

namespace KiwiCar.Listings;

/// <summary>What the page of a listing is made of: its rows, photos in display order.</summary>
internal sealed class ListingPage
{
    public Guid Id { get; init; }
    public Guid UserId { get; init; }
    public string PlateNumber { get; init; } = "";
    public string Make { get; init; } = "";
    public string Model { get; init; } = "";
    public int Year { get; init; }
    public int Mileage { get; init; }
    public decimal Price { get; init; }
    public string Description { get; init; } = "";
    public string? AiDescription { get; init; }
    public decimal? AiPriceMin { get; init; }
    public decimal? AiPriceMax { get; init; }
    public decimal? AiPriceRecommended { get; init; }
    public DateTimeOffset? AiPriceAt { get; init; }
    public ListingStatus Status { get; init; }
    public string Region { get; init; } = "";
    public FuelType FuelType { get; init; }
    public Transmission Transmission { get; init; }
    public string BodyType { get; init; } = "";
    public string Color { get; init; } = "";
    public string? Vin { get; init; }
    public int Views { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public long Version { get; init; }
    public string? Draft { get; init; }

    public IReadOnlyList<Photo> Photos { get; set; } = [];

    public IReadOnlyList<GetListing.MileageCorrection> MileageCorrections { get; set; } = [];

    public DealRating? Rating => (AiPriceMin, AiPriceRecommended, AiPriceMax) is ({ } min, { } recommended, { } max) ? DealRating.Of(Price, min, recommended, max) : null;

    /// <summary>Bytes it takes, roughly.</summary>
    public int Size => 1_000 + 2 * (Description.Length + (AiDescription?.Length ?? 0)) + 200 * Photos.Count;
}

/// <summary>
/// The pages people look at, kept in memory. The log says when one is stale: its version is older than that of the listing's latest event. What no event
/// tells, views and estimates, is told by this process where it learns of it, and is else five minutes old at most. Found and read once, however many ask at the same time.
/// </summary>
internal sealed class ListingPages(Database database, ListingVersions versions) : IDisposable
{
    private const string Sql = """
        SELECT id, userId, plateNumber, make, model, year, mileage, price, description, aiDescription, priceMin AS aiPriceMin, priceMax AS aiPriceMax,
               priceRecommended AS aiPriceRecommended, computedAt AS aiPriceAt,
               status, region, fuelType, transmission, bodyType, color, vin, COALESCE(v.views, 0) AS views, createdAt, version, draft
        FROM listings LEFT JOIN listing_estimates e ON e.listingId = id AND status = 'ACTIVE' LEFT JOIN listing_views v ON v.listingId = id WHERE id = @id;
        SELECT id, imageUrl FROM listing_images WHERE listingId = @id ORDER BY `order`;
        SELECT oldMileage, newMileage, reason, correctedAt FROM mileage_corrections WHERE listingId = @id ORDER BY correctedAt
        """;

    private const int MostBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly MemoryCache kept = new(new MemoryCacheOptions { SizeLimit = MostBytes });
    private readonly ConcurrentDictionary<Guid, Lazy<Task<ListingPage?>>> underway = new();

    /// <summary>Its estimate has changed.</summary>
    public void Forget(Guid listing) => kept.Remove(listing);

    public void AddViews(Guid listing, int views)
    {
        if (kept.TryGetValue(listing, out ListingPage? page)) page!.Views += views;
    }

    /// <summary>Null where there is no such listing.</summary>
    public async ValueTask<ListingPage?> Find(Guid id, CancellationToken ct)
    {
        if (kept.TryGetValue(id, out ListingPage? page) && IsNew(id, page)) return page;
        page = await underway.GetOrAdd(id, i => new(() => Read(i))).Value.WaitAsync(ct);
        return IsNew(id, page) ? page : await Read(id); // the event came while it was read
    }

    public void Dispose() => kept.Dispose();

    private bool IsNew(Guid id, ListingPage? page) => versions.IsNew(id, page?.Version ?? 0);

    private async Task<ListingPage?> Read(Guid id)
    {
        try
        {
            await using var db = await database.Open(CancellationToken.None);
            await using var results = await db.QueryMultiple(Sql, new { id }, CancellationToken.None);
            if (await results.ReadSingleOrDefaultAsync<ListingPage>() is not { } page) return null;
            page.Photos = [.. await results.ReadAsync<Photo>()];
            page.MileageCorrections = [.. await results.ReadAsync<GetListing.MileageCorrection>()];
            kept.Set(id, page, new MemoryCacheEntryOptions { Size = page.Size, AbsoluteExpirationRelativeToNow = Longest });
            return page;
        }
        finally
        {
            underway.TryRemove(id, out _);
        }
    }
}
