using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Identity;

/// <summary>
/// The people of the Node stack, with their ids and times. They sign in with the password they have: bcrypt hashes are taken as they are.
/// What a person could not say of themselves here is left out, and noted; without a usable id or address there is no account.
/// </summary>
internal sealed partial class MovedUsers(Database database) : IDumpTable
{
    private static readonly Table Users = new("users", FirstWins: true);

    public string Name => "users";

    public IReadOnlyList<string> Columns => ["id", "email", "passwordHash", "createdAt"];

    public bool AfterListings => false;

    public async Task<IReadOnlyList<RowOutcome>> Take(IReadOnlyList<DumpRow> rows, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        var ids = rows.Select(r => r.Id("id")).OfType<Guid>().ToList();
        var before = (await db.Query<Guid>("SELECT id FROM users WHERE id IN @ids", new { ids }, ct)).ToHashSet();
        var (writer, people) = (new Writer([Users]), rows.Select(Person.Of).ToList());
        foreach (var person in people.Where(p => p.Refused is null && !before.Contains(p.Id))) person.Write(writer);
        foreach (var command in writer.Commands()) await db.Run(command, ct);
        // An address that belongs to another account keeps its row out.
        var after = (await db.Query<Guid>("SELECT id FROM users WHERE id IN @ids", new { ids }, ct)).ToHashSet();
        await db.Commit(ct);
        return [.. people.Select(p => p.Refused is not null ? new RowOutcome(p.Refused) : before.Contains(p.Id) ? RowOutcome.There
            : after.Contains(p.Id) ? new RowOutcome(Notes: p.Notes) : new RowOutcome("email belongs to another account"))];
    }

    private sealed class Person
    {
        private readonly Dictionary<string, object?> values = new(StringComparer.Ordinal);

        public Guid Id { get; private init; }

        public string? Refused { get; private init; }

        public List<string> Notes { get; } = [];

        public static Person Of(DumpRow row)
        {
            if (row.Id("id") is not { } id) return new Person { Refused = "id is no UUID" };
            if (!EmailAddress.TryNormalise(row["email"] ?? "", out var email, out _)) return new Person { Refused = "email is no address this API takes" };
            if (row.Time("createdAt") is not { } created) return new Person { Refused = "createdAt is no time" };
            var person = new Person { Id = id };
            person.values["email"] = email;
            person.values["passwordHash"] = person.Kept(row["passwordHash"], Hash.IsMatch, "passwordHash is no bcrypt ($2a$, $2b$, cost 4 to 16): left out, the person asks for a new one");
            person.values["avatarUrl"] = person.Kept(row["avatarUrl"], IImageStorage.CanBe, "avatarUrl is no web address: left out");
            foreach (var field in new[] { "nickname", "region", "phone" }) person.values[field] = person.Said(row, field);
            person.values["showPhone"] = row.Flag("showPhone") ?? false;
            person.values["isVerified"] = row.Flag("isVerified") ?? false;
            person.values["createdAt"] = created;
            person.values["updatedAt"] = row.Time("updatedAt") ?? created;
            return person;
        }

        public void Write(Writer writer) => writer.Insert(Users.Name, Id, [.. values.Select(v => (v.Key, v.Value))]);

        // By the rules of PUT /api/users/me.
        private object? Said(DumpRow row, string field)
        {
            if (row[field] is not { Length: > 0 } text) return null;
            try
            {
                return Input.Of(new JsonObject { [field] = text }).Read(UpdateMe.Validate)[field];
            }
            catch (Rejection)
            {
                Notes.Add($"{field} breaks the rules of the profile: left out");
                return null;
            }
        }

        private string? Kept(string? value, Predicate<string> fits, string otherwise)
        {
            if (value is null || fits(value)) return value;
            Notes.Add(otherwise);
            return null;
        }
    }

    // A cost beyond 16 would let one login hold a thread for a minute.
    [GeneratedRegex(@"\A\$2[ab]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Hash { get; }
}
