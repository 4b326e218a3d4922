using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;

namespace KiwiCar.Listings;

/// <summary>Kept in memory, as new as the log.</summary>
internal sealed class ListingCards(Database database, IImageStorage images, ListingVersions versions) : IListingCards
{
    private const int Most = 50_000;

    /// <summary>Who held a price for less than this has hardly asked it.</summary>
    private static readonly TimeSpan ReallyHeld = TimeSpan.FromDays(1);

    private const string Sql = """
        SELECT l.id, l.userId, l.year, l.make, l.model, l.price, l.status, l.version, i.id AS cover, i.imageUrl
        FROM listings l LEFT JOIN listing_images i ON i.listingId = l.id AND i.`order` = 0
        WHERE l.id IN @ids;
        SELECT listingId, price, changedAt FROM price_history WHERE listingId IN @ids ORDER BY listingId, changedAt, id
        """;

    private readonly ConcurrentDictionary<Guid, ListingCardInfo> kept = new();

    public async Task<IReadOnlyDictionary<Guid, ListingCardInfo>> For(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var cards = new Dictionary<Guid, ListingCardInfo>(ids.Count);
        List<Guid>? missing = null;
        foreach (var id in ids)
        {
            if (kept.TryGetValue(id, out var card) && versions.IsNew(id, card.Version)) cards[id] = card;
            else (missing ??= []).Add(id);
        }
        if (missing is null) return cards;
        foreach (var card in await Read(missing, ct)) Keep(cards[card.Id] = card);
        return cards;
    }

    /// <summary>The last price that was another than the current one and asked for a day or more; null where there was none.</summary>
    /// <param name="prices">Oldest first; each held until the next.</param>
    public static decimal? Previous(IReadOnlyList<(decimal Price, DateTimeOffset At)> prices)
    {
        for (var i = prices.Count - 2; i >= 0; i--)
            if (prices[i].Price != prices[^1].Price && prices[i + 1].At - prices[i].At >= ReallyHeld) return prices[i].Price;
        return null;
    }

    private async Task<IReadOnlyList<ListingCardInfo>> Read(List<Guid> ids, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await using var results = await db.QueryMultiple(Sql, new { ids }, ct);
        var rows = (await results.ReadAsync<Row>()).ToList();
        var prices = (await results.ReadAsync<(Guid ListingId, decimal Price, DateTimeOffset At)>()).ToLookup(p => p.ListingId, p => (p.Price, p.At));
        return [.. rows.Select(r => new ListingCardInfo(
            r.Id, r.UserId, $"{r.Year} {r.Make} {r.Model}", r.Price, r.Status, r.Cover is { } cover ? new Photo(cover, r.ImageUrl!).Thumbnail(images) : null, Previous([.. prices[r.Id]]), r.Version))];
    }

    private void Keep(ListingCardInfo card)
    {
        if (kept.Count >= Most) kept.Clear();
        kept[card.Id] = card;
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
        public long Version { get; init; }
        public Guid? Cover { get; init; }
        public string? ImageUrl { get; init; }
    }
}
