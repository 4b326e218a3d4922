using System.Collections.Concurrent;
using Npgsql;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>Order without loss: what the one ordered reader promises, under writers that are slow, give up and die.</summary>
public sealed class EventReaderTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Writers = 32, Appends = 500;
    private readonly EventLog log = new();

    public Task InitializeAsync() => log.InitializeAsync();

    public Task DisposeAsync() => log.DisposeAsync();

    [Fact]
    public async Task Readers_see_every_committed_event_once_and_in_order_where_a_plain_reader_loses_some()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var committed = new ConcurrentDictionary<Guid, byte>();
        using var writing = new CancellationTokenSource();
        var plain = PlainReader(writing.Token);
        var first = await log.StartReader();
        var writers = Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Write(w, new Random(seed + w), committed)));
        await Task.Delay(500);
        var second = await log.StartReader();
        await Task.Delay(1_000);
        var third = await log.StartReader();
        await writers;
        var last = await Highest();

        foreach (var reader in new[] { first, second, third })
        {
            var seen = await EventLog.ReadAll(reader, last).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(committed.Count, seen.Count);
            Assert.True(seen.Select(e => e.EventId).ToHashSet().SetEquals(committed.Keys), "every committed event, and no other");
            Assert.True(seen.Zip(seen.Skip(1)).All(p => p.First.Position < p.Second.Position), "ascending positions");
            foreach (var stream in seen.GroupBy(e => e.StreamId))
                Assert.Equal(Enumerable.Range(1, stream.Count()).Select(v => (long)v), stream.Select(e => e.Version));
        }

        // The test of the test: whoever reads past the highest number seen loses what commits late.
        await writing.CancelAsync();
        var plainlySeen = await plain;
        output.WriteLine($"committed {committed.Count}, numbers drawn {last}, a plain reader saw {plainlySeen.Count}, fences {first.Fences}/{second.Fences}/{third.Fences}");
        Assert.True(plainlySeen.Count < committed.Count, "a plain reader must lose events here, or this test proves nothing");
    }

    [Fact]
    public async Task A_replay_over_old_holes_fences_once()
    {
        for (var i = 0; i < 200; i++) await AppendAndRollBack(Guid.NewGuid(), i);
        for (var i = 0; i < 50; i++)
        {
            await log.Store.Append("thing", Guid.NewGuid(), 0, [new ThingHappened(0, i)], default);
            await AppendAndRollBack(Guid.NewGuid(), i);
        }
        await log.Store.Append("thing", Guid.NewGuid(), 0, [new ThingHappened(0, 50)], default);

        var reader = await log.StartReader();
        var seen = await EventLog.ReadAll(reader, await Highest()).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(51, seen.Count);
        Assert.Equal(1, reader.Fences);
    }

    [Fact]
    public async Task A_hole_holds_the_reader_until_its_transaction_ends_and_no_longer()
    {
        var reader = await log.StartReader();
        await using var connection = await log.Connections.Appends.OpenConnectionAsync();
        await using var slow = await connection.BeginTransactionAsync();
        await Append(connection, Guid.NewGuid(), 0, new ThingHappened(1, 1));
        var later = await log.Store.Append("thing", Guid.NewGuid(), 0, [new ThingHappened(2, 1)], default);
        reader.Signal();
        await Task.Delay(300);
        Assert.True(reader.Settled.Position < later, "the later event waits for the earlier number");

        await slow.CommitAsync();
        await reader.Settled.Reached(later!.Value, default).WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal([1, 2], (await EventLog.ReadAll(reader, later.Value)).Select(e => ((ThingHappened)e.Data!).Writer));
    }

    [Fact]
    public async Task A_number_that_never_comes_is_passed_although_writers_go_on()
    {
        var reader = await log.StartReader();
        await AppendAndRollBack(Guid.NewGuid(), 1);
        var later = await log.Store.Append("thing", Guid.NewGuid(), 0, [new ThingHappened(2, 1)], default);
        reader.Signal();
        await reader.Settled.Reached(later!.Value, default).WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Single(await EventLog.ReadAll(reader, later.Value));
    }

    [Fact]
    public async Task A_lost_race_draws_no_number()
    {
        var stream = Guid.NewGuid();
        await log.Store.Append("thing", stream, 0, [new ThingHappened(1, 1)], default);
        for (var i = 0; i < 10; i++) Assert.Null(await log.Store.Append("thing", stream, 0, [new ThingHappened(1, 2)], default));
        for (var i = 0; i < 10; i++) Assert.Null(await log.Store.Append("thing", stream, 7, [new ThingHappened(1, 2)], default));
        Assert.Equal(2, await log.Store.Append("thing", stream, 1, [new ThingHappened(1, 2)], default));
    }

    private async Task Write(int writer, Random random, ConcurrentDictionary<Guid, byte> committed)
    {
        var (stream, version) = (Guid.NewGuid(), 0L);
        for (var n = 0; n < Appends; n++)
        {
            try
            {
                await using var connection = await log.Connections.Appends.OpenConnectionAsync();
                await using var transaction = await connection.BeginTransactionAsync();
                var id = await Append(connection, stream, version, new ThingHappened(writer, n));
                if (random.Next(3) == 0) await Task.Delay(random.Next(8));
                if (random.Next(800) == 0) await Kill(connection.ProcessID); // rarely: each empties the whole pool, and to fill it again is most of the time
                if (random.Next(10) == 0)
                {
                    await transaction.RollbackAsync();
                    continue;
                }
                await transaction.CommitAsync();
                committed[id] = 0;
                version++;
            }
            catch (NpgsqlException) { } // killed, and undone by the server
        }
    }

    private async Task<Guid> Append(NpgsqlConnection connection, Guid stream, long version, ThingHappened e)
    {
        await using var batch = log.Store.AppendBatch("thing", stream, version, [e], DateTimeOffset.UtcNow);
        batch.Connection = connection;
        await batch.ExecuteNonQueryAsync();
        return ((Guid[])batch.BatchCommands[0].Parameters[4].Value!)[0];
    }

    private async Task AppendAndRollBack(Guid stream, int number)
    {
        await using var connection = await log.Connections.Appends.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Append(connection, stream, 0, new ThingHappened(0, number));
        await transaction.RollbackAsync();
    }

    private async Task Kill(int processId)
    {
        await using var kill = log.Connections.Reads.CreateCommand($"SELECT pg_terminate_backend({processId})");
        await kill.ExecuteScalarAsync();
    }

    private async Task<long> Highest()
    {
        await using var highest = log.Connections.Reads.CreateCommand("SELECT max(seq_id) FROM events.mt_events");
        return (long)(await highest.ExecuteScalarAsync())!;
    }

    private async Task<HashSet<Guid>> PlainReader(CancellationToken until)
    {
        var (seen, after) = (new HashSet<Guid>(), 0L);
        while (true)
        {
            var stopping = until.IsCancellationRequested;
            await using (var next = log.Connections.Reads.CreateCommand($"SELECT seq_id, id FROM events.mt_events WHERE seq_id > {after} ORDER BY seq_id"))
            await using (var row = await next.ExecuteReaderAsync(CancellationToken.None))
            {
                while (await row.ReadAsync(CancellationToken.None))
                {
                    after = row.GetInt64(0);
                    seen.Add(row.GetGuid(1));
                }
            }
            if (stopping) return seen;
            await Task.Delay(2, CancellationToken.None);
        }
    }
}
