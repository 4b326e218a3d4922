using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Search;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>Anything read is derived from the log: built again from the first event it is the same, row by row.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class ReadModelTests(KiwiCarApp app, ITestOutputHelper output)
{
    private const int Clients = 8, CommandsEach = 1_250;
    private static readonly string[] Tables = ["listings", "listing_images", "price_history"];

    [Fact]
    public async Task After_ten_thousand_random_commands_and_rebuilds_meanwhile_a_rebuild_changes_no_row()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        using var done = new CancellationTokenSource();
        var rebuilding = RebuildUntil(done.Token);
        var answers = (await Task.WhenAll(Enumerable.Range(0, Clients).Select(c => Client(new Random(seed + c))))).SelectMany(a => a).CountBy(s => s).ToDictionary();
        await done.CancelAsync();
        var rebuilds = await rebuilding;
        output.WriteLine($"{string.Join(", ", answers.Select(a => $"{(int)a.Key}: {a.Value}"))}; {rebuilds} rebuilds meanwhile");
        Assert.DoesNotContain(answers, a => (int)a.Key >= 500);
        Assert.True(rebuilds > 0);

        await CaughtUp();
        var live = await Dump();
        await app.Rebuild("listings");
        var rebuilt = await Dump();
        foreach (var table in Tables) Assert.Equal(live[table], rebuilt[table]);
        await IndexEqualsTheTable();
    }

    private async Task<List<HttpStatusCode>> Client(Random random)
    {
        var seller = await app.SignUp();
        var (mine, answers) = (new List<Guid>(), new List<HttpStatusCode>());
        for (var i = 0; i < CommandsEach; i++)
        {
            using var answer = await Command(random, seller, mine);
            answers.Add(answer.StatusCode);
        }
        return answers;
    }

    private async Task<HttpResponseMessage> Command(Random random, Member seller, List<Guid> mine)
    {
        if (mine.Count < 3 || random.Next(8) == 0)
        {
            var created = await seller.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert(await app.Photos(seller)));
            mine.Add((await created.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid());
            return created;
        }
        if (random.Next(12) == 0)
        {
            var advert = KiwiCarApp.Advert(await app.Photos(seller));
            foreach (var field in advert.Keys.Where(_ => random.Next(6) == 0).ToList()) advert.Remove(field);
            if (random.Next(3) == 0) advert["id"] = mine[random.Next(mine.Count)]; // saves it again, if it is one
            var saved = await seller.Http.PostAsJsonAsync("/api/listings/drafts", advert);
            if (saved.StatusCode == HttpStatusCode.Created) mine.Add((await saved.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid());
            return saved;
        }
        var path = $"/api/listings/{mine[random.Next(mine.Count)]}";
        return random.Next(10) switch
        {
            0 => await seller.Http.Put($"{path}/status", new { status = "SOLD" }),
            1 => await seller.Http.Put($"{path}/status", new { status = "REMOVED" }),
            2 => await seller.Http.Put($"{path}/status", new { status = "ACTIVE" }),
            3 => await seller.Http.DeleteAsync(path),
            4 => await seller.Http.Put(path, new { images = await app.Photos(seller, random.Next(3, 11)) }),
            5 => await seller.Http.Put(path, new { color = $"Colour '{random.Next(9)}'\\", mileage = random.Next(1_000_000), mileageReason = "A 6 was read as an 8", description = $"Māori 車 🚗 \" % _ {random.Next()} and enough more words to be long enough." }),
            _ => await seller.Http.Put(path, new { price = random.Next(10_000, 5_000_000) / 100m }),
        };
    }

    private async Task<int> RebuildUntil(CancellationToken stop)
    {
        for (var rebuilds = 0; ; rebuilds++)
        {
            if (stop.IsCancellationRequested) return rebuilds;
            await app.Rebuild("listings");
            await Task.Delay(500, CancellationToken.None);
        }
    }

    private async Task CaughtUp()
    {
        var connections = app.Services.GetRequiredService<EventConnections>();
        await using var highest = connections.Reads.CreateCommand("SELECT max(seq_id) FROM events.mt_events");
        await app.Services.GetRequiredService<Progress>().Reached((long)(await highest.ExecuteScalarAsync())!, default);
    }

    private async Task<Dictionary<string, List<string>>> Dump()
    {
        await using var db = await app.Database.Open(default);
        var dump = new Dictionary<string, List<string>>();
        foreach (var table in Tables)
            dump[table] = [.. (await db.Query<dynamic>($"SELECT * FROM `{table}` ORDER BY id", null, default)).Select(row => string.Join('|', ((IDictionary<string, object?>)row).Select(c => $"{c.Key}={(c.Value is DateTime t ? t.ToString("O") : c.Value)}")))];
        Assert.NotEmpty(dump["listings"]);
        return dump;
    }

    private async Task IndexEqualsTheTable()
    {
        var index = app.Services.GetRequiredService<ListingIndex>();
        await using var db = await app.Database.Open(default);
        var active = (await db.Query<(Guid Id, decimal Price, int Mileage, string Color)>("SELECT id, price, mileage, color FROM listings WHERE status = 'ACTIVE'", null, default)).ToList();
        Assert.Equal(active.Count, index.Count);
        Assert.All(active, row => Assert.Equal((row.Price, row.Mileage, row.Color), index.Find(row.Id) is { } found ? (found.Price, found.Mileage, found.Color) : default));
    }
}
