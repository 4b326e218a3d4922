using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.Identity;

/// <summary>Asks a person to show that an address is theirs.</summary>
internal sealed class EmailVerification(Outbox outbox, OneTimeToken tokens, AccountMails mails, TimeProvider clock) : IMailFinisher
{
    private const string Sql = """
        UPDATE email_verifications SET expiresAt = @now WHERE userId = @userId AND verified = FALSE AND expiresAt > @now;
        INSERT INTO email_verifications (id, userId, token, expiresAt, createdAt) VALUES (@id, @userId, @hash, @expiresAt, @now)
        """;

    private static readonly TimeSpan Life = TimeSpan.FromHours(24);

    public string Template => AccountMails.VerifyEmail;

    /// <summary>Makes a link, cancels earlier ones and puts the mail into the outbox, all in the caller's transaction.</summary>
    public async Task Ask(Database.Lease db, Guid userId, string email, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await db.Execute(Sql, new { id, userId, hash = OneTimeToken.HashOf(tokens.For(id)), expiresAt = now + Life, now }, ct);
        await outbox.Add(db, $"{Template}:{id}", AccountMails.Draft(email, Template, id), ct);
    }

    public ValueTask<Mail?> Finish(Mail draft, CancellationToken ct) => ValueTask.FromResult<Mail?>(mails.ToVerify(draft));
}
