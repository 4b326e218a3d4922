using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Listings.Pricing;

/// <summary>
/// The price model, kept at the log: read from its first event at the start, in the background, then following. Each event changes the
/// comparables at once; what was learned from them is learned anew, beside the answers, when enough has changed.
/// </summary>
internal sealed class Prices(EventReader reader, TimeProvider clock, ListingEstimates estimates, ILogger<Prices> log) : BackgroundService
{
    private const int Batch = 1_000, LeastChanges = 50;
    private const double MostChanged = 0.1;

    private readonly Adverts adverts = new();
    private readonly HashSet<Guid> changed = []; // since the learning began
    private Market? market;
    private Task<Market?>? learning;
    private bool caughtUp;
    private int learnedFrom;

    /// <summary>The market of this instant; null where there are too few cars to learn from.</summary>
    public Market? Market => Volatile.Read(ref market);

    /// <summary>Whether the log has been read once; before that, no answer is the right one.</summary>
    public bool Ready => Volatile.Read(ref caughtUp) && (Market is not null || learning is null);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var position = 0L;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (reader.Settled.Position == 0) Volatile.Write(ref caughtUp, true); // nothing has happened yet
                if (position > 0 || reader.Settled.Position == 0) await Next(position, stoppingToken);
                var batch = await reader.ReadAfter(position, Batch, stoppingToken);
                var touched = batch.Events.Where(adverts.Apply).Select(e => e.StreamId).Distinct().ToList();
                position = batch.Through;
                Follow(touched);
                var learned = Finish();
                if (!caughtUp && position >= reader.Settled.Position) Volatile.Write(ref caughtUp, true);
                if (caughtUp) Begin();
                if (Market is { } now && caughtUp) await estimates.Write(now, learned ? adverts.Open : touched.Select(adverts.Find), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
            catch (Exception e)
            {
                log.LogError(e, "The price model stands at position {Position}, trying again", position);
                await Task.Delay(1_000, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // The next event, or the end of the learning.
    private async Task Next(long position, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var settled = reader.Settled.Reached(position + 1, either.Token);
        await (learning is null ? settled : Task.WhenAny(settled, learning));
        await either.CancelAsync();
        await settled.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Follow(List<Guid> touched)
    {
        changed.UnionWith(touched);
        if (Market is { } now) Volatile.Write(ref market, touched.Aggregate(now, Updated));
    }

    private Market Updated(Market now, Guid id) =>
        adverts.Find(id) is not { } advert ? now : advert.Counts ? now.With(advert.Priced) : now.Without(advert.Priced);

    private void Begin()
    {
        if (learning is not null || changed.Count < (Market is null ? 1 : Math.Max(LeastChanges, MostChanged * learnedFrom))) return;
        var cars = adverts.Counting;
        if (cars.Count < Learned.LeastCars) return;
        changed.Clear();
        learnedFrom = cars.Count;
        var newest = clock.GetUtcNow().Year + 1;
        learning = QuietThread.Run("Prices", () => Learned.From(cars, newest, threads: 1)); // twice as long, and no request waits for it
    }

    private bool Finish()
    {
        if (learning is not { IsCompleted: true } done) return false;
        learning = null;
        if (done.GetAwaiter().GetResult() is not { } learned) return false;
        Volatile.Write(ref market, changed.Aggregate(learned, Updated)); // with what happened meanwhile
        log.LogInformation("The price model has learned from {Count} cars", learned.Count);
        return true;
    }
}
