using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Identity;

/// <summary>The person leaves: what remains of their row is an id that others' histories may point to.</summary>
internal sealed class WhenAccountClosed(Sessions sessions, Avatars avatars, UserCards cards, IMailer mailer)
{
    public const string Name = "identity-when-account-closed";

    private const string Forget = """
        DELETE FROM password_resets WHERE userId = @UserId;
        DELETE FROM email_verifications WHERE userId = @UserId;
        DELETE FROM notification_preferences WHERE userId = @UserId;
        UPDATE sessions SET device = '' WHERE userId = @UserId;
        UPDATE users SET email = CONCAT('closed+', id, '@kiwicar.invalid'), phone = NULL, passwordHash = NULL, nickname = NULL, avatarUrl = NULL, region = NULL,
            showPhone = FALSE, isVerified = FALSE, closedAt = @At, updatedAt = UTC_TIMESTAMP(3)
        WHERE id = @UserId
        """;

    public Reaction Reaction => new Reaction(Name).On<AccountClosed>(Erase);

    // Files first: were the row gone and then the process, nobody would know which they are.
    public async Task Erase(AccountClosed e, Recorded recorded, Scope scope, CancellationToken ct)
    {
        var person = await scope.Db.Single<Person>("SELECT email, avatarUrl FROM users WHERE id = @UserId AND closedAt IS NULL FOR UPDATE", new { e.UserId }, ct);
        if (person is null) return;
        await sessions.EndAll(scope.Db, e.UserId, except: null, ct);
        await Outbox.Forget(scope.Db, person.Email, ct);
        await Outbox.Forget(scope.Db, $"{e.UserId}", ct);
        mailer.Forget(person.Email);
        if (person.AvatarUrl is { } avatar) await avatars.Delete(avatar, ct);
        await scope.Db.Execute(Forget, new { e.UserId, recorded.At }, ct);
        cards.Forget(e.UserId);
    }

    private sealed record Person(string Email, string? AvatarUrl);
}
