using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>Streams whose state two processes remember between their appends.</summary>
public sealed class BusyStreamTests : IAsyncLifetime
{
    private static readonly Decider<int> Counter = new("thing", 0, (count, e) => e is ThingHappened x ? x.Number : count, IsBusy: true);

    private readonly EventLog log = new();
    private readonly Guid id = Guid.NewGuid();
    private EventStore here = null!, there = null!;

    public async Task InitializeAsync()
    {
        await log.InitializeAsync();
        (here, there) = (log.Store, new EventStore(log.Connections, TestEventsJson.Types, TimeProvider.System));
    }

    public Task DisposeAsync() => log.DisposeAsync();

    [Fact]
    public async Task What_is_remembered_is_not_asked_again()
    {
        for (var n = 1; n <= 3; n++)
        {
            var seen = new List<int>();
            Assert.Equal(n, await here.Transact(Counter, id, count => { seen.Add(count); return [new ThingHappened(0, count + 1)]; }, default));
            Assert.Equal([n - 1], seen);
        }
    }

    [Fact]
    public async Task What_another_process_has_done_meanwhile_is_known_to_every_decision_that_counts()
    {
        await Count(here);
        await Count(there);
        Assert.Equal(3, await Count(here)); // decided on 1 at first, in vain

        await Count(there);
        Assert.Equal(5, await here.Transact(Counter, id, count => count == 4 ? [new ThingHappened(0, 5)] : throw Rejection.Conflict("TOO_EARLY", "only after the fourth"), default));
        await Count(there);
        Assert.Equal(6, await here.Transact(Counter, id, count => count == 6 ? [] : [new ThingHappened(0, -1)], default));
        await Count(there);
        Assert.Equal(7, await here.Transact(Counter, id, _ => [], default)); // nothing to do, and it says at which version
        await Count(there);
        Assert.Equal(9, await here.Transact(Counter, id, count => [new ThingHappened(0, count + 1)], default, ifVersion: 8));
        await Count(there);
        var refused = await Assert.ThrowsAsync<Rejection>(() => here.Transact(Counter, id, count => [new ThingHappened(0, count + 1)], default, ifVersion: 9));
        Assert.Equal(412, refused.Status);
        refused = await Assert.ThrowsAsync<Rejection>(() => here.Transact(Counter, id, _ => throw Rejection.Conflict("NEVER", "never"), default));
        Assert.Equal("NEVER", refused.Code);
        Assert.Equal((10, 10), await here.Fold(Counter, id, default));
    }

    [Fact]
    public async Task Numbers_stay_gapless_under_races_of_two_processes()
    {
        var done = await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            var succeeded = 0;
            for (var n = 0; n < 50; n++)
            {
                try { await Count(writer % 2 == 0 ? here : there); succeeded++; }
                catch (Rejection e) when (e.Code == "CONCURRENT_CHANGE") { }
            }
            return succeeded;
        }));
        var numbers = new List<int>();
        await foreach (var e in log.Store.ReadStream(id, default)) numbers.Add(((ThingHappened)e.Data!).Number);
        Assert.Equal(Enumerable.Range(1, done.Sum()), numbers);
    }

    private Task<long> Count(EventStore store) => store.Transact(Counter, id, count => [new ThingHappened(0, count + 1)], default);
}
