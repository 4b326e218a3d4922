using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <inheritdoc/>
internal sealed class FavoriteCounts(Database database) : IFavoriteCounts
{
    public async Task<IReadOnlyDictionary<Guid, int>> For(IReadOnlyCollection<Guid> listings, CancellationToken ct)
    {
        if (listings.Count == 0) return new Dictionary<Guid, int>();
        await using var db = await database.Open(ct);
        var rows = await db.Query<(Guid ListingId, long Count)>("SELECT listingId, COUNT(*) FROM favorites WHERE listingId IN @listings GROUP BY listingId", new { listings }, ct);
        return rows.ToDictionary(r => r.ListingId, r => (int)r.Count);
    }
}
