using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

public sealed class SubscriptionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ReadModels models = new();

    public Task InitializeAsync() => models.InitializeAsync();

    public Task DisposeAsync() => models.DisposeAsync();

    [Fact]
    public async Task Rows_and_checkpoint_follow_the_log()
    {
        var (_, done) = await models.Follow(ReadModels.Things());
        var stream = Guid.NewGuid();
        await models.Append(stream, 0, new ThingHappened(1, 1));
        var last = await models.Append(stream, 1, new ThingHappened(1, 2), new ThingEnded("it's \\ over'; 車 🚗"));

        await done.Reached(last, default).WaitAsync(Patience);
        Assert.Equal(last, await models.Ask<long>("SELECT position FROM checkpoints WHERE name = 'things'"));
        Assert.Equal(2, await models.Ask<long>("SELECT COUNT(*) FROM things WHERE streamId = @stream", new { stream }));
        Assert.Equal("it's \\ over'; 車 🚗", await models.Ask<string>("SELECT why FROM thing_streams WHERE id = @stream AND version = 3 AND number = 2", new { stream }));
    }

    [Fact]
    public async Task A_poison_event_is_parked_its_stream_held_back_and_all_others_go_on_until_it_can_be_taken()
    {
        var (sick, healthy) = (Guid.NewGuid(), Guid.NewGuid());
        for (var n = 0; n < 40; n++)
        {
            await models.Append(sick, n, new ThingHappened(1, n));
            await models.Append(healthy, n, new ThingHappened(2, n));
        }
        var tries = 0;
        bool Poison(ThingHappened e) => e is { Writer: 1, Number: 7 } && Interlocked.Increment(ref tries) > 0;
        var (faulty, done) = await models.Follow(ReadModels.Things(Poison));
        var later = await models.Append(sick, 40, new ThingHappened(1, 40));

        await done.Reached(later, default).WaitAsync(Patience);
        Assert.Equal(40, await models.Ask<long>("SELECT COUNT(*) FROM things WHERE streamId = @healthy", new { healthy }));
        Assert.Equal(7, await models.Ask<long>("SELECT COUNT(*) FROM things WHERE streamId = @sick", new { sick }));
        Assert.Equal(34, await models.Ask<long>("SELECT COUNT(*) FROM parked_events WHERE subscription = 'things' AND streamId = @sick", new { sick }));
        Assert.True(tries >= 3, "tried three times before it was parked");
        Assert.Equal((0, 34), await faulty.RetryParked(default));

        await models.Stop(faulty);
        await models.Follow(ReadModels.Things()); // the mended program, starting
        for (var n = 0; n < 100 && await models.Ask<long>("SELECT COUNT(*) FROM parked_events") > 0; n++) await Task.Delay(100);
        Assert.Equal(0, await models.Ask<long>("SELECT COUNT(*) FROM parked_events"));
        Assert.Equal(41, await models.Ask<long>("SELECT COUNT(*) FROM things WHERE streamId = @sick", new { sick }));
        Assert.Equal(41, await models.Ask<long>("SELECT version FROM thing_streams WHERE id = @sick", new { sick }));
    }

    [Fact]
    public async Task An_event_of_an_unknown_type_is_parked_and_taken_by_the_version_that_knows_it()
    {
        var (stream, other) = (Guid.NewGuid(), Guid.NewGuid());
        await models.Append(stream, 0, new ThingHappened(1, 1));
        await models.Append(stream, 1, new ThingEnded("later"));
        var last = await models.Append(other, 0, new ThingHappened(1, 1));
        var oldReader = await models.Log.StartReader(new EventTypes([TestEventsJson.Default.ThingHappened]));

        var (old, done) = await models.Follow(ReadModels.Things(), oldReader);
        await done.Reached(last, default).WaitAsync(Patience);
        Assert.Equal("This program cannot read events of type 'thing_ended' as stored", await models.Ask<string>("SELECT error FROM parked_events WHERE streamId = @stream", new { stream }));
        Assert.Equal(1, await models.Ask<long>("SELECT COUNT(*) FROM thing_streams WHERE id = @other", new { other }));

        await models.Stop(old);
        var (now, _) = await models.Follow(ReadModels.Things());
        for (var n = 0; n < 100 && await models.Ask<string>("SELECT why FROM thing_streams WHERE id = @stream", new { stream }) is null; n++) await Task.Delay(100);
        Assert.Equal("later", await models.Ask<string>("SELECT why FROM thing_streams WHERE id = @stream", new { stream }));
        Assert.Equal((0, 0), await now.RetryParked(default));
    }

    [Fact]
    public async Task Two_processes_take_each_event_once_between_them()
    {
        var (_, first) = await models.Follow(ReadModels.Things());
        var (_, second) = await models.Follow(ReadModels.Things());
        var streams = Enumerable.Range(0, 20).Select(_ => Guid.NewGuid()).ToList();
        long last = 0;
        await Parallel.ForEachAsync(streams, async (stream, _) =>
        {
            for (var n = 0; n < 20; n++)
            {
                var position = await models.Append(stream, n, new ThingHappened(1, n));
                InterlockedMax(ref last, position);
            }
        });

        await Task.WhenAll(first.Reached(last, default), second.Reached(last, default)).WaitAsync(Patience);
        Assert.Equal(400, await models.Ask<long>("SELECT COUNT(*) FROM things"));
        Assert.Equal(20, await models.Ask<long>("SELECT COUNT(*) FROM thing_streams WHERE version = 20"));
        Assert.Equal(0, await models.Ask<long>("SELECT COUNT(*) FROM parked_events"));
    }

    [Fact]
    public async Task A_process_that_starts_while_another_has_read_further_starts_but_not_on_a_log_that_ends_before_its_checkpoint()
    {
        var behind = await models.Log.StartReader();
        var last = await models.Append(Guid.NewGuid(), 0, [.. Enumerable.Range(0, 3_000).Select(n => new ThingHappened(1, n))]);
        await models.Ask<object>("INSERT INTO checkpoints (name, position) VALUES ('things', @last)", new { last });
        var (started, done) = await models.Follow(ReadModels.Things(), behind);
        await done.Reached(last, default).WaitAsync(Patience);
        await models.Stop(started);

        await models.Ask<object>("UPDATE checkpoints SET position = @beyond WHERE name = 'things'", new { beyond = last + 1 });
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => models.Follow(ReadModels.Things()));
        Assert.StartsWith($"things has taken events up to position {last + 1}, but the log ends at {last}: it was restored from an older backup. Build its tables again", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rebuild_while_writes_go_on_gives_the_same_rows()
    {
        var reader = await models.Log.StartReader();
        var (_, done) = await models.Follow(ReadModels.Things(), reader);
        using var stop = new CancellationTokenSource();
        long last = 0;
        var writing = Task.WhenAll(Enumerable.Range(0, 4).Select(async w =>
        {
            while (!stop.IsCancellationRequested)
            {
                var stream = Guid.NewGuid();
                for (var n = 0; n < 5; n++) InterlockedMax(ref last, await models.Append(stream, n, new ThingHappened(w, n)));
            }
        }));
        var lookers = Task.Run(async () =>
        {
            var least = 0L;
            while (!stop.IsCancellationRequested)
            {
                var count = await models.Ask<long>("SELECT COUNT(*) FROM things");
                Assert.True(count >= least, $"a reader saw {count} rows after {least}: a half-built table");
                least = count;
            }
        });

        await Task.Delay(500);
        for (var round = 0; round < 3; round++) await new Rebuild(ReadModels.Things(), models.Database, reader).Run((_, _) => { }, default);
        await stop.CancelAsync();
        await Task.WhenAll(writing, lookers);
        await done.Reached(last, default).WaitAsync(Patience);

        var (streams, things) = (await models.Rows("thing_streams"), await models.Rows("things"));
        Assert.Equal(await CountInLog(), things.Count);
        await new Rebuild(ReadModels.Things(), models.Database, reader).Run((_, _) => { }, default);
        Assert.Equal(streams, await models.Rows("thing_streams"));
        Assert.Equal(things, await models.Rows("things"));
        Assert.Equal(0, await models.Ask<long>("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE '%\\_\\_%'"));
    }

    [Fact]
    public async Task A_rebuild_that_was_stopped_goes_on_where_it_was_and_left_the_live_tables_alone()
    {
        var reader = await models.Log.StartReader();
        var (_, done) = await models.Follow(ReadModels.Things(), reader);
        var stream = Guid.NewGuid();
        var last = 0L;
        for (var n = 0; n < 5_000; n += 250)
            last = await models.Append(stream, n, [.. Enumerable.Range(n, 250).Select(i => new ThingHappened(1, i))]);
        await done.Reached(last, default).WaitAsync(Patience);
        var before = await models.Rows("things");

        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new Rebuild(ReadModels.Things(), models.Database, reader).Run((_, _) => stop.Cancel(), stop.Token));
        var reached = await models.Ask<long>("SELECT position FROM checkpoints WHERE name = 'things__next'");
        Assert.InRange(reached, 1, last - 1);
        Assert.Equal(before, await models.Rows("things"));

        var first = 0L;
        await new Rebuild(ReadModels.Things(), models.Database, reader).Run((position, _) => first = first == 0 ? position : first, default);
        Assert.True(first > reached, "it went on behind what was done");
        Assert.Equal(before, await models.Rows("things"));
    }

    private Task<long> CountInLog() => Task.Run(async () =>
    {
        await using var count = models.Log.Connections.Reads.CreateCommand("SELECT count(*) FROM events.mt_events");
        return (long)(await count.ExecuteScalarAsync())!;
    });

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            if (Interlocked.CompareExchange(ref target, value, seen) == seen) return;
    }
}
