using System.Net;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Views;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>Who has looked at an advert: on a Redis of its own, since views of all hosts on one Redis are one count.</summary>
public sealed class ViewTests : IAsyncLifetime
{
    private readonly KiwiCarApp app = new();
    private RedisServer redis = null!;

    public async Task InitializeAsync()
    {
        redis = await RedisServer.Start();
        app.Settings["REDIS_URL"] = redis.Url;
        app.Settings["REDIS_TIMEOUT_MS"] = "10000"; // a busy machine is no outage
        app.Settings["TRUSTED_PROXIES"] = "127.0.0.1";
        await app.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task Ten_thousand_requests_count_each_visitor_once_and_write_no_event()
    {
        var seller = await app.SignUp();
        var listing = await app.Listing(seller);
        var log = await LogEnd();
        await Parallel.ForEachAsync(Enumerable.Range(0, 10_000), new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (i, _) => await Get(listing, address: $"198.51.{i % 2_500 / 250}.{i % 250}", browser: "Mozilla/5.0"));
        Assert.Equal(2_500, await ViewsOf(listing, 2_500));
        Assert.Equal(log, await LogEnd());
        Assert.Equal(2_500, (await seller.Http.GetJson("/api/listings/my")).GetProperty("data")[0].GetProperty("views").GetInt32());

        await app.Rebuild("listings");
        Assert.Equal(2_500, await ViewsOf(listing, 2_500));
    }

    [Fact]
    public async Task Neither_the_seller_nor_bots_nor_pages_fetched_ahead_count_and_a_person_counts_once_wherever_they_are()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        for (var i = 0; i < 3; i++) await seller.Http.GetJson($"/api/listings/{listing}");
        foreach (var bot in new[]
        {
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Mozilla/5.0 (compatible; bingbot/2.0)", "facebookexternalhit/1.1", "WhatsApp/2.23", "Twitterbot/1.0",
            "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0", "python-requests/2.31", "Mozilla/5.0 (compatible; AhrefsBot/7.0)", "Pingdom.com_bot_version_1.4", "DuckDuckBot/1.1", "Baiduspider/2.0",
        }) await Get(listing, "198.51.100.1", bot);
        await Get(listing, "198.51.100.2", "Mozilla/5.0", ("Sec-Purpose", "prefetch;prerender"));

        foreach (var address in new[] { "198.51.100.3", "198.51.100.4" }) // one person, two places
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{app.Http.BaseAddress}api/listings/{listing}");
            request.Headers.Authorization = buyer.Http.DefaultRequestHeaders.Authorization;
            request.Headers.Add("X-Forwarded-For", address);
            (await app.Http.SendAsync(request)).EnsureSuccessStatusCode();
        }
        foreach (var (address, browser) in new[] { ("198.51.100.5", "Mozilla/5.0 (iPhone)"), ("198.51.100.5", "Mozilla/5.0 (Windows NT 10.0) Cubot Max"), ("2001:db8::1", "okhttp/4"), ("2001:db8::2", "okhttp/4") })
            await Get(listing, address, browser);
        Assert.Equal(4, await ViewsOf(listing, 4)); // the buyer, a phone and a computer behind one address, an app in one network
    }

    [Fact]
    public async Task A_flush_that_died_on_the_way_is_finished_once()
    {
        var listing = await app.Listing(await app.SignUp());
        var flush = app.Services.GetRequiredService<FlushViews>();
        // It died after the batch was made, before it was added.
        await redis.Ask($"HSET kiwicar:views:batch name {Guid.NewGuid():N} {listing:N} 7");
        await flush.Flush(default);
        Assert.Equal(7, await ViewsOf(listing, 7));
        // It died after the batch was added, before it was forgotten; meanwhile more was counted.
        string last;
        await using (var db = await app.Database.Open(default)) last = (await db.Single<string>("SELECT batch FROM listing_views_flushed", null, default))!;
        await redis.Ask($"HSET kiwicar:views:batch name {last} {listing:N} 7");
        await redis.Ask($"HSET kiwicar:views:counts {listing:N} 2");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => flush.Flush(default)));
        Assert.Equal(9, await ViewsOf(listing, 9));
        Assert.Equal(":0", await redis.Ask("EXISTS kiwicar:views:batch"));
    }

    [Fact]
    public async Task Views_wait_while_Redis_is_away()
    {
        var listing = await app.Listing(await app.SignUp());
        await redis.Stop();
        for (var i = 0; i < 20; i++) await Get(listing, $"198.51.100.{i}", "Mozilla/5.0");
        await redis.Run();
        Assert.Equal(20, await ViewsOf(listing, 20));
    }

    private async Task Get(Guid listing, string address, string browser, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/listings/{listing}");
        request.Headers.Add("X-Forwarded-For", address);
        request.Headers.TryAddWithoutValidation("User-Agent", browser);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        using var answer = await app.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    // The number that is awaited must stay: what is still on its way would raise it.
    private async Task<int> ViewsOf(Guid listing, int awaited)
    {
        var views = -1;
        for (var attempt = 0; attempt < 300 && views != awaited; attempt++)
        {
            await Task.Delay(100);
            await app.Services.GetRequiredService<FlushViews>().Flush(default);
            views = await Shown();
        }
        await Task.Delay(500);
        await app.Services.GetRequiredService<FlushViews>().Flush(default);
        return await Shown();

        async Task<int> Shown()
        {
            await using var db = await app.Database.Open(default);
            return await db.Single<int>("SELECT COALESCE(SUM(views), 0) FROM listing_views WHERE listingId = @listing", new { listing }, default);
        }
    }

    private async Task<long> LogEnd()
    {
        await using var highest = app.Services.GetRequiredService<EventConnections>().Reads.CreateCommand("SELECT max(seq_id) FROM events.mt_events");
        return (long)(await highest.ExecuteScalarAsync())!;
    }
}
