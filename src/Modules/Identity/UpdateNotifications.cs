using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>A kind that is left out stays as it is.</summary>
internal static class UpdateNotifications
{
    public sealed record Request(bool? PriceAlerts, bool? NewMessages, bool? FavoriteSold);

    public static Dictionary<MailKind, bool> Validate(Input body) =>
        Enum.GetValues<MailKind>().Where(k => body.Has(NotificationPreferences.ColumnOf(k))).ToDictionary(k => k, k => body.Flag(NotificationPreferences.ColumnOf(k)));

    public static async Task<Ok<NotificationPreferences>> Handle(Input body, CurrentUser user, Database database, CancellationToken ct)
    {
        var wanted = body.Read(Validate);
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        await NotificationPreferences.Set(user.Id, wanted, db, ct);
        var now = await NotificationPreferences.Of(user.Id, db, ct);
        await db.Commit(ct);
        return TypedResults.Ok(now);
    }
}
