using KiwiCar.BuildingBlocks.Events;

namespace KiwiCar.BuildingBlocks.ReadModel;

/// <summary>
/// Builds a projection's tables again from the first event, while the old ones serve reads and take writes: replay into shadow tables
/// with a checkpoint of their own, catch up, then swap all of them in one atomic RENAME. Stopped half-way, it goes on where it was, unless
/// the program has changed since.
/// </summary>
public sealed class Rebuild(Projection projection, Database database, EventReader reader)
{
    private const string Next = "__next", Old = "__old";
    private const int Batch = 2_000;
    private readonly string shadow = projection.Name + Next;

    /// <param name="report">Told the position done and the position to reach, after each batch.</param>
    public async Task Run(Action<long, long> report, CancellationToken ct)
    {
        await using var alone = await database.Open(ct);
        if (await alone.Single<int?>("SELECT GET_LOCK(SHA2(CONCAT(DATABASE(), '.', @shadow), 256), 0)", new { shadow }, ct) != 1)
            throw new InvalidOperationException($"A rebuild of {projection.Name} is running already");
        try
        {
            var position = await StartOrResume(ct);
            for (var live = await LivePosition(ct); position < live; live = await LivePosition(ct))
                position = await Replay(position, live, report, ct);
            await CatchUpAndSwap(position, report, ct);
        }
        finally
        {
            await alone.Execute("DO RELEASE_LOCK(SHA2(CONCAT(DATABASE(), '.', @shadow), 256))", new { shadow }, CancellationToken.None);
        }
    }

    private async Task<long> StartOrResume(CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var build = projection.Build;
        var begun = await db.Single<long?>("SELECT position FROM checkpoints WHERE name = @shadow AND build = @build", new { shadow, build }, ct);
        var tables = await db.Single<long>("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN @names",
            new { names = projection.Tables.Select(t => t.Name + Next) }, ct);
        if (begun is { } position && tables == projection.Tables.Count) return position;
        await Drop(Next, db, ct);
        await Drop(Old, db, ct);
        foreach (var create in projection.Definitions(Next)) await db.Run(create, ct);
        await db.Execute("DELETE FROM parked_events WHERE subscription = @shadow", new { shadow }, ct);
        await db.Execute("REPLACE INTO checkpoints (name, position, build) VALUES (@shadow, 0, @build)", new { shadow, build }, ct);
        return 0;
    }

    private async Task<long> Replay(long position, long live, Action<long, long> report, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        HashSet<Guid> held = [.. await db.Query<Guid>("SELECT DISTINCT streamId FROM parked_events WHERE subscription = @shadow", new { shadow }, ct)];
        var next = Prepare(position, live, held, ct);
        while (position < live)
        {
            var batch = await next;
            if (batch.Through < live) next = Prepare(batch.Through, live, held, ct); // while this one is written
            await Write(batch, db, ct);
            position = batch.Through;
            report(position, live);
        }
        return position;
    }

    private Task<Prepared> Prepare(long position, long live, HashSet<Guid> held, CancellationToken ct) => Task.Run(async () =>
    {
        var batch = await reader.ReadAfter(position, Batch, ct);
        var (writer, failed) = (new Writer(projection.Tables, Next), new List<(Recorded, string)>());
        foreach (var e in batch.Events.Where(e => e.Position <= live))
        {
            if (Apply(e, writer, held) is not { } error) continue;
            held.Add(e.StreamId);
            failed.Add((e, error));
        }
        return new Prepared([.. writer.Commands()], failed, Math.Min(live, batch.Through));
    }, ct);

    private async Task Write(Prepared batch, Database.Lease db, CancellationToken ct)
    {
        await db.Begin(ct);
        foreach (var command in batch.Commands) await db.Run(command, ct);
        foreach (var (e, error) in batch.Failed)
            await db.Execute("INSERT INTO parked_events (subscription, position, streamId, type, error) VALUES (@shadow, @Position, @StreamId, @Type, @error)",
                new { shadow, e.Position, e.StreamId, e.Type, error }, ct);
        await db.Execute("UPDATE checkpoints SET position = @Through WHERE name = @shadow", new { batch.Through, shadow }, ct);
        await db.Commit(ct);
    }

    private string? Apply(Recorded e, Writer writer, HashSet<Guid> held)
    {
        if (held.Contains(e.StreamId)) return Subscription.HeldBack;
        try
        {
            projection.Apply(e, writer);
            return null;
        }
        catch (Exception failure)
        {
            return failure.Message;
        }
    }

    // The live checkpoint is held locked meanwhile, so both sides stand at the same event when the names change; a crash at any point
    // leaves either the old tables or the new ones, each true to that checkpoint.
    private async Task CatchUpAndSwap(long position, Action<long, long> report, CancellationToken ct)
    {
        await using var held = await database.Open(ct);
        var live = await held.Begin<long>("SELECT position FROM checkpoints WHERE name = @Name FOR UPDATE", new { projection.Name }, ct);
        if (live > reader.Settled.Position) // the log was restored from a backup older than the tables: they begin anew at what it holds
        {
            live = reader.Settled.Position;
            await held.Execute("UPDATE checkpoints SET position = @live WHERE name = @Name", new { projection.Name, live }, ct);
        }
        await Replay(position, live, report, ct);
        await using (var db = await database.Open(ct))
        {
            await db.Run("RENAME TABLE " + string.Join(", ", projection.Tables.SelectMany(t => new[]
            {
                $"`{t.Name}` TO `{t.Name}{Old}`", $"`{t.Name}{Next}` TO `{t.Name}`",
            })), ct);
        }
        await held.Execute("DELETE FROM parked_events WHERE subscription = @Name AND position <= @live", new { projection.Name, live }, ct);
        await held.Execute("UPDATE parked_events SET subscription = @Name WHERE subscription = @shadow", new { projection.Name, shadow }, ct);
        await held.Execute("DELETE FROM checkpoints WHERE name = @shadow", new { shadow }, ct);
        await held.Commit(ct);
        await Drop(Old, held, ct);
    }

    private async Task<long> LivePosition(CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return Math.Min(reader.Settled.Position, await db.Single<long>("SELECT position FROM checkpoints WHERE name = @Name", new { projection.Name }, ct));
    }

    private async Task Drop(string suffix, Database.Lease db, CancellationToken ct)
    {
        foreach (var table in projection.Tables.Reverse()) await db.Run($"DROP TABLE IF EXISTS `{table.Name}{suffix}`", ct);
    }

    private sealed record Prepared(IReadOnlyList<string> Commands, IReadOnlyList<(Recorded Event, string Error)> Failed, long Through);
}
