using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Alerts;

internal static class SetPriceAlert
{
    /// <param name="TargetPrice">Null or left out: any fall.</param>
    public sealed record Request(bool PriceAlert, decimal? TargetPrice);

    public static Request Validate(Input body) => new(body.Flag("priceAlert"), Favorites.Target(body));

    /// <summary>A price that is reached already would never be fallen to.</summary>
    public static void Decide(decimal? target, ListingCardInfo? listing)
    {
        if (listing is not null && target >= listing.Price) throw Rejection.Invalid("targetPrice", $"must be below the current price of {listing.Price:0.##}");
    }

    public static async Task<Ok<Favorite>> Handle(Guid listingId, Input body, CurrentUser user, IListingCards listings, Database database, CancellationToken ct)
    {
        var request = body.Read(Validate);
        var listing = (await listings.For([listingId], ct)).GetValueOrDefault(listingId);
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        if (await Favorites.Find(user.Id, listingId, db, ct) is not { } favorite) throw RemoveFavorite.NotMarked();
        Decide(request.TargetPrice, listing);
        await db.Execute("UPDATE favorites SET priceAlert = @PriceAlert, targetPrice = @TargetPrice WHERE id = @Id", new { request.PriceAlert, request.TargetPrice, favorite.Id }, ct);
        await db.Commit(ct);
        return TypedResults.Ok(favorite with { PriceAlert = request.PriceAlert, TargetPrice = request.TargetPrice });
    }
}
