using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Identity;

/// <summary>An account as the slices need it that ask for its password once more.</summary>
internal sealed record Account(string Email, string? PasswordHash)
{
    /// <summary>A token outlived its account.</summary>
    public static Rejection Gone() => Rejection.Unauthorized("This account does not exist any more");

    /// <summary>The signed-in person's account, if this is its password; else 403: who holds a stolen token goes no further.</summary>
    public static async Task<Account> WithPassword(CurrentUser user, string password, Passwords passwords, Database database, CancellationToken ct)
    {
        var account = await Find(user.Id, database, ct);
        return await passwords.Matches(password, account.PasswordHash, ct) ? account : throw Rejection.Forbidden("The password is wrong", "INVALID_CREDENTIALS");
    }

    // The connection goes back before the password is compared: it is not held for that quarter of a second.
    private static async Task<Account> Find(Guid id, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return await db.Single<Account>("SELECT email, passwordHash FROM users WHERE id = @id AND closedAt IS NULL", new { id }, ct) ?? throw Gone();
    }
}
