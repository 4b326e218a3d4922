using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks.Events;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>Streams that happened elsewhere, begun many at a time.</summary>
public sealed class AppendManyTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Then = new(2023, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);
    private readonly EventLog log = new();

    public Task InitializeAsync() => log.InitializeAsync();

    public Task DisposeAsync() => log.DisposeAsync();

    [Fact]
    public async Task Each_event_keeps_its_time_and_its_id_and_a_stream_that_exists_stays_as_it_is()
    {
        var (old, id) = (Guid.NewGuid(), Guid.NewGuid());
        await log.Store.Append("thing", old, 0, [new ThingEnded("before")], default);
        var streams = new[] { Thing(Guid.NewGuid(), 3, id), Thing(old, 2), Thing(Guid.NewGuid(), 1) };
        Assert.Equal([streams[0].StreamId, streams[2].StreamId], (await log.Store.AppendMany("thing", streams, default)).OrderBy(s => s != streams[0].StreamId));

        var events = new List<Recorded>();
        await foreach (var e in log.Store.ReadStream(streams[0].StreamId, default)) events.Add(e);
        Assert.Equal([1, 2, 3], events.Select(e => e.Version));
        Assert.Equal([Then, Then.AddDays(1), Then.AddDays(2)], events.Select(e => e.At));
        Assert.Equal(id, events[0].EventId);
        Assert.True(events.Zip(events.Skip(1)).All(p => p.First.Position < p.Second.Position), "positions rise with versions");
        var untouched = new List<Recorded>();
        await foreach (var e in log.Store.ReadStream(old, default)) untouched.Add(e);
        Assert.Equal(new ThingEnded("before"), Assert.Single(untouched).Data);

        Assert.NotNull(await log.Store.Append("thing", streams[0].StreamId, 3, [new ThingEnded("after")], default));
        Assert.Empty(await log.Store.AppendMany("thing", streams, default));
    }

    [Fact]
    public async Task Readers_miss_nothing_while_several_imports_of_the_same_streams_and_others_append()
    {
        var reader = await log.StartReader();
        var ids = Enumerable.Range(0, 2_000).Select(_ => Guid.NewGuid()).ToArray();
        var (begun, single) = (new ConcurrentBag<Guid>(), new ConcurrentBag<Guid>());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            if (w < 4) // the same streams, from both ends
            {
                foreach (var chunk in (w % 2 == 0 ? ids : ids.Reverse()).Chunk(37))
                    foreach (var id in await log.Store.AppendMany("thing", [.. chunk.Select(i => Thing(i, 3))], default)) begun.Add(id);
            }
            else
            {
                for (var i = 0; i < 200; i++)
                {
                    var id = Guid.NewGuid();
                    if (await log.Store.Append("thing", id, 0, [new ThingHappened(w, i)], default) is not null) single.Add(id);
                }
            }
        })));
        reader.Signal();
        Assert.Equal(ids.Order(), begun.Order()); // each by one of them
        var last = (await log.Store.Append("thing", Guid.NewGuid(), 0, [new ThingEnded("end")], default))!.Value;
        var seen = await EventLog.ReadAll(reader, last).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(3 * ids.Length + single.Count + 1, seen.Count);
        foreach (var stream in seen.GroupBy(e => e.StreamId))
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(v => (long)v), stream.Select(e => e.Version));
    }

    private static History Thing(Guid id, int events, Guid? first = null) =>
        new(id, [.. Enumerable.Range(0, events).Select(i => new Dated(new ThingHappened(0, i), Then.AddDays(i), i == 0 ? first : null))]);
}
