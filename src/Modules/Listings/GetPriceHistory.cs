using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings;

/// <summary>Every price the advert has had, oldest first; the first is the one it was published with.</summary>
internal static class GetPriceHistory
{
    public sealed record Entry(decimal Price, DateTimeOffset ChangedAt);

    // Rows of one millisecond are told apart by their id, which is the event's and ascends.
    private const string Sql = "SELECT price AS Price, changedAt AS ChangedAt FROM price_history WHERE listingId = @id ORDER BY changedAt, id";

    public static async Task<Ok<DataList<Entry>>> Handle(Guid id, CurrentUser? viewer, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var listing = await db.Single<Visibility>("SELECT status AS Status, userId AS UserId FROM listings WHERE id = @id", new { id }, ct);
        if (listing is null || !GetListing.VisibleTo(viewer, listing.Status, listing.UserId)) throw Rejection.NotFound("Listing not found");
        return TypedResults.Ok(new DataList<Entry>([.. await db.Query<Entry>(Sql, new { id }, ct)]));
    }

    private sealed class Visibility
    {
        public ListingStatus Status { get; init; }
        public Guid UserId { get; init; }
    }
}
