using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

internal static class ResendVerification
{
    public sealed record Response(string Message);

    public static async Task<Ok<Response>> Handle(CurrentUser user, Database database, EmailVerification verification, Outbox outbox, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        // The row's lock makes calls at the same time take turns: one link works, the last.
        var person = await db.Begin<Row>("SELECT email, isVerified FROM users WHERE id = @Id FOR UPDATE", new { user.Id }, ct) ?? throw Account.Gone();
        if (!person.IsVerified) await verification.Ask(db, user.Id, person.Email, ct);
        await db.Commit(ct);
        if (person.IsVerified) return TypedResults.Ok(new Response("Your email address is verified already."));
        outbox.Wake();
        return TypedResults.Ok(new Response("Verification email sent. Its link replaces earlier ones."));
    }

    private sealed record Row(string Email, bool IsVerified);
}
