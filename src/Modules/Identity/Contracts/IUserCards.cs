namespace KiwiCar.Identity.Contracts;

/// <summary>What others may see of a person.</summary>
/// <param name="Nickname">"KiwiCar member" where none was given, "Deleted user" where the account is closed; never part of the e-mail.</param>
/// <param name="Phone">Only where the person shows it, and only for signed-in viewers.</param>
/// <param name="MemberSince">The first instant of the month they joined in.</param>
/// <param name="HasLeft">Whether the account is closed.</param>
public sealed record UserCard(Guid Id, string Nickname, string? AvatarUrl, string? Phone, DateTimeOffset MemberSince, bool HasLeft = false);

/// <summary>The questions other modules may ask about people; always for many at once.</summary>
public interface IUserCards
{
    /// <summary>The cards of those that exist.</summary>
    Task<IReadOnlyDictionary<Guid, UserCard>> For(IReadOnlyCollection<Guid> ids, CancellationToken ct);
}

/// <summary>Accounts made by an import, not by their owner.</summary>
public interface IImportedAccounts
{
    /// <summary>The account with this id, made where it is missing: verified, without a password, so that nobody can sign in with it.</summary>
    Task Ensure(Guid id, string email, string nickname, string region, CancellationToken ct);
}

/// <summary>Names of authorization policies: <c>.RequireAuthorization(AccountPolicies.VerifiedEmail)</c>.</summary>
public static class AccountPolicies
{
    /// <summary>Signed in with a verified e-mail address; else 401, or 403 EMAIL_NOT_VERIFIED. For publishing and messaging.</summary>
    public const string VerifiedEmail = "verified-email";
}
