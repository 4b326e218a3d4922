using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>A new password for somebody who is signed in and knows the old one; every other session ends.</summary>
internal static class ChangePassword
{
    public sealed record Request(string CurrentPassword, string NewPassword);

    public sealed record Response(string Message);

    public static Request Validate(Input body) => new(Passwords.Read(body, "currentPassword"), Passwords.ReadNew(body, "newPassword"));

    public static async Task<Ok<Response>> Handle(
        Input body, CurrentUser user, Passwords passwords, Sessions sessions, AccountMails mails, Outbox outbox, Database database, TimeProvider clock, CancellationToken ct)
    {
        var request = body.Read(Validate);
        var account = await Account.WithPassword(user, request.CurrentPassword, passwords, database, ct);
        var (passwordHash, now) = (await passwords.Hash(request.NewPassword, ct), clock.GetUtcNow());

        await using var db = await database.Open(ct);
        await db.Begin(ct);
        if (await db.Execute("UPDATE users SET passwordHash = @passwordHash, updatedAt = @now WHERE id = @Id AND passwordHash = @old", new { passwordHash, now, user.Id, old = account.PasswordHash }, ct) == 0)
            throw Rejection.Conflict("CONCURRENT_CHANGE", "The password was changed at the same moment; nothing was changed now");
        await sessions.EndAll(db, user.Id, except: user.SessionId, ct);
        await outbox.Add(db, $"{AccountMails.PasswordChanged}:{user.Id}:{now:O}", mails.ThatPasswordChanged(account.Email, now), ct);
        await db.Commit(ct);
        outbox.Wake();
        return TypedResults.Ok(new Response("Your password is changed. All other devices are signed out."));
    }
}
