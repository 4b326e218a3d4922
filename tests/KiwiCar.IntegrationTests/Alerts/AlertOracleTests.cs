using System.Globalization;
using System.Net.Http.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Contracts;
using KiwiCar.Tests.Alerts;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Alerts;

/// <summary>Many changes, many watchers: the mails are those that the rules give for the log as it is, however often hosts die meanwhile.</summary>
public sealed class AlertOracleTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Cars = 10, ChangesACar = 50, Watchers = 100, LastsAtMost = 120;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly KiwiCarApp app = new() { Settings = { ["PRICE_ALERT_PAUSE"] = "3s" } };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Five_hundred_changes_and_a_hundred_watchers_each_with_two_hosts_that_die_in_turn()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var seller = await app.SignUp();
        var cars = await Offer(seller, random);
        var watchers = await Watch(cars, seller, random);
        await app.App.StopAsync(); // from here on the work is the two processes'

        HostProcess[] hosts = [await HostProcess.Start(app.Settings), await HostProcess.Start(app.Settings)];
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(LastsAtMost));
        var writing = Task.WhenAll(cars.Select((car, i) => Write(car, hosts, seller, new Random(seed + i), over.Token)));
        var kills = 0;
        for (var turn = 0; !writing.IsCompleted; turn = 1 - turn)
        {
            await Task.WhenAny(writing, Task.Delay(random.Next(500, 2_500)));
            await hosts[turn].Kill();
            kills++;
            var died = hosts[turn];
            hosts[turn] = await HostProcess.Start(app.Settings);
            await died.DisposeAsync();
        }
        await writing;
        await AllSent();
        foreach (var host in hosts) await host.DisposeAsync();

        var (expected, changes) = await Expected(cars, watchers);
        var mailed = app.Mails().Where(m => m.GetProperty("template").GetString() == "price-alert").Select(m =>
        {
            var data = m.GetProperty("data");
            return $"{m.GetProperty("to").GetString()} {data.GetProperty("listingUrl").GetString()![^36..]} {data.GetProperty("oldPrice").GetString()} -> {data.GetProperty("newPrice").GetString()}";
        }).ToList();
        output.WriteLine($"{changes} changes, {kills} kills, {mailed.Count} mails, {expected.Count} expected");
        Assert.Equal(expected.Order(StringComparer.Ordinal), mailed.Order(StringComparer.Ordinal));
        Assert.True(changes >= Cars * ChangesACar, "the hosts were down for too long");
        Assert.True(mailed.Count > 500, "there must have been mails to lose");
    }

    [Fact]
    public async Task Ten_thousand_watchers_of_one_car_are_all_in_the_outbox_once()
    {
        const int many = 10_000;
        var seller = await app.SignUp();
        var id = await app.Listing(seller);
        await using var db = await app.Database.Open(default);
        foreach (var some in Enumerable.Range(0, many).Chunk(1_000))
        {
            var people = some.Select(i => (Id: Guid.NewGuid(), Email: $"w{i}@example.com")).ToList();
            await db.Run($"INSERT INTO users (id, email, isVerified, createdAt, updatedAt) VALUES {string.Join(',', people.Select(p => $"('{p.Id}', '{p.Email}', TRUE, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"))}", default);
            await db.Run($"INSERT INTO favorites (id, userId, listingId, priceAlert) VALUES {string.Join(',', people.Select(p => $"('{Guid.NewGuid()}', '{p.Id}', '{id}', TRUE)"))}", default);
        }
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 24_000 })).Json();
        var began = TimeProvider.System.GetTimestamp();
        long there;
        while ((there = await db.Single<long>("SELECT COUNT(*) FROM outbox WHERE template = 'price-alert'", null, default)) == 0 && TimeProvider.System.GetElapsedTime(began).TotalSeconds < 30) await Task.Delay(10);
        output.WriteLine($"{there} mails in the outbox {TimeProvider.System.GetElapsedTime(began).TotalMilliseconds:0} ms after the answer, which came after the commit");
        Assert.Equal(many, there); // all by one transaction
        Assert.Equal(many, await db.Single<long>("SELECT COUNT(DISTINCT receiver) FROM outbox WHERE template = 'price-alert'", null, default));
    }

    // Up for three days already, so that what cost 25,000 all the time has a floor.
    private async Task<List<Guid>> Offer(Member seller, Random random)
    {
        var cars = Enumerable.Range(0, Cars).Select(_ => Guid.CreateVersion7()).ToList();
        var listed = DateTimeOffset.UtcNow.AddDays(-3);
        await app.Services.GetRequiredService<EventStore>().AppendMany("listing", [.. cars.Select((id, i) => new History(id,
        [
            new(new ListingCreated(id, seller.Id, $"OR{i:00}{random.Next(100):00}", "Mazda", "Demio", 2016, 84_000, 25_000, new string('x', 60), "Auckland",
                FuelType.PETROL, Transmission.AUTOMATIC, "Hatchback", "Blue", null, []), listed),
        ]))], default);
        return cars;
    }

    /// <summary>The watchers who are to be mailed, by car: address and target.</summary>
    private async Task<Dictionary<Guid, List<(string Email, decimal? Target)>>> Watch(List<Guid> cars, Member seller, Random random)
    {
        await using var db = await app.Database.Open(default);
        var people = Enumerable.Range(0, Watchers).Select(i => (Id: Guid.NewGuid(), Email: $"watcher{i}@example.com", Kind: i % 20)).ToList();
        foreach (var (id, email, kind) in people) // of 20: one has not verified, one has left, one wants no such mails
        {
            await db.Execute("INSERT INTO users (id, email, isVerified, createdAt, updatedAt, closedAt) VALUES (@id, @email, @verified, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), IF(@left, UTC_TIMESTAMP(3), NULL))",
                new { id, email, verified = kind is not (0 or 1), left = kind == 1 }, default);
            if (kind == 2) await db.Execute("INSERT INTO notification_preferences (userId, priceAlerts) VALUES (@id, FALSE)", new { id }, default);
        }
        var mailed = new Dictionary<Guid, List<(string, decimal?)>>();
        foreach (var car in cars)
        {
            mailed[car] = [];
            foreach (var (id, email, kind) in people.Append((seller.Id, seller.Email, 3))) // one's own car: never
            {
                var (alert, target) = (random.Next(10) > 0, random.Next(2) == 0 ? (decimal?)null : random.Next(20_000, 25_000));
                await db.Execute("INSERT INTO favorites (id, userId, listingId, priceAlert, targetPrice) VALUES (@favorite, @id, @car, @alert, @target)", new { favorite = Guid.NewGuid(), id, car, alert, target }, default);
                if (alert && kind > 2 && id != seller.Id) mailed[car].Add((email, target));
            }
        }
        return mailed;
    }

    // Whether an unanswered change was made, the log says.
    private static async Task Write(Guid car, HostProcess[] hosts, Member seller, Random random, CancellationToken ct)
    {
        var price = 25_000;
        for (var made = 0; made < ChangesACar && !ct.IsCancellationRequested;)
        {
            price += random.Next(10) < 6 ? -random.Next(10, 400) : random.Next(10, 400);
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(hosts[random.Next(2)].Http.BaseAddress!, $"/api/listings/{car}")) { Content = JsonContent.Create(new { price }) };
                request.Headers.Authorization = seller.Http.DefaultRequestHeaders.Authorization;
                using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
                using var answer = await http.SendAsync(request, ct);
                if (answer.IsSuccessStatusCode) made++;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
            {
                await Task.Delay(100, CancellationToken.None); // it is dead at this moment
            }
            await Task.Delay(random.Next(0, 300), CancellationToken.None);
        }
    }

    // A mail that a dead host had leased is due again when its lease ends, 30 s later.
    private async Task AllSent()
    {
        for (var wait = 0; wait < 900; wait++)
        {
            await using (var db = await app.Database.Open(default))
                if (await db.Single<long>("SELECT (SELECT COUNT(*) FROM outbox WHERE state <> 'SENT') + (SELECT COUNT(*) FROM price_alerts WHERE dueAt IS NOT NULL)", null, default) == 0) return;
            await Task.Delay(100);
        }
        Assert.Fail("not all was sent within 90 s");
    }

    private async Task<(List<string> Mails, int Changes)> Expected(List<Guid> cars, Dictionary<Guid, List<(string Email, decimal? Target)>> watchers)
    {
        var (mails, changes) = (new List<string>(), 0);
        foreach (var car in cars)
        {
            var events = new List<Recorded>();
            await foreach (var e in app.Services.GetRequiredService<EventStore>().ReadStream(car, default)) events.Add(e);
            var prices = events.Skip(1).Select(e => (e.At, ((PriceChanged)e.Data!).NewPrice)).ToList();
            changes += prices.Count;
            foreach (var (email, target) in watchers[car])
                mails.AddRange(AlertOracle.Mails(events[0].At, 25_000, prices, target, Pause).Select(m => string.Create(CultureInfo.InvariantCulture, $"{email} {car} {m.From:0.##} -> {m.To:0.##}")));
        }
        return (mails, changes);
    }
}
