using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>
/// Wakes the readers: its own process at once, the others through LISTEN/NOTIFY. The notice is sent after the commit and for many
/// appends together, because a NOTIFY inside the appends would take one lock for all of them at commit (decision 0007).
/// </summary>
public sealed class AppendNotices(EventStore store, EventReader reader, EventConnections connections, ILogger<AppendNotices> log) : BackgroundService
{
    private const string Channel = "kiwicar_events";
    private readonly WakeUp due = new();

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        store.Appended += _ =>
        {
            reader.Signal();
            due.Set(); // a notice that is due already covers this append, too
        };
        return base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Persistently(Send, stoppingToken), Persistently(Listen, stoppingToken));

    private async Task Send(CancellationToken ct)
    {
        await using var connection = await connections.Reads.OpenConnectionAsync(ct);
        await using (var relaxed = new NpgsqlCommand("SET synchronous_commit = off", connection)) // a notice needs no disk
            await relaxed.ExecuteNonQueryAsync(ct);
        await using var notify = new NpgsqlCommand($"NOTIFY {Channel}", connection);
        while (true)
        {
            await due.Wait(Timeout.InfiniteTimeSpan, ct);
            await notify.ExecuteNonQueryAsync(ct);
        }
    }

    private async Task Listen(CancellationToken ct)
    {
        await using var connection = await connections.Reads.OpenConnectionAsync(ct);
        connection.Notification += (_, _) => reader.Signal();
        await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", connection)) await listen.ExecuteNonQueryAsync(ct);
        reader.Signal();
        while (true) await connection.WaitAsync(ct);
    }

    private async Task Persistently(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try { await work(ct); }
            catch (OperationCanceledException) when (ct.IsCancellationRequested) { return; }
            catch (Exception e)
            {
                log.LogWarning("LISTEN/NOTIFY is interrupted, readers poll meanwhile: {Error}", e.Message);
                await Task.Delay(500, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
