using System.Threading.Channels;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace KiwiCar.Listings.Views;

/// <summary>
/// Counts each visitor of an advert once a civil day (New Zealand) in Redis, beside the requests. What waits here is lost when the process is
/// killed: a tenth of a second's views, or, while Redis is away, those since then, 65,536 at most.
/// </summary>
internal sealed class CountViews(Redis redis, TimeProvider clock, ILogger<CountViews> log) : BackgroundService
{
    private const int MostWaiting = 65_536, Batch = 500;
    internal const string Counts = "kiwicar:views:counts";
    private const string Seen = "kiwicar:views:seen:";
    private static readonly TimeSpan Gathers = TimeSpan.FromMilliseconds(100), Patience = TimeSpan.FromSeconds(1), Remembers = TimeSpan.FromHours(26); // the longest day has 25

    // Counting the same visit again changes nothing, so a batch whose answer was lost is sent again.
    private const string Script = """
        for i = 3, #ARGV, 3 do
          local seen = ARGV[1] .. ARGV[i] .. ':' .. ARGV[i + 1]
          if redis.call('SADD', seen, ARGV[i + 2]) == 1 then
            redis.call('EXPIRE', seen, ARGV[2])
            redis.call('HINCRBY', KEYS[1], ARGV[i + 1], 1)
          end
        end
        return 1
        """;

    private readonly Channel<(Visit Visit, DateTimeOffset At)> waiting = Channel.CreateBounded<(Visit, DateTimeOffset)>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Costs the request nothing but this line. The seller's own visits do not count, nor what a browser fetches in case it may be wanted.</summary>
    public void Saw(Guid listing, Guid seller, CurrentUser? viewer, HttpContext http)
    {
        if (viewer?.Id != seller && !Visit.IsForLater(http.Request)) waiting.Writer.TryWrite((Visit.Of(listing, viewer, http), clock.GetUtcNow()));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                if (waiting.Reader.Count < Batch) await Task.Delay(Gathers, stoppingToken);
                for (var batch = Gathered(); !await Count(batch);) await Task.Delay(Patience, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        while (waiting.Reader.TryPeek(out _))
        {
            if (await Count(Gathered())) continue;
            log.LogWarning("The last views are not counted: Redis is away");
            return;
        }
    }

    private RedisValue[] Gathered()
    {
        var arguments = new List<RedisValue> { Seen, (long)Remembers.TotalSeconds };
        for (var i = 0; i < Batch && waiting.Reader.TryRead(out var next); i++)
        {
            if (next.Visit.IsBot) continue;
            var day = NewZealand.DayOf(next.At);
            arguments.AddRange([$"{day:yyyyMMdd}", next.Visit.ListingId.ToString("N"), next.Visit.Visitor(day)]);
        }
        return [.. arguments];
    }

    private Task<bool> Count(RedisValue[] arguments) => redis.Ask(async db => { await Redis.Run(db, Script, [Counts], arguments); return true; }, otherwise: false);
}
