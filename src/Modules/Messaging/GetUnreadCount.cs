using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Messaging;

internal static class GetUnreadCount
{
    public sealed record Response(int Count);

    public static async Task<Ok<Response>> Handle(CurrentUser user, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return TypedResults.Ok(new Response((int)await db.Single<long>("SELECT COUNT(*) FROM messages WHERE receiverId = @Id AND isRead = FALSE", new { user.Id }, ct)));
    }
}
