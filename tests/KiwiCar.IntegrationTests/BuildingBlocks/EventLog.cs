using KiwiCar.BuildingBlocks.Events;
using Microsoft.Extensions.Logging.Abstractions;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>An event log of its own on the real PostgreSQL.</summary>
public sealed class EventLog : IAsyncLifetime
{
    private readonly List<EventReader> readers = [];

    internal EventConnections Connections { get; private set; } = null!;

    internal EventStore Store { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Connections = new EventConnections(await Servers.NewEventDatabase());
        await Connections.Prepare(CancellationToken.None);
        Store = new EventStore(Connections, TestEventsJson.Types, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        foreach (var reader in readers) await reader.StopAsync(CancellationToken.None);
        await Connections.DisposeAsync();
    }

    /// <summary>A reader as a host that starts now has it, woken by polling alone unless signalled.</summary>
    internal async Task<EventReader> StartReader(EventTypes? types = null)
    {
        var reader = new EventReader(Connections, types ?? TestEventsJson.Types, NullLogger<EventReader>.Instance);
        readers.Add(reader);
        await reader.StartAsync(CancellationToken.None);
        return reader;
    }

    internal static async Task<List<Recorded>> ReadAll(EventReader reader, long through)
    {
        var all = new List<Recorded>();
        for (var position = 0L; position < through;)
        {
            await reader.Settled.Reached(Math.Min(position + 1, through), CancellationToken.None);
            var batch = await reader.ReadAfter(position, 700, CancellationToken.None);
            all.AddRange(batch.Events);
            position = batch.Through;
        }
        return all;
    }
}
