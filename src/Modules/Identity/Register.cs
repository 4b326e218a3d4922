using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

internal static class Register
{
    public sealed record Request(string Email, string Password, string? Phone = null);

    public sealed record Response(string Message, Guid UserId);

    private const string Sql = """
        INSERT INTO users (id, email, phone, passwordHash, createdAt, updatedAt) VALUES (@id, @Email, @Phone, @hash, @now, @now)
        """;

    public static Request Validate(Input body) => new(
        EmailAddress.Read(body, "email"), Passwords.ReadNew(body, "password"), PhoneNumber.Read(body, "phone"));

    public static async Task<Created<Response>> Handle(
        Input body, Passwords passwords, Database database, EmailVerification verification, Outbox outbox, TimeProvider clock, CancellationToken ct)
    {
        var request = body.Read(Validate);
        var hash = await passwords.Hash(request.Password, ct);
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);

        await using var db = await database.Open(ct);
        await db.Begin(ct);
        // The unique index decides: of registrations at the same time one makes the account. A phone number is nobody's alone (Tables.sql).
        try { await db.Execute(Sql, new { id, request.Email, request.Phone, hash, now }, ct); }
        catch (Exception e) when (Database.IsDuplicate(e))
        {
            await db.Rollback(ct);
            throw Rejection.Conflict("EMAIL_TAKEN", "There is an account with this e-mail address already; sign in, or reset its password");
        }
        await verification.Ask(db, id, request.Email, ct);
        await db.Commit(ct);
        outbox.Wake();
        return TypedResults.Created((string?)null, new Response("Registration successful. Please verify your email.", id));
    }
}
