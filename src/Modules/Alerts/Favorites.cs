using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Alerts;

/// <summary>A mark on somebody's list.</summary>
/// <param name="TargetPrice">Mail only when the price is this or less; null = at any fall.</param>
internal sealed record Favorite(Guid Id, Guid ListingId, bool PriceAlert, decimal? TargetPrice, DateTimeOffset CreatedAt);

/// <summary>The marks as rows; one a person and listing.</summary>
internal static class Favorites
{
    public const decimal LeastTarget = 1, MostTarget = 10_000_000;

    public static async Task<Favorite?> Find(Guid user, Guid listing, Database.Lease db, CancellationToken ct) =>
        (await db.Single<Row>("SELECT id, listingId, priceAlert, targetPrice, createdAt FROM favorites WHERE userId = @user AND listingId = @listing", new { user, listing }, ct))?.Read();

    /// <summary>Somebody's marks, the newest first, after one that was seen.</summary>
    public static async Task<IReadOnlyList<Favorite>> Of(Guid user, bool alertsOnly, RowCursor? after, int most, Database.Lease db, CancellationToken ct) =>
        [.. (await db.Query<Row>($"""
            SELECT id, listingId, priceAlert, targetPrice, createdAt FROM favorites
            WHERE userId = @user{(alertsOnly ? " AND priceAlert" : "")}{(after is null ? "" : " AND (createdAt < @At OR (createdAt = @At AND id < @Id))")}
            ORDER BY createdAt DESC, id DESC LIMIT {most}
            """, new { user, after?.At, after?.Id }, ct)).Select(r => r.Read())];

    public static decimal? Target(Input body) =>
        body.Has("targetPrice") && !body.IsNull("targetPrice") ? body.Money("targetPrice", LeastTarget, MostTarget) : null;

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid ListingId { get; init; }
        public bool PriceAlert { get; init; }
        public decimal? TargetPrice { get; init; }
        public DateTimeOffset CreatedAt { get; init; }

        public Favorite Read() => new(Id, ListingId, PriceAlert, TargetPrice, CreatedAt);
    }
}
