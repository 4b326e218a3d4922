using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Ops;

/// <summary>The host dies by kill -9 in the middle of its work, ten times.</summary>
public sealed class KillTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Kills = 10, Writers = 6;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly KiwiCarApp app = new();

    public Task InitializeAsync()
    {
        app.Settings["PRICE_ALERT_PAUSE"] = "1s"; // so that falls are told at once, and fall due by time, in every life
        return app.InitializeAsync();
    }

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Nothing_acknowledged_is_lost_nothing_is_doubled_and_no_mail_is_sent_twice()
    {
        // Accounts and signing secrets are shared with the app of this test; the process that dies is another one on the same databases.
        var (sellers, watcher) = (await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => app.SignUp())), await app.SignUp());
        var listings = new List<Guid>();
        foreach (var seller in sellers)
        {
            listings.Add(await app.Listing(seller, a => a["price"] = 5_000_000));
            await (await watcher.Http.PostAsJsonAsync("/api/favorites", new { listingId = listings[^1], priceAlert = true })).Json(System.Net.HttpStatusCode.Created);
        }
        var (acknowledged, unanswered, created) = (new ConcurrentDictionary<(Guid, int), byte>(), new ConcurrentDictionary<(Guid, int), string>(), new ConcurrentBag<Guid>());
        var prices = Enumerable.Repeat(5_000_000, Writers).ToArray();
        for (var life = 0; life < Kills; life++)
        {
            await using var host = await HostProcess.Start(app.Settings);
            using var dead = new CancellationTokenSource();
            var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(async w =>
            {
                while (!dead.IsCancellationRequested)
                {
                    var price = prices[w] -= 100; // each price is asked for once
                    try
                    {
                        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(host.Http.BaseAddress!, $"/api/listings/{listings[w]}")) { Content = JsonContent.Create(new { price }) };
                        request.Headers.Authorization = sellers[w].Http.DefaultRequestHeaders.Authorization;
                        using var answer = await host.Http.SendAsync(request, dead.Token);
                        if (answer.IsSuccessStatusCode) acknowledged[(listings[w], price)] = 0;
                        if (w == 0) created.Add(await Create(host, sellers[w], dead.Token));
                    }
                    catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
                    {
                        unanswered[(listings[w], price)] = e.Message;
                    }
                }
            }));
            var before = acknowledged.Count;
            for (var patience = 1_000; acknowledged.Count < before + Writers && patience > 0; patience--) await Task.Delay(20); // a slow machine has nothing to lose yet
            await Task.Delay(Random.Shared.Next(900));
            await host.Kill();
            await dead.CancelAsync();
            await writing;
        }
        output.WriteLine($"{acknowledged.Count} prices acknowledged, {unanswered.Count} unanswered, {created.Count} listings created, {Kills} kills");
        foreach (var (why, count) in unanswered.Values.CountBy(m => m)) output.WriteLine($"unanswered {count} x {why}");
        Assert.True(acknowledged.Count > Kills * Writers / 2 && !created.IsEmpty, "there must have been work to lose");

        foreach (var id in created) await (await app.Http.GetAsync($"/api/listings/{id}")).Json();
        foreach (var id in listings)
        {
            var history = (await app.Http.GetJson($"/api/listings/{id}/price-history")).GetProperty("data").EnumerateArray().Select(p => p.GetProperty("price").GetInt32()).ToList();
            Assert.Equal(history.Count, history.Distinct().Count());
            Assert.All(acknowledged.Keys.Where(a => a.Item1 == id), a => Assert.Contains(a.Item2, history));
            Assert.All(history.Skip(1), price => Assert.True(acknowledged.ContainsKey((id, price)) || unanswered.ContainsKey((id, price))));
        }
        await TheFallsWereToldOnce(watcher, listings);
    }

    private async Task<Guid> Create(HostProcess host, Member seller, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Http.BaseAddress!, "/api/listings")) { Content = JsonContent.Create(KiwiCarApp.Advert(await app.Photos(seller))) };
        request.Headers.Authorization = seller.Http.DefaultRequestHeaders.Authorization;
        using var answer = await host.Http.SendAsync(request, ct);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("id").GetGuid();
    }

    // A mail leased by a host that died is due again when its lease ends; here that is not waited for.
    private async Task TheFallsWereToldOnce(Member watcher, List<Guid> listings)
    {
        await Eventually("SELECT COUNT(*) FROM price_alerts WHERE dueAt IS NOT NULL", "falls still wait to be told");
        await using (var db = await app.Database.Open(default)) await db.Run("UPDATE outbox SET nextAttemptAt = createdAt WHERE state IN ('PENDING', 'SENDING')", default);
        await Eventually("SELECT COUNT(*) FROM outbox WHERE state <> 'SENT'", "mails have not left");
        var mails = app.Mails().Where(m => m.GetProperty("to").GetString() == watcher.Email && m.GetProperty("template").GetString() == "price-alert").Select(m => m.GetProperty("data")).ToList();
        foreach (var listing in listings)
        {
            var mailed = mails.Where(d => d.GetProperty("listingUrl").GetString()!.EndsWith($"{listing}", StringComparison.Ordinal))
                .Select(d => (From: decimal.Parse(d.GetProperty("oldPrice").GetString()!), To: decimal.Parse(d.GetProperty("newPrice").GetString()!)));
            Assert.Equal(await Told(listing), mailed.OrderByDescending(m => m.To));
        }
        output.WriteLine($"{mails.Count} mails told of them");
        Assert.True(mails.Count > listings.Count, "there must have been falls that waited");
    }

    // What follows from the log alone for somebody who watches a price that only falls: the first fall is told at once, all that follows within a pause when it is over.
    private async Task<List<(decimal From, decimal To)>> Told(Guid listing)
    {
        var (told, mailedAt, due) = (new List<(decimal From, decimal To)>(), DateTimeOffset.MinValue, (DateTimeOffset?)null);
        var (price, mailed) = (decimal.MaxValue, decimal.MaxValue);
        await foreach (var e in app.Services.GetRequiredService<EventStore>().ReadStream(listing, default))
        {
            if (e.Data is ListingCreated created) price = created.Price;
            if (e.Data is not PriceChanged change) continue;
            Assert.True(change.NewPrice < price);
            if (due <= e.At)
            {
                told.Add((mailed, price));
                (mailedAt, mailed, due) = (due.Value, price, null);
            }
            if (e.At < mailedAt + Pause)
            {
                due ??= mailedAt + Pause;
            }
            else
            {
                told.Add((price, change.NewPrice));
                (mailedAt, mailed) = (e.At, change.NewPrice);
            }
            price = change.NewPrice;
        }
        if (due is not null) told.Add((mailed, price));
        return told;
    }

    private async Task Eventually(string count, string otherwise)
    {
        await using var db = await app.Database.Open(default);
        var left = await db.Single<long>(count, null, default);
        for (var wait = 0; wait < 200 && left > 0; wait++)
        {
            await Task.Delay(100);
            left = await db.Single<long>(count, null, default);
        }
        Assert.True(left == 0, $"{left} {otherwise} after 20 s");
    }
}
