using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>
/// Asks for a link to choose a new password by. One row goes into the outbox whoever asks; whether there is such an account is looked up
/// when the mail leaves (<see cref="PasswordResets"/>). So neither the answer nor its time tells who has an account.
/// </summary>
internal static class ForgotPassword
{
    public sealed record Request(string Email);

    public sealed record Response(string Message);

    public static Request Validate(Input body) => new(EmailAddress.Read(body, "email"));

    public static async Task<Ok<Response>> Handle(Input body, RateLimits limits, Database database, Outbox outbox, TimeProvider clock, CancellationToken ct)
    {
        var request = body.Read(Validate);
        if (await limits.Take(Limits.ForgotPassword, request.Email, ct) is not null) await Ask(request.Email, database, outbox, clock, ct);
        // Over the limit the same answer and no mail: a stranger who uses up the three mails of an address learns nothing, and fills no mailbox.
        return TypedResults.Ok(new Response("If there is an account with this e-mail address, a link to choose a new password is on its way."));
    }

    private static async Task Ask(string email, Database database, Outbox outbox, TimeProvider clock, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        await using (var db = await database.Open(ct))
        {
            await outbox.Add(db, $"{AccountMails.ResetPassword}:{id}", AccountMails.Draft(email, AccountMails.ResetPassword, id), ct);
        }
        outbox.Wake();
    }
}

/// <summary>The links by which a new password may be chosen: made when their mail leaves, good for an hour and once; the newest cancels the others.</summary>
internal sealed class PasswordResets(Database database, OneTimeToken tokens, AccountMails mails, TimeProvider clock) : IMailFinisher
{
    // A mail that must be sent again finds its row made, and gives its link a whole hour again.
    private const string Sql = """
        UPDATE password_resets SET expiresAt = @now WHERE userId = @user AND id <> @id AND used = FALSE AND expiresAt > @now;
        INSERT INTO password_resets (id, userId, token, expiresAt, createdAt) VALUES (@id, @user, @hash, @expiresAt, @now)
        ON DUPLICATE KEY UPDATE expiresAt = @expiresAt
        """;

    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public string Template => AccountMails.ResetPassword;

    public async ValueTask<Mail?> Finish(Mail draft, CancellationToken ct)
    {
        var id = Guid.ParseExact(draft.Data["request"], "D");
        var now = clock.GetUtcNow();
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        if (await db.Single<Guid?>("SELECT id FROM users WHERE email = @To AND closedAt IS NULL FOR UPDATE", new { draft.To }, ct) is not { } user) return null;
        await db.Execute(Sql, new { id, user, hash = OneTimeToken.HashOf(tokens.For(id)), expiresAt = now + Life, now }, ct);
        await db.Commit(ct);
        return mails.ToReset(draft);
    }
}
