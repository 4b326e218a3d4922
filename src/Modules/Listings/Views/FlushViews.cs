using System.Globalization;
using System.Text;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace KiwiCar.Listings.Views;

/// <summary>
/// Adds what Redis has counted to the table <c>listing_views</c>, exactly once whatever is killed in between: what was counted becomes a batch
/// with a name, and the name of the last batch added is kept in the transaction that adds it. Any number of hosts may do so.
/// </summary>
internal sealed class FlushViews(Redis redis, Database database, ListingPages pages, ILogger<FlushViews> log) : BackgroundService
{
    private const int RowsAStatement = 1_000;
    private const string Batch = "kiwicar:views:batch", Name = "name";
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    // The batch under way (that of a flush that ended too soon, or another host's), else what has been counted since.
    private const string Take = """
        if redis.call('EXISTS', KEYS[2]) == 0 then
          if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
          redis.call('RENAME', KEYS[1], KEYS[2])
          redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
        end
        return redis.call('HGETALL', KEYS[2])
        """;

    private const string Forget = "if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('DEL', KEYS[1]) end return 0";

    /// <summary>Once; does nothing while Redis is away.</summary>
    public async Task Flush(CancellationToken ct)
    {
        if (!await redis.Ask(async r => await r.KeyExistsAsync(CountViews.Counts) || await r.KeyExistsAsync(Batch), otherwise: false)) return;
        await using var db = await database.Open(ct);
        // Locked before the batch is taken: a host that slept on one in its hand would add it after others had, under another name, added more.
        var last = await db.Begin<string>("SELECT batch FROM listing_views_flushed WHERE id = 1 FOR UPDATE", new { }, ct);
        var batch = await redis.Ask(TakeBatch, otherwise: []);
        if (!batch.Remove(Name, out var name) || name == last)
        {
            await db.Rollback(ct);
        }
        else
        {
            await Add(batch, name, db, ct);
            await db.Commit(ct);
            foreach (var (listing, views) in batch) pages.AddViews(Guid.Parse(listing), int.Parse(views, CultureInfo.InvariantCulture));
        }
        if (name is not null) await redis.Ask(r => Redis.Run(r, Forget, [Batch], [Name, name]), otherwise: null!);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryFlush(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await TryFlush(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    private async Task TryFlush(CancellationToken ct)
    {
        try { await Flush(ct); }
        catch (Exception e) when (e is not OperationCanceledException) { log.LogWarning("Views stay in Redis for now: {Reason}", e.Message); }
    }

    private static async Task<Dictionary<string, string>> TakeBatch(IDatabase db)
    {
        var told = (string[]?)await Redis.Run(db, Take, [CountViews.Counts, Batch], [Name, Guid.NewGuid().ToString("N")]) ?? [];
        return told.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    }

    private static async Task Add(Dictionary<string, string> batch, string name, Database.Lease db, CancellationToken ct)
    {
        foreach (var some in batch.Chunk(RowsAStatement))
        {
            var sql = new StringBuilder("INSERT INTO listing_views (listingId, views) VALUES ");
            foreach (var (listing, views) in some)
                sql.Append(CultureInfo.InvariantCulture, $"{(sql[^1] == ')' ? "," : "")}(_ascii'{Guid.Parse(listing):D}',{int.Parse(views, CultureInfo.InvariantCulture)})");
            await db.Run(sql.Append(" ON DUPLICATE KEY UPDATE views = views + VALUES(views)").ToString(), ct);
        }
        await db.Execute("UPDATE listing_views_flushed SET batch = @name WHERE id = 1", new { name }, ct);
    }
}
