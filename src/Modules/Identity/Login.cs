using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

internal static class Login
{
    public sealed record Request(string Email, string Password);

    public sealed record Response(string AccessToken, string RefreshToken, int ExpiresIn, Person User);

    public sealed record Person(Guid Id, string Email, string? Nickname, string? AvatarUrl, bool IsVerified);

    private const string Sql = "SELECT id, email, nickname, avatarUrl, isVerified, passwordHash FROM users WHERE email = @email";

    private const string Known = "SELECT COUNT(*) AS Sessions, COALESCE(SUM(device = @device), 0) AS FromHere FROM sessions WHERE userId = @id";

    public static Request Validate(Input body) => new(EmailAddress.Read(body, "email"), Passwords.Read(body, "password"));

    public static async Task<Ok<Response>> Handle(
        Input body, HttpContext http, LoginAttempts attempts, Passwords passwords, Sessions sessions, Tokens tokens, AccountMails mails, Outbox outbox, Avatars avatars, Database database,
        TimeProvider clock, CancellationToken ct)
    {
        var request = body.Read(Validate);
        await attempts.Begin(request.Email, http);
        var found = await Find(request.Email, database, ct);
        if (!await passwords.Matches(request.Password, found?.PasswordHash, ct) || found is null)
            throw new Rejection(StatusCodes.Status401Unauthorized, "INVALID_CREDENTIALS", "The e-mail address or the password is wrong");

        await attempts.Succeeded(request.Email, http);
        var device = DeviceOf(http.Request);
        await using var db = await database.Open(ct);
        var known = await db.Begin<Devices>(Known, new { found.Id, device }, ct);
        var pair = await sessions.Begin(db, found.Id, found.Email, device, ct);
        if (IsNews(found, known!)) await outbox.Add(db, $"{AccountMails.NewSignIn}:{Guid.NewGuid()}", mails.ThatSomebodySignedIn(found.Email, device, clock.GetUtcNow()), ct);
        await db.Commit(ct);
        outbox.Wake();

        RefreshCookie.Set(http.Response, pair.Refresh, tokens.Settings);
        return TypedResults.Ok(new Response(pair.Access, pair.Refresh, (int)tokens.Settings.AccessLife.TotalSeconds,
            new(found.Id, found.Email, found.Nickname, avatars.UrlOf(found.AvatarUrl), found.IsVerified)));
    }

    // The first device is no news, and an address that is not verified may be somebody else's.
    private static bool IsNews(Row person, Devices known) => person.IsVerified && known is { Sessions: > 0, FromHere: 0 };

    // What a person may recognise: the program they used.
    private static string DeviceOf(HttpRequest request) => request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent[..Math.Min(agent.Length, 191)] : "unknown";

    // The connection goes back before the password is compared: it is not held for that quarter of a second.
    private static async Task<Row?> Find(string email, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return await db.Single<Row>(Sql, new { email }, ct);
    }

    private sealed record Row(Guid Id, string Email, string? Nickname, string? AvatarUrl, bool IsVerified, string? PasswordHash);

    private sealed class Devices
    {
        public long Sessions { get; init; }
        public decimal FromHere { get; init; }
    }
}
