using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>The link in the mail. Mail scanners open it too, and people twice: the second time says the same.</summary>
internal static class VerifyEmail
{
    public sealed record Response(string Message);

    private const string Find = """
        SELECT u.id, u.email, v.expiresAt, u.isVerified FROM email_verifications v JOIN users u ON u.id = v.userId WHERE v.token = @hash
        """;

    // The person first: that row decides. Both at once would lock in the order opposite to ResendVerification's.
    private const string Mark = """
        UPDATE users SET isVerified = TRUE, updatedAt = @now WHERE id = @Id AND isVerified = FALSE;
        UPDATE email_verifications SET verified = TRUE WHERE token = @hash
        """;

    public static async Task<Ok<Response>> Handle(string token, Database database, Outbox outbox, AccountMails mails, TimeProvider clock, CancellationToken ct)
    {
        var (hash, now) = (OneTimeToken.HashOf(token), clock.GetUtcNow());
        await using var db = await database.Open(ct);
        var found = await db.Single<Row>(Find, new { hash }, ct);
        if (found is null || (!found.IsVerified && found.ExpiresAt <= now))
            throw new Rejection(StatusCodes.Status400BadRequest, "INVALID_TOKEN",
                "This link is not valid, or not any more; sign in and ask for a new one (POST /api/auth/resend-verification)");
        if (!found.IsVerified)
        {
            await db.Begin(ct);
            await db.Execute(Mark, new { found.Id, hash, now }, ct);
            await outbox.Add(db, $"{AccountMails.Welcome}:{found.Id}", mails.ToWelcome(found.Email), ct); // once, whoever else opens the link now
            await db.Commit(ct);
            outbox.Wake();
        }
        return TypedResults.Ok(new Response("Your email address is verified."));
    }

    private sealed record Row(Guid Id, string Email, DateTimeOffset ExpiresAt, bool IsVerified);
}
