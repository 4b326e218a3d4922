using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>Where somebody is signed in, the latest used first.</summary>
internal static class GetSessions
{
    /// <param name="Device">The program, by its User-Agent.</param>
    /// <param name="LastUsedAt">When it last asked for new tokens.</param>
    /// <param name="Current">The one that asks.</param>
    public sealed record Session(Guid Id, string Device, DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt, bool Current);

    private const string Sql = """
        SELECT id, device, createdAt, rotatedAt FROM sessions
        WHERE userId = @Id AND endedAt IS NULL AND expiresAt > @now ORDER BY rotatedAt DESC, id DESC LIMIT 100
        """;

    public static async Task<Ok<DataList<Session>>> Handle(CurrentUser user, Database database, TimeProvider clock, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var rows = await db.Query<Row>(Sql, new { user.Id, now = clock.GetUtcNow() }, ct);
        return TypedResults.Ok(new DataList<Session>([.. rows.Select(r => new Session(r.Id, r.Device, r.CreatedAt, r.RotatedAt, r.Id == user.SessionId))]));
    }

    private sealed record Row(Guid Id, string Device, DateTimeOffset CreatedAt, DateTimeOffset RotatedAt);
}
