using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Identity;

/// <summary>
/// The sessions that have ended while access tokens of theirs may still be good. What this process ends it knows at once; what others
/// end it reads every second. So no request asks a database who may ask, and an access token outlives its session by a second or so.
/// </summary>
internal sealed class EndedSessions(Database database, TokenSettings settings, TimeProvider clock, ILogger<EndedSessions> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(30); // a transaction shows its rows later than it stamped them

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> ended = new();

    public bool Has(Guid session) => ended.ContainsKey(session);

    public void Add(Guid session) => ended[session] = clock.GetUtcNow();

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Read(settings.AccessLife + Overlap, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var complete = clock.GetUtcNow();
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                var now = clock.GetUtcNow();
                await Read(now - complete + Overlap, stoppingToken);
                complete = now;
                foreach (var (session, at) in ended)
                    if (now - at > settings.AccessLife + Overlap) ended.TryRemove(session, out _);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
            catch (Exception e)
            {
                log.LogWarning("Which sessions other processes have ended cannot be read now: {Error}", e.Message);
            }
        }
    }

    // By the database's clock, which stamped them.
    private async Task Read(TimeSpan last, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        foreach (var session in await db.Query<Guid>("SELECT id FROM sessions WHERE endedAt > UTC_TIMESTAMP(3) - INTERVAL @seconds SECOND",
            new { seconds = (int)Math.Ceiling(last.TotalSeconds) }, ct)) ended.TryAdd(session, clock.GetUtcNow());
    }
}
