using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Search;
using KiwiCar.Tests.Listings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>
/// Search, options and similar listings against what the table and the log say, read plainly: bursts of writes, and between them, with
/// everything at the head of the log, random questions over HTTP, and to an index that was loaded just then.
/// </summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class SearchOracleTests(ITestOutputHelper output)
{
    private const int Bursts = 40, QueriesEach = 50, WritesEach = 15, Sellers = 3;
    private readonly KiwiCarApp app = new();
    private readonly List<Guid>[] mine = [.. Enumerable.Range(0, Sellers).Select(_ => new List<Guid>())];
    private readonly Dictionary<int, int> answers = [];

    [Fact]
    public async Task Two_thousand_random_questions_amid_random_writes_are_answered_as_the_table_says()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        await app.InitializeAsync(); // a market of its own, so that nothing else is written between table and question
        try
        {
            var sellers = await Task.WhenAll(Enumerable.Range(0, Sellers).Select(_ => app.SignUp()));
            var market = new RandomMarket(new(seed));
            await Write(sellers, seed, 100);
            var found = 0L;
            for (var burst = 0; burst < Bursts; burst++)
            {
                await Write(sellers, seed + 100 * (burst + 1), WritesEach);
                var table = await Table();
                var loaded = burst % 8 == 0 ? await Loaded() : null;
                for (var i = 0; i < QueriesEach; i++) found += await Ask(market, table, loaded, sellers, $"seed {seed}, burst {burst}, query {i}");
            }
            output.WriteLine($"{string.Join(", ", answers.OrderBy(x => x.Key).Select(x => $"{x.Value} x {x.Key}"))}; {Bursts * QueriesEach} queries found {found} listings");
            Assert.True(found > Bursts * QueriesEach, "most questions must have an answer");
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    private async Task Write(Member[] sellers, int seed, int commands) => await Task.WhenAll(sellers.Select(async (seller, s) =>
    {
        var random = new Random(seed + s);
        var market = new RandomMarket(random);
        for (var i = 0; i < commands; i++)
        {
            using var answer = await Command(seller, mine[s], market, random);
            lock (answers) answers[(int)answer.StatusCode] = answers.GetValueOrDefault((int)answer.StatusCode) + 1;
        }
    }));

    private async Task<HttpResponseMessage> Command(Member seller, List<Guid> ids, RandomMarket market, Random random)
    {
        var x = market.Listing(Guid.Empty);
        var description = $"{x.Description} and so on, in more words than anybody cares to read";
        if (ids.Count < 60 || random.Next(4) == 0)
        {
            var advert = KiwiCarApp.Advert(await app.Photos(seller));
            foreach (var (field, value) in new (string, object)[]
            {
                ("make", x.Make), ("model", x.Model), ("year", x.Year), ("mileage", x.Mileage), ("price", x.Price), ("description", description), ("region", x.Region),
                ("fuelType", $"{x.FuelType}"), ("transmission", $"{x.Transmission}"), ("bodyType", x.BodyType), ("color", x.Color),
            }) advert[field] = value;
            var created = await seller.Http.PostAsJsonAsync("/api/listings", advert);
            ids.Add((await created.Json(System.Net.HttpStatusCode.Created)).GetProperty("id").GetGuid());
            return created;
        }
        var path = $"/api/listings/{ids[random.Next(ids.Count)]}";
        return random.Next(10) switch
        {
            0 => await seller.Http.Put($"{path}/status", new { status = "SOLD" }),
            1 => await seller.Http.Put($"{path}/status", new { status = "REMOVED" }),
            <= 4 => await seller.Http.Put($"{path}/status", new { status = "ACTIVE" }),
            5 => await seller.Http.Put(path, new { color = x.Color, region = x.Region, mileage = x.Mileage, mileageReason = "Read once more", description }),
            _ => await seller.Http.Put(path, new { price = x.Price }),
        };
    }

    private async Task<long> Ask(RandomMarket market, Market table, ListingIndex? loaded, Member[] sellers, string which)
    {
        var asked = market.Query(size: 100, [.. table.Plain.Ids]);
        var query = asked with
        {
            SellerId = asked.SellerId is null ? null : sellers[market.Random.Next(Sellers)].Id,
            ListedSince = asked.ListedSince is null ? null : table.Any(market.Random).PublishedAt,
            MaxPrice = asked.MaxPrice < asked.MinPrice ? null : asked.MaxPrice, // crossed bounds are refused
            MaxYear = asked.MaxYear < asked.MinYear ? null : asked.MaxYear,
            MaxMileage = asked.MaxMileage < asked.MinMileage ? null : asked.MaxMileage,
        };
        var text = ToText(query);
        var (total, ids) = table.Plain.Search(query);
        var answer = await app.Http.GetJson($"/api/listings?{text}");
        Assert.True(total == answer.GetProperty("pagination").GetProperty("total").GetInt32() && ids.SequenceEqual(Ids(answer)), $"{which}: {text}");
        Assert.True(loaded is null || loaded.Search(query) is var (count, cards) && count == total && ids.SequenceEqual(cards.Select(x => x.Id)), $"{which}, loaded: {text}");
        if (market.Random.Next(5) == 0) Assert.Equal(table.Plain.Options(query), ToLines(await app.Http.GetJson($"/api/filters/options?{text}")));
        var car = table.Any(market.Random);
        if (market.Random.Next(5) == 0) Assert.Equal(table.Plain.Similar(car, 6), Ids(await app.Http.GetJson($"/api/listings/{car.Id}/similar")));
        return total;
    }

    private static string ToText(ListingQuery q)
    {
        var (sort, text) = (q.Sort switch { SortOrder.PriceAsc => "price_asc", SortOrder.PriceDesc => "price_desc", SortOrder.MileageAsc => "mileage_asc", _ => "newest" }, new List<string>());
        foreach (var (name, value) in new (string, object?)[]
        {
            ("q", q.Text), ("make", Comma(q.Makes)), ("model", Comma(q.Models)), ("region", Comma(q.Regions)), ("bodyType", Comma(q.BodyTypes)), ("color", Comma(q.Colors)),
            ("fuelType", Comma(q.FuelTypes)), ("transmission", Comma(q.Transmissions)), ("minPrice", q.MinPrice), ("maxPrice", q.MaxPrice), ("minYear", q.MinYear), ("maxYear", q.MaxYear),
            ("minMileage", q.MinMileage), ("maxMileage", q.MaxMileage), ("seller", q.SellerId), ("listedSince", q.ListedSince?.UtcDateTime.ToString("O")),
            ("reduced", q.Reduced ? "true" : null), ("ids", Comma(q.Ids)), ("sort", sort), ("page", q.Page), ("limit", q.Limit),
        })
            if (value is not null) text.Add($"{name}={Uri.EscapeDataString($"{value}")}");
        return string.Join('&', text);
        static string? Comma<T>(IReadOnlyList<T> values) => values.Count == 0 ? null : string.Join(',', values);
    }

    private static IEnumerable<Guid> Ids(JsonElement answer) => answer.GetProperty("data").EnumerateArray().Select(x => x.GetProperty("id").GetGuid());

    private static string ToLines(JsonElement options) => string.Join('\n', new[] { "makes", "models", "regions", "bodyTypes", "colors", "fuelTypes", "transmissions" }
        .Select(name => string.Join(", ", options.GetProperty(name).EnumerateArray().Select(x =>
            $"{x.GetProperty("value")}{(x.TryGetProperty("make", out var make) ? $" {make}" : "")} {x.GetProperty("label")} {x.GetProperty("count")}")))
        .Concat(new[] { "priceRange", "yearRange", "mileageRange" }.Select(name => options.GetProperty(name) is var range && range.GetProperty("min").ValueKind == JsonValueKind.Null
            ? "-" : $"{range.GetProperty("min").GetDecimal():0.00} {range.GetProperty("max").GetDecimal():0.00}")));

    /// <summary>The ACTIVE rows, and the prices of their last listing out of the log; nothing is written meanwhile.</summary>
    private async Task<Market> Table()
    {
        var connections = app.Services.GetRequiredService<EventConnections>();
        await using var highest = connections.Reads.CreateCommand("SELECT max(seq_id) FROM events.mt_events");
        await app.Services.GetRequiredService<Progress>().Reached((long)(await highest.ExecuteScalarAsync())!, default);
        var listed = new Dictionary<Guid, decimal>();
        await using var listings = connections.Reads.CreateCommand(
            "SELECT DISTINCT ON (stream_id) stream_id, (data ->> 'price')::numeric FROM events.mt_events WHERE type IN ('listing_created', 'relisted') ORDER BY stream_id, version DESC");
        await using (var row = await listings.ExecuteReaderAsync())
            while (await row.ReadAsync()) listed[row.GetGuid(0)] = row.GetDecimal(1);
        await using var db = await app.Database.Open(default);
        var market = new Market(new PlainList(), []);
        foreach (var row in await db.Query<Row>("SELECT * FROM listings WHERE status = 'ACTIVE'", null, default))
        {
            market.Listings.Add(row.ToListing(listed[row.Id]));
            market.Plain.Put(market.Listings[^1]);
        }
        return market;
    }

    private async Task<ListingIndex> Loaded()
    {
        var index = new ListingIndex();
        using var feed = new ListingIndexFeed(
            index, app.Services.GetRequiredService<Covers>(), app.Services.GetRequiredService<ListingVersions>(), app.Database, app.Services.GetRequiredService<EventConnections>(), app.Services.GetRequiredService<EventReader>(),
            app.Services.GetRequiredService<EventStore>(), new Progress(), NullLogger<ListingIndexFeed>.Instance);
        await feed.StartAsync(default);
        await feed.StopAsync(default);
        return index;
    }

    private sealed record Market(PlainList Plain, List<IndexedListing> Listings)
    {
        public IndexedListing Any(Random random) => Listings[random.Next(Listings.Count)];
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid UserId { get; init; }
        public string Make { get; init; } = "";
        public string Model { get; init; } = "";
        public int Year { get; init; }
        public int Mileage { get; init; }
        public decimal Price { get; init; }
        public string Region { get; init; } = "";
        public FuelType FuelType { get; init; }
        public Transmission Transmission { get; init; }
        public string BodyType { get; init; } = "";
        public string Color { get; init; } = "";
        public string Description { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset PublishedAt { get; init; }

        public IndexedListing ToListing(decimal listedPrice) => new(
            Id, UserId, Make, Model, Year, Mileage, Price, Region, FuelType, Transmission, BodyType, Color, Description, null, CreatedAt, PublishedAt) { ListedPrice = listedPrice };
    }
}
