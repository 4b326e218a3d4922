using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Alerts;

/// <summary>Marks a listing; marking it again changes nothing and answers 200 with the mark there is.</summary>
internal static class AddFavorite
{
    /// <param name="TargetPrice">Mail only when the price is this or less; null = at any fall.</param>
    public sealed record Request(Guid ListingId, bool PriceAlert, decimal? TargetPrice);

    public sealed record Response(Guid Id, Guid ListingId, bool PriceAlert, decimal? TargetPrice, DateTimeOffset CreatedAt);

    public static Request Validate(Input body) => new(
        body.Id("listingId"),
        body.Has("priceAlert") && body.Flag("priceAlert"),
        body.Has("targetPrice") && !body.IsNull("targetPrice") ? body.Money("targetPrice", 1, 10_000_000) : null);

    public static void Decide(Request r, Guid user, ListingCardInfo? listing)
    {
        if (listing is not { Status: ListingStatus.ACTIVE or ListingStatus.SOLD }) throw Rejection.NotFound("Listing not found");
        if (listing.SellerId == user) throw Rejection.Conflict("OWN_LISTING", "This is your own listing; favourites are for other people's");
        if (r.TargetPrice >= listing.Price) throw Rejection.Invalid("targetPrice", $"must be below the current price of {listing.Price:0.##}");
    }

    public static async Task<Results<Created<Response>, Ok<Response>>> Handle(
        Input body, CurrentUser user, IListingCards listings, Database database, TimeProvider clock, CancellationToken ct)
    {
        var request = body.Read(Validate);
        Decide(request, user.Id, (await listings.For([request.ListingId], ct)).GetValueOrDefault(request.ListingId));

        // The unique key decides between two at once; the row that is there afterwards is the answer.
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await using var db = await database.Open(ct);
        await db.Execute("INSERT IGNORE INTO favorites (id, userId, listingId, priceAlert, targetPrice, createdAt) VALUES (@id, @user, @ListingId, @PriceAlert, @TargetPrice, @now)",
            new { id, user = user.Id, request.ListingId, request.PriceAlert, request.TargetPrice, now }, ct);
        var row = await db.Single<Row>("SELECT id, listingId, priceAlert, targetPrice, createdAt FROM favorites WHERE userId = @user AND listingId = @ListingId",
            new { user = user.Id, request.ListingId }, ct);
        return row!.Id == id ? TypedResults.Created($"/api/favorites/{request.ListingId}", row.ToResponse()) : TypedResults.Ok(row.ToResponse());
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid ListingId { get; init; }
        public bool PriceAlert { get; init; }
        public decimal? TargetPrice { get; init; }
        public DateTimeOffset CreatedAt { get; init; }

        public Response ToResponse() => new(Id, ListingId, PriceAlert, TargetPrice, CreatedAt);
    }
}
