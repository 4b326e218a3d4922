using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Messaging;

internal static class GetBlocks
{
    public sealed record Blocked(Person User, DateTimeOffset BlockedAt);

    public static async Task<Ok<DataList<Blocked>>> Handle(CurrentUser user, IUserCards people, Database database, CancellationToken ct)
    {
        List<(Guid Id, DateTimeOffset At)> rows;
        await using (var db = await database.Open(ct))
            rows = [.. await db.Query<(Guid, DateTimeOffset)>("SELECT blockedId, createdAt FROM member_blocks WHERE blockerId = @Id AND isBlocked ORDER BY createdAt DESC, blockedId LIMIT 1000", new { user.Id }, ct)];
        var cards = await people.For([.. rows.Select(r => r.Id)], ct);
        return TypedResults.Ok(new DataList<Blocked>([.. rows.Select(r => new Blocked(Person.Of(r.Id, cards), r.At))]));
    }
}
