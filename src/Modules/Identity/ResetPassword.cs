using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>
/// Chooses a new password by the link that was mailed. Every session ends, every other such link too; and since the mail arrived, the
/// address counts as verified.
/// </summary>
internal static class ResetPassword
{
    public sealed record Request(string Token, string Password);

    public sealed record Response(string Message);

    private const string Find = "SELECT userId FROM password_resets WHERE token = @hash AND used = FALSE AND expiresAt > @now";

    private const string Use = """
        UPDATE password_resets SET used = TRUE WHERE userId = @user AND used = FALSE;
        UPDATE email_verifications SET verified = TRUE WHERE userId = @user;
        UPDATE users SET passwordHash = @passwordHash, isVerified = TRUE, updatedAt = @now WHERE id = @user
        """;

    public static Request Validate(Input body) => new(body.Text("token", max: 200), Passwords.ReadNew(body, "password"));

    public static async Task<Ok<Response>> Handle(
        Input body, Passwords passwords, Sessions sessions, AccountMails mails, Outbox outbox, Database database, TimeProvider clock, CancellationToken ct)
    {
        var request = body.Read(Validate);
        var (hash, now) = (OneTimeToken.HashOf(request.Token), clock.GetUtcNow());
        await MustBeGood(hash, now, database, ct); // before a quarter second of hashing, which a guess is not worth
        var passwordHash = await passwords.Hash(request.Password, ct);

        await using var db = await database.Open(ct);
        // The row's lock lets one of two calls through; the second finds it used.
        var user = await db.Begin<Guid?>(Find + " FOR UPDATE", new { hash, now }, ct) ?? throw NotGood();
        var email = await db.Single<string>("SELECT email FROM users WHERE id = @user", new { user }, ct);
        await db.Execute(Use, new { user, passwordHash, now }, ct);
        await sessions.EndAll(db, user, except: null, ct);
        await outbox.Add(db, $"{AccountMails.PasswordChanged}:{hash}", mails.ThatPasswordChanged(email!, now), ct);
        await db.Commit(ct);
        outbox.Wake();
        return TypedResults.Ok(new Response("Your password is changed. Please sign in with it."));
    }

    private static async Task MustBeGood(string hash, DateTimeOffset now, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        if (await db.Single<Guid?>(Find, new { hash, now }, ct) is null) throw NotGood();
    }

    private static Rejection NotGood() => new(StatusCodes.Status400BadRequest, "INVALID_TOKEN",
        "This link is not valid, or not any more; ask for a new one (POST /api/auth/forgot-password)");
}
