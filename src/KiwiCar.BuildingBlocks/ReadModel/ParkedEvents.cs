using KiwiCar.BuildingBlocks.Events;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.ReadModel;

// Events that could not be taken: parked with their error, later ones of their stream held back behind them.
public sealed partial class Subscription
{
    /// <summary>The error of an event that has none itself.</summary>
    internal const string HeldBack = "held back behind an earlier event of its stream";

    /// <summary>Tries what was parked once more, oldest first: at each start (a new version may know more), or when an operator says so.</summary>
    /// <returns>How many events were taken now, and how many stay parked.</returns>
    public async Task<(int Taken, int Parked)> RetryParked(CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var parked = (await db.Query<(long Position, Guid StreamId)>(
            "SELECT position, streamId FROM parked_events WHERE subscription = @name ORDER BY position", new { name }, ct)).ToList();
        var (taken, held) = (0, new HashSet<Guid>());
        foreach (var (position, streamId) in parked.Where(p => !held.Contains(p.StreamId)))
        {
            await Lock(db, ct);
            var stillParked = await db.Execute("DELETE FROM parked_events WHERE subscription = @name AND position = @position", new { name, position }, ct) > 0;
            var e = (await reader.ReadAfter(position - 1, 1, ct)).Events.Single();
            if (!stillParked || await TryOne(e, db, ct))
            {
                await db.Commit(ct);
                taken++;
            }
            else
            {
                await db.Rollback(ct);
                held.Add(streamId);
            }
        }
        return (taken, parked.Count - taken);
    }

    private async Task<bool> TryOne(Recorded e, Database.Lease db, CancellationToken ct)
    {
        try
        {
            var scope = new Scope(newWriter(), db);
            await apply(e, scope, ct);
            foreach (var command in scope.Writer.Commands()) await db.Run(command, ct);
            return true;
        }
        catch (Exception failure) when (IsTheEventsFault(failure))
        {
            return false;
        }
    }

    private async Task<long> ParkAlone(Recorded e, Exception failure, Database.Lease db, CancellationToken ct)
    {
        log.LogError(failure, "{Subscription} parks event {Position} ({Type}) of stream {StreamId}", name, e.Position, e.Type, e.StreamId);
        await Lock(db, ct);
        await Park(e, failure.Message, db, ct);
        await Save(newWriter(), e.Position, db, ct);
        return e.Position;
    }

    private Task Park(Recorded e, string error, Database.Lease db, CancellationToken ct) => db.Execute(
        "INSERT IGNORE INTO parked_events (subscription, position, streamId, type, error) VALUES (@name, @Position, @StreamId, @Type, @error)",
        new { name, e.Position, e.StreamId, e.Type, error }, ct);

    private async Task<HashSet<Guid>> HeldStreams(Database.Lease db, CancellationToken ct) =>
        [.. await db.Query<Guid>("SELECT DISTINCT streamId FROM parked_events WHERE subscription = @name", new { name }, ct)];
}
