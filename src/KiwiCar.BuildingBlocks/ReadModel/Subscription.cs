using KiwiCar.BuildingBlocks.Events;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.ReadModel;

/// <summary>What an event's handling may use: the rows it writes, and the transaction they are written in.</summary>
public sealed record Scope(Writer Writer, Database.Lease Db);

/// <summary>
/// Follows the log and keeps its checkpoint in the transaction of the rows it writes: each event has its effect exactly once. The
/// checkpoint row, locked, is the leader election: any number of processes may run the same subscription. An event that fails three
/// times is parked with its error; later events of that stream are held back behind it, all others go on. Events that do not concern it are passed by
/// without a write; the checkpoint follows within a second or so.
/// </summary>
/// <param name="fromNow">Whether it begins with the events after its first start (reactions) or with the first of all (projections).</param>
/// <param name="watermark">Told how far it is.</param>
/// <param name="timer">What it does by time alone.</param>
/// <param name="written">Called when rows that its writer collected are committed.</param>
public sealed partial class Subscription(
    string name, bool fromNow, Func<Writer> newWriter, Func<Recorded, bool> concerns, Func<Recorded, Scope, CancellationToken, ValueTask> apply,
    Database database, EventReader reader, Watermark watermark, ILogger<Subscription> log, ReactionTimer? timer = null, Action? written = null) : BackgroundService
{
    private const int Batch = 1_000, Tries = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250), FollowWithin = TimeSpan.FromSeconds(1), LeadOfOthers = TimeSpan.FromSeconds(5);

    private long? done;          // where it is; null where only the checkpoint knows
    private long saved, savedAt; // the checkpoint as this process last saw it, and when
    private long ticked;

    public string Name => name;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var db = await database.Open(cancellationToken))
            await db.Execute("INSERT IGNORE INTO checkpoints (name, position) VALUES (@name, @position)",
                new { name, position = fromNow ? reader.Settled.Position : 0 }, cancellationToken);
        var position = await Position(cancellationToken);
        reader.Signal(); // another process may have read further than this one has yet
        await reader.Settled.Reached(position, cancellationToken).WaitAsync(LeadOfOthers, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (position > reader.Settled.Position)
            throw new InvalidOperationException($"{name} has taken events up to position {position}, but the log ends at {reader.Settled.Position}: it was restored from an older backup. "
                + (fromNow ? $"Say that it is up to date: UPDATE checkpoints SET position = {reader.Settled.Position} WHERE name = '{name}'" : $"Build its tables again: kiwicar projections rebuild {name}"));
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Ends, and leaves the checkpoint where it is.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try { await Follow(done ?? saved, cancellationToken); }
        catch (Exception e) { log.LogWarning("{Subscription} takes events again at the next start that do not concern it: {Error}", name, e.Message); }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                done ??= await Resume(stoppingToken);
                await Next(done.Value, stoppingToken);
                var (events, through) = await reader.ReadAfter(done.Value, Batch, stoppingToken);
                if (events.Any(concerns))
                {
                    await using var db = await database.Open(stoppingToken);
                    through = await Take(events, db, stoppingToken);
                }
                watermark.Advance(through);
                done = through;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
            catch (Exception e)
            {
                done = null;
                log.Log(Database.IsPassing(e) ? LogLevel.Warning : LogLevel.Error, e, "{Subscription} stands still, trying again", name);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // Returns when there is an event; until then, what falls due is done. Where events never pause, too.
    private async Task Next(long reached, CancellationToken ct)
    {
        var next = reader.Settled.Reached(reached + 1, ct);
        while (true)
        {
            if (timer is not null && timer.Clock.GetElapsedTime(ticked) >= timer.Period) await Tick(reached, timer, ct);
            if (TimeProvider.System.GetElapsedTime(savedAt) >= FollowWithin) await Follow(reached, ct);
            if (next.IsCompleted || (timer is null && reached <= saved)) break;
            var wait = timer is not null && timer.Period < FollowWithin ? timer.Period : FollowWithin;
            await next.WaitAsync(wait, timer?.Clock ?? TimeProvider.System, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ct.ThrowIfCancellationRequested();
        }
        await next;
    }

    // All up to there that concerns it was taken, by this process or by others: no checkpoint that was moved meanwhile can stand before it.
    private async Task Follow(long reached, CancellationToken ct)
    {
        if (reached <= saved) return;
        await using var db = await database.Open(ct);
        await db.Execute("UPDATE checkpoints SET position = @reached WHERE name = @name AND position >= @saved AND position < @reached", new { name, reached, saved }, ct);
        Saved(reached);
    }

    private void Saved(long position) => (saved, savedAt) = (position, TimeProvider.System.GetTimestamp());

    private async Task Tick(long reached, ReactionTimer due, CancellationToken ct)
    {
        ticked = due.Clock.GetTimestamp();
        var asOf = due.Clock.GetUtcNow() - ReactionTimer.Behind;
        if (reader.Settled.Position > reached) return; // events come first
        await using var db = await database.Open(ct);
        var scope = new Scope(newWriter(), db);
        var checkpoint = await Lock(db, ct);
        if (checkpoint.Position >= saved && checkpoint.Position <= reached && await due.Act(asOf, scope, ct)) await Save(scope.Writer, reached, db, ct);
        else await db.Rollback(ct);
    }

    private async Task<long> Resume(CancellationToken ct)
    {
        await RetryParked(ct);
        var position = await Position(ct);
        Saved(position);
        watermark.Advance(position);
        return position;
    }

    private async Task<long> Position(CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return await db.Single<long>("SELECT position FROM checkpoints WHERE name = @name", new { name }, ct);
    }

    // Takes a batch in one transaction. A batch that fails is halved until the event that cannot be taken stands alone; that one is parked.
    // Returns the position that is done: a later one where another process has gone on.
    private async Task<long> Take(IReadOnlyList<Recorded> events, Database.Lease db, CancellationToken ct, int attempt = 1)
    {
        var checkpoint = await Lock(db, ct);
        if (checkpoint.Position < saved) throw new InvalidOperationException($"The checkpoint of {name} went back from {saved} to {checkpoint.Position}, as by a backup that was restored; its events are taken again from there");
        var rest = events.SkipWhile(e => e.Position <= checkpoint.Position).ToList();
        if (rest.Count == 0) // another process took them
        {
            await db.Rollback(ct);
            Saved(checkpoint.Position);
            return checkpoint.Position;
        }
        var held = checkpoint.Parked == 0 ? [] : await HeldStreams(db, ct);
        if (await TryAll(rest, held, db, ct) is not { } failure) return rest[^1].Position;

        await db.Rollback(ct);
        if (rest.Count > 1)
        {
            var half = rest.Count / 2;
            await Take(rest[..half], db, ct);
            return await Take(rest[half..], db, ct);
        }
        return attempt < Tries ? await Take(rest, db, ct, attempt + 1) : await ParkAlone(rest[0], failure, db, ct);
    }

    private async Task<Exception?> TryAll(List<Recorded> events, HashSet<Guid> held, Database.Lease db, CancellationToken ct)
    {
        try
        {
            var scope = new Scope(newWriter(), db);
            foreach (var e in events.Where(concerns))
            {
                if (held.Contains(e.StreamId)) await Park(e, HeldBack, db, ct);
                else await apply(e, scope, ct);
            }
            await Save(scope.Writer, events[^1].Position, db, ct);
            return null;
        }
        catch (Exception e) when (IsTheEventsFault(e))
        {
            return e;
        }
    }

    private static bool IsTheEventsFault(Exception e) => !Database.IsPassing(e) && e is not OperationCanceledException;

    // The rows, the checkpoint and the commit: one round trip where the rows fit one command.
    private async Task Save(Writer writer, long position, Database.Lease db, CancellationToken ct)
    {
        var last = "";
        foreach (var command in writer.Commands())
        {
            if (last.Length > 0) await db.Run(last, ct);
            last = command;
        }
        await db.Commit(ct, $"{last}UPDATE checkpoints SET position = {position} WHERE name = '{name}'; ");
        Saved(position);
        if (last.Length > 0) written?.Invoke();
    }

    private async Task<Checkpoint> Lock(Database.Lease db, CancellationToken ct) =>
        await db.Begin<Checkpoint>("""
            SELECT position AS Position, (SELECT COUNT(*) FROM parked_events WHERE subscription = @name) AS Parked
            FROM checkpoints WHERE name = @name FOR UPDATE
            """, new { name }, ct) ?? throw new InvalidOperationException($"The checkpoint of {name} is missing");

    private sealed record Checkpoint(long Position, long Parked);
}
