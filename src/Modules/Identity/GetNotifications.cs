using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

internal static class GetNotifications
{
    public static async Task<Ok<NotificationPreferences>> Handle(CurrentUser user, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return TypedResults.Ok(await NotificationPreferences.Of(user.Id, db, ct));
    }
}
