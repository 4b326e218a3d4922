using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

internal static class GetMe
{
    public sealed record Response(
        Guid Id, string Email, string? Phone, string? Nickname, string? AvatarUrl, string? Region, bool ShowPhone, bool IsVerified, DateTimeOffset CreatedAt);

    private const string Sql = """
        SELECT id, email, phone, nickname, avatarUrl, region, showPhone, isVerified, createdAt FROM users WHERE id = @id AND closedAt IS NULL
        """;

    public static async Task<Ok<Response>> Handle(CurrentUser user, Avatars avatars, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return TypedResults.Ok(await Read(user.Id, db, avatars, ct));
    }

    public static async Task<Response> Read(Guid id, Database.Lease db, Avatars avatars, CancellationToken ct)
    {
        var profile = await db.Single<Response>(Sql, new { id }, ct) ?? throw Account.Gone();
        return profile with { AvatarUrl = avatars.UrlOf(profile.AvatarUrl) };
    }
}
