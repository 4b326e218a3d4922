using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>Mails that are due: rows written in the transaction that made them due, sent by <see cref="OutboxSender"/>.</summary>
public sealed class Outbox(TimeProvider clock, IReadOnlyList<IModule> modules)
{
    /// <summary>What a reaction's writer may write.</summary>
    public static readonly Table Table = new("outbox", FirstWins: true);

    private readonly WakeUp due = new();
    private readonly Dictionary<string, MailTemplate> templates = modules.SelectMany(m => m.Mails).ToDictionary(t => t.Name, StringComparer.Ordinal);

    /// <summary>The kinds of which nobody gets two.</summary>
    internal IEnumerable<string> OnlyOnce => templates.Values.Where(t => t.Once).Select(t => t.Name);

    /// <summary>Adds a mail to a reaction's rows. The same <paramref name="cause"/> gives the same row: it cannot be sent twice.</summary>
    /// <param name="cause">What made it due, for instance <c>price-alert:{event id}:{favourite id}</c>.</param>
    public void Add(Writer writer, string cause, Mail mail)
    {
        if (!templates.ContainsKey(mail.Template)) throw new ArgumentException($"No module says that it sends mails '{mail.Template}'", nameof(mail));
        var now = clock.GetUtcNow();
        writer.Insert(Table.Name, KeyOf(cause), ("template", mail.Template), ("receiver", HashOf(mail.To)), ("mail", JsonSerializer.Serialize(mail, MailJson.Default.Mail)),
            ("nextAttemptAt", now), ("createdAt", now));
    }

    /// <summary>Adds a mail in the caller's open transaction, who calls <see cref="Wake"/> after its commit.</summary>
    public async Task Add(Database.Lease db, string cause, Mail mail, CancellationToken ct)
    {
        var writer = new Writer([Table]);
        Add(writer, cause, mail);
        foreach (var command in writer.Commands()) await db.Run(command, ct);
    }

    /// <summary>Deletes what is known of mails to an address, or to a person's id (<see cref="Mail.Draft"/>), sent or not, in the caller's transaction.</summary>
    public static Task Forget(Database.Lease db, string to, CancellationToken ct) =>
        db.Execute("DELETE FROM outbox WHERE receiver = @receiver", new { receiver = HashOf(to) }, ct);

    /// <summary>The job that forgets mails which were sent long ago. Their causes lie behind every checkpoint: none comes again.</summary>
    internal static Job Cleaning(Database database, TimeProvider clock) => new("clean-outbox", "Deletes the rows of mails that were sent over 90 days ago, and what the provider told of them", async ct =>
    {
        var old = new { before = clock.GetUtcNow().AddDays(-90) };
        var mails = await Job.DeleteInSteps(database, "DELETE FROM outbox WHERE state = 'SENT' AND sentAt < @before", old, ct);
        return $"{mails} mails and {await Job.DeleteInSteps(database, "DELETE FROM mail_events WHERE happenedAt < @before", old, ct)} words on mails deleted";
    });

    /// <summary>The sender should look: what is due is committed. It looks by itself, too, so a lost call costs a moment only.</summary>
    public void Wake() => due.Set();

    internal Task Due(TimeSpan atMost, CancellationToken ct) => due.Wait(atMost, ct);

    private static string HashOf(string to) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(to)));

    private static Guid KeyOf(string cause) => new(SHA256.HashData(Encoding.UTF8.GetBytes(cause)).AsSpan(0, 16));
}
