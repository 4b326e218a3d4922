using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>Mails that are due: rows written in the transaction that made them due, sent by <see cref="OutboxSender"/>.</summary>
public sealed class Outbox(TimeProvider clock, IReadOnlyList<IModule> modules)
{
    /// <summary>What a reaction's writer may write.</summary>
    public static readonly Table Table = new("outbox", FirstWins: true);

    private readonly WakeUp due = new();
    private readonly HashSet<string> templates = [.. modules.SelectMany(m => m.Mails)];

    /// <summary>Adds a mail to a reaction's rows. The same <paramref name="cause"/> gives the same row: it cannot be sent twice.</summary>
    /// <param name="cause">What made it due, for instance <c>price-alert:{event id}:{favourite id}</c>.</param>
    public void Add(Writer writer, string cause, Mail mail)
    {
        if (!templates.Contains(mail.Template)) throw new ArgumentException($"No module says that it sends mails '{mail.Template}'", nameof(mail));
        var now = clock.GetUtcNow();
        writer.Insert(Table.Name, KeyOf(cause), ("template", mail.Template), ("receiver", HashOf(mail.To)), ("mail", JsonSerializer.Serialize(mail, MailJson.Default.Mail)),
            ("nextAttemptAt", now), ("createdAt", now));
        Wake();
    }

    /// <summary>Adds a mail in the caller's open transaction.</summary>
    public async Task Add(Database.Lease db, string cause, Mail mail, CancellationToken ct)
    {
        var writer = new Writer([Table]);
        Add(writer, cause, mail);
        foreach (var command in writer.Commands()) await db.Run(command, ct);
    }

    /// <summary>Deletes what is known of mails to an address, sent or not, in the caller's transaction.</summary>
    public static Task Forget(Database.Lease db, string address, CancellationToken ct) =>
        db.Execute("DELETE FROM outbox WHERE receiver = @receiver", new { receiver = HashOf(address) }, ct);

    /// <summary>The job that forgets mails which were sent long ago. Their causes lie behind every checkpoint: none comes again.</summary>
    internal static Job Cleaning(Database database, TimeProvider clock) => new("clean-outbox", "Deletes the rows of mails that were sent over 90 days ago", async ct =>
        $"{await Job.DeleteInSteps(database, "DELETE FROM outbox WHERE state = 'SENT' AND sentAt < @before", new { before = clock.GetUtcNow().AddDays(-90) }, ct)} rows deleted");

    /// <summary>The sender should look: something is due. It looks by itself, too, so a lost call costs a moment only.</summary>
    public void Wake() => due.Set();

    internal Task Due(TimeSpan atMost, CancellationToken ct) => due.Wait(atMost, ct);

    private static string HashOf(string address) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address)));

    private static Guid KeyOf(string cause) => new(SHA256.HashData(Encoding.UTF8.GetBytes(cause)).AsSpan(0, 16));
}

/// <summary>
/// Sends what is due. A row is leased before it is sent (other processes skip it), so a crash in between costs the lease's time and the
/// same key is tried again. A failure is tried again with growing pauses; after a day, or a definite refusal, the row is parked.
/// </summary>
public sealed class OutboxSender(
    Outbox outbox, Database database, IMailer mailer, IEnumerable<IMailFinisher> finishers, TimeProvider clock, ILogger<OutboxSender> log) : BackgroundService
{
    private const int Batch = 10;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60), Poll = TimeSpan.FromMilliseconds(500), GiveUpAfter = TimeSpan.FromHours(24);

    private readonly Dictionary<string, IMailFinisher> finishers = finishers.ToDictionary(f => f.Template, StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await SendDue(stoppingToken) < Batch) await outbox.Due(Poll, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
            catch (Exception e)
            {
                log.LogWarning("The outbox cannot be read now, trying again: {Error}", e.Message);
                await Task.Delay(Poll, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<int> SendDue(CancellationToken ct)
    {
        var rows = await LeaseDue(ct);
        await Task.WhenAll(rows.Select(row => SendOne(row, ct))); // side by side, so that the last is sent well within its lease
        return rows.Count;
    }

    private async Task<List<Row>> LeaseDue(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        var rows = (await db.Query<Row>("""
            SELECT id, mail, attempts, createdAt FROM outbox WHERE state = 'PENDING' AND nextAttemptAt <= @now
            ORDER BY nextAttemptAt LIMIT 10 FOR UPDATE SKIP LOCKED
            """, new { now }, ct)).ToList();
        if (rows.Count > 0)
            await db.Execute("UPDATE outbox SET nextAttemptAt = @until, attempts = attempts + 1 WHERE id IN @ids", new { until = now + Lease, ids = rows.Select(r => r.Id) }, ct);
        await db.Commit(ct);
        return rows;
    }

    private async Task SendOne(Row row, CancellationToken ct)
    {
        var (state, error, next) = ("SENT", (string?)null, clock.GetUtcNow());
        try
        {
            using var budget = CancellationTokenSource.CreateLinkedTokenSource(ct);
            budget.CancelAfter(Lease / 2);
            var mail = JsonSerializer.Deserialize(row.Mail, MailJson.Default.Mail)!;
            var finished = finishers.TryGetValue(mail.Template, out var finisher) ? await finisher.Finish(mail, budget.Token) : mail;
            if (finished is not null) await mailer.Send(row.Id, finished, budget.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            var hopeless = e is MailRefusedException || clock.GetUtcNow() - row.CreatedAt > GiveUpAfter;
            (state, error, next) = (hopeless ? "PARKED" : "PENDING", e.Message, clock.GetUtcNow() + Backoff(row.Attempts));
            log.LogWarning("Mail {Id} was not sent ({State}): {Error}", row.Id, state, e.Message);
        }
        await using var db = await database.Open(ct);
        // What was sent is not kept.
        await db.Execute("""
            UPDATE outbox SET state = @state, lastError = @error, nextAttemptAt = @next, sentAt = IF(@state = 'SENT', @next, NULL), mail = IF(@state = 'SENT', '', mail)
            WHERE id = @Id
            """, new { state, error, next, row.Id }, ct);
    }

    private static TimeSpan Backoff(int attempts) =>
        TimeSpan.FromSeconds(Math.Min(900, Math.Pow(2, attempts))) * (0.75 + Random.Shared.NextDouble() / 2);

    private sealed record Row(Guid Id, string Mail, int Attempts, DateTimeOffset CreatedAt);
}
