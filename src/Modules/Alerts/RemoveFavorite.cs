using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Alerts;

internal static class RemoveFavorite
{
    public static Rejection NotMarked() => Rejection.NotFound("This listing is not among your favourites");

    // What was mailed about it goes first: the mark names it.
    private const string Sql = """
        DELETE a FROM price_alerts a JOIN favorites f ON f.id = a.favoriteId WHERE f.userId = @user AND f.listingId = @listingId;
        DELETE FROM favorites WHERE userId = @user AND listingId = @listingId
        """;

    public static async Task<NoContent> Handle(Guid listingId, CurrentUser user, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        if (await Favorites.Find(user.Id, listingId, db, ct) is null) throw NotMarked();
        await db.Execute(Sql, new { user = user.Id, listingId }, ct);
        await db.Commit(ct);
        return TypedResults.NoContent();
    }
}
