using System.Text;
using System.Text.Json;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>
/// Sends what is due. A row is leased before it is sent, so other processes skip it, and every try has a number, so a late one changes nothing.
/// What was not taken is tried again with growing pauses; after a day, or a definite refusal, it is parked for an operator.
/// </summary>
/// <remarks>
/// Where nobody knows whether the provider took a mail (no answer came, or the process died), the rule of its template decides. A template of which nobody
/// may get two waits as UNCLEAR for the provider's word for <paramref name="settle"/>: with it the mail was sent, without it was not, and is tried again.
/// A provider that sends no word: parked. All others are sent again. Word that came while nobody listened is told again, so after a start, or a long outage, it waits anew.
/// </remarks>
public sealed class OutboxSender(
    Outbox outbox, Database database, IMailer mailer, IEnumerable<IMailFinisher> finishers, TimeSpan settle, TimeProvider clock, ILogger<OutboxSender> log) : BackgroundService, IDoorState
{
    private const int Slots = 32, LeastFree = 8, FailuresToDoubt = 5, LastTries = 5, MostOfAnError = 2_000;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500), SettleEvery = TimeSpan.FromSeconds(1), GiveUpAfter = TimeSpan.FromHours(24), LongestPause = TimeSpan.FromHours(1);

    // What was leased and not finished when its lease ran out, and what was unclear and still is.
    private const string SettleSql = """
        UPDATE outbox SET state = 'PENDING', nextAttemptAt = @now WHERE state = 'SENDING' AND nextAttemptAt <= @now AND (@again OR template NOT IN @once);
        UPDATE outbox SET state = @doubted, nextAttemptAt = @later, lastError = 'The sender ended before the answer was noted: it may have been sent' WHERE state = 'SENDING' AND nextAttemptAt <= @now;
        UPDATE outbox SET state = @silent, nextAttemptAt = @now WHERE state = 'UNCLEAR' AND nextAttemptAt <= @now
        """;

    private const string ListenAnewSql = "UPDATE outbox SET nextAttemptAt = @later WHERE state = 'UNCLEAR' AND nextAttemptAt < @later";

    private readonly Dictionary<string, IMailFinisher> finishers = finishers.ToDictionary(f => f.Template, StringComparer.Ordinal);
    private readonly string[] once = [.. outbox.OnlyOnce.DefaultIfEmpty("")];
    private readonly TimeSpan lease = 3 * mailer.Patience;
    private int failures; // in a row

    public string Name => "mail";

    public bool Works => Volatile.Read(ref failures) < FailuresToDoubt;

    /// <summary>What becomes of a mail of which nobody gets two, where it is not known whether it was taken.</summary>
    private string Doubted => mailer.SendsWord ? "UNCLEAR" : "PARKED";

    /// <summary>When word, or that there is none, will have settled it; a parked mail is parked now.</summary>
    private DateTimeOffset Known(DateTimeOffset now) => mailer.SendsWord ? now + settle : now;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var underway = new List<Task<Done>>(Slots);
        Task? due = null;
        long? settled = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var free = Slots - underway.Count(t => !t.IsCompleted);
                var leasedAt = clock.GetTimestamp();
                var rows = await NoteAndLease(underway, free < LeastFree ? 0 : free, stoppingToken);
                underway.AddRange(rows.Select(row => SendOne(row, leasedAt)));
                // After what is known was noted. Where it could not be for long, the provider's word came in vain, too.
                if (settled is null || clock.GetElapsedTime(settled.Value) >= SettleEvery)
                {
                    await Settle(listenAnew: settled is null || clock.GetElapsedTime(settled.Value) >= lease, stoppingToken);
                    settled = clock.GetTimestamp();
                }
                if (free >= LeastFree && rows.Count == free) continue;
                due ??= outbox.Due(Poll, stoppingToken);
                await Task.WhenAny([.. underway, due]);
                if (due.IsCompleted) due = null;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
            catch (Exception e)
            {
                log.LogWarning("The outbox cannot be read now, trying again: {Error}", e.Message);
                await Task.Delay(Poll, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        await FinishAndNote(underway);
    }

    // What has begun to leave when the host stops.
    private async Task FinishAndNote(List<Task<Done>> underway)
    {
        for (var failed = 0; underway.Count > 0;)
        {
            await Task.WhenAny(underway);
            try
            {
                await NoteAndLease(underway, 0, CancellationToken.None);
            }
            catch (Exception e) when (++failed < LastTries)
            {
                log.LogWarning("What became of the last {Count} mails cannot be noted now, trying again: {Error}", underway.Count, e.Message);
                await Task.Delay(Poll);
            }
            catch (Exception e)
            {
                log.LogWarning("What became of the last {Count} mails cannot be noted, their leases settle it: {Error}", underway.Count, e.Message);
                return;
            }
        }
    }

    private async Task Settle(bool listenAnew, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await database.Open(ct);
        if (listenAnew) await db.Execute(ListenAnewSql, new { later = now + settle }, ct);
        await db.Execute(SettleSql, new { now, later = Known(now), again = mailer.KnowsTheKey, once, doubted = Doubted, silent = mailer.SendsWord ? "PENDING" : "PARKED" }, ct);
    }

    // One transaction for whatever has ended since the last one: notes are many where mails are. Who is noted is no longer underway.
    private async Task<List<Row>> NoteAndLease(List<Task<Done>> underway, int most, CancellationToken ct)
    {
        var ended = underway.FindAll(t => t.IsCompleted);
        if (ended.Count == 0 && most == 0) return [];
        var now = clock.GetUtcNow();
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        if (ended.Count > 0) await db.Run(Notes(ended.Select(t => t.Result)), ct);
        var rows = most == 0 ? [] : (await db.Query<Row>("""
            SELECT id, template, mail, attempts, createdAt FROM outbox WHERE state = 'PENDING' AND nextAttemptAt <= @now
            ORDER BY nextAttemptAt LIMIT @most FOR UPDATE SKIP LOCKED
            """, new { now, most }, ct)).ToList();
        if (rows.Count > 0)
            await db.Execute("UPDATE outbox SET state = 'SENDING', nextAttemptAt = @until, attempts = attempts + 1 WHERE id IN @ids", new { until = now + lease, ids = rows.Select(r => r.Id) }, ct);
        await db.Commit(CancellationToken.None); // half cancelled, nobody would know what is leased
        underway.RemoveAll(ended.Contains);
        return rows;
    }

    // Only what this very try has leased. What was sent is not kept.
    private static string Notes(IEnumerable<Done> ended)
    {
        var sql = new StringBuilder();
        foreach (var (row, (state, error, next)) in ended)
        {
            SqlLiteral.Append(sql.Append("UPDATE outbox SET state = "), state);
            SqlLiteral.Append(sql.Append(", nextAttemptAt = "), next);
            SqlLiteral.Append(sql.Append(", lastError = "), error is { Length: > MostOfAnError } ? error[..MostOfAnError] : error);
            if (state == "SENT") SqlLiteral.Append(sql.Append(", mail = '', sentAt = "), next);
            SqlLiteral.Append(sql.Append(" WHERE id = "), row.Id);
            SqlLiteral.Append(sql.Append(" AND state = 'SENDING' AND attempts = "), row.Attempts + 1);
            sql.Append("; ");
        }
        return sql.ToString();
    }

    private async Task<Done> SendOne(Row row, long leasedAt) => new(row, await Try(row, leasedAt));

    private async Task<Outcome> Try(Row row, long leasedAt)
    {
        try
        {
            using var budget = new CancellationTokenSource(mailer.Patience + mailer.Patience / 2);
            var mail = await Finished(JsonSerializer.Deserialize(row.Mail, MailJson.Default.Mail)!, budget.Token);
            if (mail is null) return new("SENT", "Not sent: there is nobody any more who is to get it", clock.GetUtcNow());
            if (clock.GetElapsedTime(leasedAt) > lease / 2) throw new MailDeferredException("This machine stood still, and another may have taken it over");
            await mailer.Send(row.Id, mail, budget.Token);
            Volatile.Write(ref failures, 0);
            return new("SENT", null, clock.GetUtcNow());
        }
        catch (Exception e)
        {
            if (e is not MailRefusedException) Interlocked.Increment(ref failures);
            var outcome = After(row, e);
            log.LogWarning("Mail {Id} ({Template}) is {State}: {Error}", row.Id, row.Template, outcome.State, e.Message);
            return outcome;
        }
    }

    // Whatever fails here, nothing has left.
    private async ValueTask<Mail?> Finished(Mail draft, CancellationToken ct)
    {
        if (!finishers.TryGetValue(draft.Template, out var finisher)) return draft;
        try { return await finisher.Finish(draft, ct); }
        catch (Exception e) { throw new MailDeferredException($"It could not be completed: {e.Message}"); }
    }

    private Outcome After(Row row, Exception e)
    {
        var now = clock.GetUtcNow();
        if (e is MailRefusedException) return new("PARKED", e.Message, now);
        var givenUp = now - row.CreatedAt > GiveUpAfter;
        if (e is not MailDeferredException && !mailer.KnowsTheKey && once.Contains(row.Template))
            return givenUp ? new("PARKED", $"Given up after a day, it may have been sent: {e.Message}", now) : new(Doubted, $"It may have been sent: {e.Message}", Known(now));
        if (givenUp) return new("PARKED", $"Given up after a day: {e.Message}", now);
        var asked = (e as MailDeferredException)?.RetryAfter is { } wait && wait > TimeSpan.Zero ? wait < LongestPause ? wait : LongestPause : TimeSpan.Zero;
        return new("PENDING", e.Message, now + asked + Backoff(row.Attempts));
    }

    private static TimeSpan Backoff(int attempts) =>
        TimeSpan.FromSeconds(Math.Min(900, Math.Pow(2, attempts))) * (0.75 + Random.Shared.NextDouble() / 2);

    private sealed record Row(Guid Id, string Template, string Mail, int Attempts, DateTimeOffset CreatedAt);

    private sealed record Done(Row Row, Outcome Outcome);

    private sealed record Outcome(string State, string? Error, DateTimeOffset Next);
}
