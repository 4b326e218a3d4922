using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Alerts;

/// <summary>Marks a listing; marking it again changes nothing and answers 200 with the mark there is.</summary>
internal static class AddFavorite
{
    public sealed record Request(Guid ListingId, bool PriceAlert, decimal? TargetPrice);

    public static Request Validate(Input body) => new(body.Id("listingId"), body.Has("priceAlert") && body.Flag("priceAlert"), Favorites.Target(body));

    public static void Decide(Request r, Guid user, ListingCardInfo? listing)
    {
        if (listing is not { Status: ListingStatus.ACTIVE or ListingStatus.SOLD }) throw Rejection.NotFound("Listing not found");
        if (listing.SellerId == user) throw Rejection.Conflict("OWN_LISTING", "This is your own listing; favourites are for other people's");
        SetPriceAlert.Decide(r.TargetPrice, listing);
    }

    public static async Task<Results<Created<Favorite>, Ok<Favorite>>> Handle(
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
        var favorite = await Favorites.Find(user.Id, request.ListingId, db, ct) ?? throw Rejection.Conflict("CONCURRENT_CHANGE", "The mark was removed at the same moment; please try again");
        return favorite.Id == id ? TypedResults.Created($"/api/favorites/{request.ListingId}", favorite) : TypedResults.Ok(favorite);
    }
}
