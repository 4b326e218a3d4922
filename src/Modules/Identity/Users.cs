using System.CommandLine;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.Identity;

/// <summary><c>kiwicar users</c>: who may do more than others. No client can set a role; this is the only way.</summary>
internal static class Users
{
    private static readonly string[] Roles = ["USER", "DEALER", "MODERATOR", "ADMIN"];

    public static Command Command(Func<IServiceProvider> app)
    {
        var email = new Argument<string>("EMAIL") { Description = "The account's e-mail address" };
        var role = new Argument<string>("ROLE") { Description = string.Join(", ", Roles) }.AcceptOnlyFromAmong(Roles);
        var show = new Command("show", "What an account is: id, role, verified, since when, signed in how often") { email };
        show.SetAction((parsed, ct) => Show(parsed.GetRequiredValue(email), app().GetRequiredService<Database>(), ct));
        var grant = new Command("grant", "Give an account a role; it holds from the next request on") { email, role };
        grant.SetAction((parsed, ct) => Grant(parsed.GetRequiredValue(email), parsed.GetRequiredValue(role), app().GetRequiredService<Database>(), ct));
        var list = new Command("list", "Everybody with a role beyond USER");
        list.SetAction((_, ct) => List(app().GetRequiredService<Database>(), ct));
        return new Command("users", "Look at accounts and give them roles") { show, grant, list };
    }

    private static async Task<int> Show(string email, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var found = await db.Single<Row>("""
            SELECT id, email, role, isVerified, createdAt, (SELECT COUNT(*) FROM sessions WHERE userId = users.id AND endedAt IS NULL AND expiresAt > UTC_TIMESTAMP(3)) AS sessions
            FROM users WHERE email = @email
            """, new { email = Address(email) }, ct) ?? throw NoSuch(email);
        Console.WriteLine($"{found.Id}  {found.Role}  {(found.IsVerified ? "verified" : "not verified")}  since {found.CreatedAt:yyyy-MM-dd}  {found.Sessions} sessions");
        return 0;
    }

    private static async Task<int> Grant(string email, string role, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var before = await db.Begin<string>("SELECT role FROM users WHERE email = @email FOR UPDATE", new { email = Address(email) }, ct) ?? throw NoSuch(email);
        await db.Execute("UPDATE users SET role = @role, updatedAt = UTC_TIMESTAMP(3) WHERE email = @email", new { role, email = Address(email) }, ct);
        await db.Commit(ct);
        Console.WriteLine(before == role ? $"{email} is {role} already" : $"{email} is {role} now, was {before}");
        return 0;
    }

    private static async Task<int> List(Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        foreach (var row in await db.Query<Row>("SELECT id, email, role, isVerified, createdAt, 0 AS sessions FROM users WHERE role <> 'USER' ORDER BY role, email", null, ct))
            Console.WriteLine($"{row.Role,-10} {row.Email}  {row.Id}");
        return 0;
    }

    private static string Address(string email) => EmailAddress.TryNormalise(email, out var address, out var problem) ? address : throw new InvalidOperationException($"{email}: {problem}");

    private static InvalidOperationException NoSuch(string email) => new($"There is no account {email}");

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Email { get; init; } = "";
        public string Role { get; init; } = "";
        public bool IsVerified { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public long Sessions { get; init; }
    }
}
