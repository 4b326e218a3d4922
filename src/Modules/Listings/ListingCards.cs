using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;

namespace KiwiCar.Listings;

/// <inheritdoc/>
internal sealed class ListingCards(Database database, IImageStorage images) : IListingCards
{
    private const string Sql = """
        SELECT l.id, l.userId, l.year, l.make, l.model, l.price, l.status, i.id AS cover, i.imageUrl
        FROM listings l LEFT JOIN listing_images i ON i.listingId = l.id AND i.`order` = 0
        WHERE l.id IN @ids
        """;

    public async Task<IReadOnlyDictionary<Guid, ListingCardInfo>> For(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        if (ids.Count == 0) return new Dictionary<Guid, ListingCardInfo>();
        await using var db = await database.Open(ct);
        var rows = await db.Query<Row>(Sql, new { ids }, ct);
        return rows.ToDictionary(r => r.Id, r => new ListingCardInfo(
            r.Id, r.UserId, $"{r.Year} {r.Make} {r.Model}", r.Price, r.Status, r.Cover is { } cover ? new Photo(cover, r.ImageUrl!).Thumbnail(images) : null));
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid UserId { get; init; }
        public int Year { get; init; }
        public string Make { get; init; } = "";
        public string Model { get; init; } = "";
        public decimal Price { get; init; }
        public ListingStatus Status { get; init; }
        public Guid? Cover { get; init; }
        public string? ImageUrl { get; init; }
    }
}
