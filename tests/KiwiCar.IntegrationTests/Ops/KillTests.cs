using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Ops;

/// <summary>The host dies by kill -9 in the middle of its work, ten times.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class KillTests(KiwiCarApp app, ITestOutputHelper output)
{
    private const int Kills = 10, Writers = 6;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_nothing_is_doubled_and_no_mail_is_sent_twice()
    {
        // Accounts and signing secrets are shared with the app of the collection; the process that dies is another one on the same databases.
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
            await Task.Delay(Random.Shared.Next(300, 1_200));
            var before = acknowledged.Count;
            for (var patience = 1_000; acknowledged.Count <= before && patience > 0; patience--) await Task.Delay(20); // a slow machine has nothing to lose yet
            await host.Kill();
            await dead.CancelAsync();
            await writing;
        }
        output.WriteLine($"{acknowledged.Count} prices acknowledged, {unanswered.Count} unanswered, {created.Count} listings created, {Kills} kills");
        foreach (var (why, count) in unanswered.Values.CountBy(m => m)) output.WriteLine($"unanswered {count} x {why}");
        Assert.True(acknowledged.Count > Kills, "there must have been work to lose");

        foreach (var id in created) await (await app.Http.GetAsync($"/api/listings/{id}")).Json();
        foreach (var id in listings)
        {
            var history = (await app.Http.GetJson($"/api/listings/{id}/price-history")).GetProperty("data").EnumerateArray().Select(p => p.GetProperty("price").GetInt32()).ToList();
            Assert.Equal(history.Count, history.Distinct().Count());
            Assert.All(acknowledged.Keys.Where(a => a.Item1 == id), a => Assert.Contains(a.Item2, history));
            Assert.All(history.Skip(1), price => Assert.True(acknowledged.ContainsKey((id, price)) || unanswered.ContainsKey((id, price))));
            await EachFallWasMailedOnce(watcher, id, history);
        }
    }

    private async Task<Guid> Create(HostProcess host, Member seller, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Http.BaseAddress!, "/api/listings")) { Content = JsonContent.Create(KiwiCarApp.Advert(await app.Photos(seller))) };
        request.Headers.Authorization = seller.Http.DefaultRequestHeaders.Authorization;
        using var answer = await host.Http.SendAsync(request, ct);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("id").GetGuid();
    }

    // A mail leased by a host that died is due again when its lease ends; here that is not waited for.
    private async Task EachFallWasMailedOnce(Member watcher, Guid listing, List<int> history)
    {
        await using (var db = await app.Database.Open(default)) await db.Run("UPDATE outbox SET nextAttemptAt = createdAt WHERE state = 'PENDING'", default);
        for (var wait = 0; wait < 100 && await Unsent() > 0; wait++) await Task.Delay(100);
        var mailed = app.Mails().Where(m => m.GetProperty("to").GetString() == watcher.Email && m.GetProperty("template").GetString() == "price-alert")
            .Select(m => m.GetProperty("data")).Where(d => d.GetProperty("listingUrl").GetString()!.EndsWith($"{listing}", StringComparison.Ordinal))
            .Select(d => int.Parse(d.GetProperty("newPrice").GetString()!)).ToList();
        Assert.Equal(history.Skip(1).Order(), mailed.Order());
    }

    private async Task<long> Unsent()
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<long>("SELECT COUNT(*) FROM outbox WHERE state <> 'SENT'", null, default);
    }
}
