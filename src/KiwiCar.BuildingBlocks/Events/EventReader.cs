using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>A run of events in log order, and the position up to which the log holds no others.</summary>
public sealed record EventBatch(IReadOnlyList<Recorded> Events, long Through);

/// <summary>
/// The one ordered reader of a process. It finds out how far the log is <em>settled</em>: no event can appear at or below that
/// position any more. Everybody else reads up to there, from memory if they are close, else from the table with a plain query.
/// </summary>
/// <remarks>
/// A number is drawn before its transaction commits, so a lower number can become visible after a higher one. Every append therefore
/// takes <see cref="EventStore.FenceLock"/> shared before it draws. The reader delivers the contiguous run; at a hole it looks again
/// after a moment, then asks who holds the lock now and waits until those have let go: whoever had drawn the missing number has
/// then ended. What is still missing at or below the highest number seen before that question never comes. No clock is involved.
/// </remarks>
public sealed class EventReader(EventConnections connections, EventTypes types, ILogger<EventReader> log) : BackgroundService
{
    private const int Page = 2_000;
    private const int Remembered = 8_192;
    private static readonly TimeSpan HoleLook = TimeSpan.FromMilliseconds(1.5), HolePatience = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private readonly Watermark settled = new();
    private readonly Lock gate = new();
    private readonly List<Recorded> recent = [];
    private readonly WakeUp wake = new();
    private long recentAfter;   // the list holds every event in (recentAfter, settled]
    private long fenced;        // holes at or below are dead

    /// <summary>How far the log is known to be complete.</summary>
    public Watermark Settled => settled;

    /// <summary>How often a hole outlived patience and had to be fenced; for tests and metrics.</summary>
    public long Fences { get; private set; }

    /// <summary>Something was appended: look now.</summary>
    public void Signal() => wake.Set();

    /// <summary>The next events after <paramref name="position"/>, at most <paramref name="max"/>; none where all settled events were read.</summary>
    public async Task<EventBatch> ReadAfter(long position, int max, CancellationToken ct)
    {
        long through;
        lock (gate)
        {
            through = settled.Position;
            if (position >= recentAfter)
            {
                var start = IndexAfter(position);
                var near = recent.GetRange(start, Math.Min(max, recent.Count - start));
                return new EventBatch(near, near.Count == max ? near[^1].Position : Math.Max(through, position));
            }
        }
        var events = await Query(position, through, max, ct);
        return new EventBatch(events, events.Count == max ? events[^1].Position : through);
    }

    /// <summary>Settles what the log holds now, then keeps up. The host is started only when the first step is done.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        var fence = await RaiseFence(cancellationToken);
        while (!await fence.IsDown(cancellationToken)) await Task.Delay(HoleLook, cancellationToken);
        recentAfter = fenced = fence.Head;
        settled.Advance(fence.Head);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await Advance(stoppingToken)) { }
                await wake.Wait(PollInterval, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
            catch (Exception e)
            {
                log.LogWarning(e, "The event log cannot be read now, trying again");
                await Task.Delay(PollInterval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // One look past the settled position; true where there may be more at once.
    private async Task<bool> Advance(CancellationToken ct)
    {
        var began = TimeProvider.System.GetTimestamp();
        Fence? fence = null;
        while (true)
        {
            var fenceIsDown = fence is not null && await fence.IsDown(ct);
            var seen = await Query(settled.Position, long.MaxValue, Page, ct);
            if (fenceIsDown) fenced = Math.Max(fenced, fence!.Head); // what this look did not find will never come
            var run = CompleteRun(seen);
            var through = run.Count > 0 ? run[^1].Position : settled.Position;
            if (run.Count == seen.Count && seen.Count < Page) through = Math.Max(through, fenced);
            if (through > settled.Position)
            {
                Deliver(run, through);
                return run.Count < seen.Count || seen.Count == Page; // what is committed after this look says so
            }
            if (seen.Count == 0) return false;
            if (fence is null && TimeProvider.System.GetElapsedTime(began) >= HolePatience) fence = await RaiseFence(ct);
            else await Task.Delay(HoleLook, ct);
        }
    }

    private List<Recorded> CompleteRun(List<Recorded> seen)
    {
        var next = settled.Position + 1;
        var complete = 0;
        while (complete < seen.Count && (seen[complete].Position == next || seen[complete].Position <= fenced))
            next = seen[complete++].Position + 1;
        return complete == seen.Count ? seen : seen[..complete];
    }

    private void Deliver(List<Recorded> run, long through)
    {
        lock (gate)
        {
            recent.AddRange(run);
            if (recent.Count > 2 * Remembered)
            {
                var forget = recent.Count - Remembered;
                recentAfter = recent[forget - 1].Position;
                recent.RemoveRange(0, forget);
            }
        }
        settled.Advance(through);
    }

    private int IndexAfter(long position)
    {
        var (low, high) = (0, recent.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (recent[middle].Position <= position) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    // First the highest number visible, then who holds the lock: in this order.
    private async Task<Fence> RaiseFence(CancellationToken ct)
    {
        await using var highest = connections.Reads.CreateCommand("SELECT coalesce(max(seq_id), 0) FROM events.mt_events");
        var head = (long)(await highest.ExecuteScalarAsync(ct))!;
        Fences++;
        return new Fence(head, await Holders(ct), Holders);
    }

    private async Task<string[]> Holders(CancellationToken ct)
    {
        await using var holders = connections.Reads.CreateCommand("""
            SELECT coalesce(array_agg(virtualtransaction), '{}') FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND mode = 'ShareLock' AND objsubid = 1
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (classid::bigint << 32 | objid::bigint) = $1
            """);
        holders.Parameters.Add(new NpgsqlParameter<long> { TypedValue = EventStore.FenceLock });
        return (string[])(await holders.ExecuteScalarAsync(ct))!;
    }

    private async Task<List<Recorded>> Query(long after, long through, int max, CancellationToken ct)
    {
        await using var command = connections.Reads.CreateCommand(
            RecordedSql.Select + " WHERE e.seq_id > $1 AND e.seq_id <= $2 ORDER BY e.seq_id LIMIT $3");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = through });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = max });
        return await RecordedSql.Read(command, types, ct);
    }

    /// <summary>Down once everybody has ended who might have drawn a number at or below <see cref="Head"/> before it was raised.</summary>
    private sealed class Fence(long head, string[] holders, Func<CancellationToken, Task<string[]>> holdersNow)
    {
        private readonly HashSet<string> mayStillCommit = [.. holders];

        public long Head => head;

        public async Task<bool> IsDown(CancellationToken ct)
        {
            if (mayStillCommit.Count > 0) mayStillCommit.IntersectWith(await holdersNow(ct));
            return mayStillCommit.Count == 0;
        }
    }
}
