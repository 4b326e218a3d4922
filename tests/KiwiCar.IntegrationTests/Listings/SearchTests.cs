using System.Net;
using System.Text.Json;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>The query string and the answer's shape; what is found is ListingIndexTests' matter.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class SearchTests(KiwiCarApp app)
{
    [Fact]
    public async Task A_card_has_the_fields_of_the_prd_and_pages_the_true_total()
    {
        var seller = await app.SignUp();
        var make = $"Make{Guid.NewGuid():N}"[..20];
        for (var i = 0; i < 5; i++) await app.Listing(seller, a => { a["make"] = make; a["price"] = 10_000 + i; });

        var first = await app.Http.GetJson($"/api/listings?make={make.ToLowerInvariant()}&sort=price_desc&limit=2");
        Assert.Equal(["id", "title", "price", "year", "mileage", "region", "fuelType", "transmission", "coverImage", "createdAt"],
            first.GetProperty("data")[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal([10_004, 10_003], Prices(first));
        Assert.Equal($"2020 {make} Corolla", first.GetProperty("data")[0].GetProperty("title").GetString());
        Assert.EndsWith("_thumb.webp", first.GetProperty("data")[0].GetProperty("coverImage").GetString());
        Assert.Equal((1, 2, 5, 3), Pages(first));
        Assert.Equal([10_000], Prices(await app.Http.GetJson($"/api/listings?make={make}&sort=price_desc&limit=2&page=3")));
        var beyond = await app.Http.GetJson($"/api/listings?make={make}&limit=2&page=99");
        Assert.Empty(Prices(beyond));
        Assert.Equal((99, 2, 5, 3), Pages(beyond));
    }

    [Fact]
    public async Task Every_broken_parameter_is_named()
    {
        var error = await app.Http.GetAsync("/api/listings?page=0&limit=1000&minPrice=-1&maxPrice=abc&minYear=2020.5&minMileage=9&maxMileage=3&fuelType=STEAM&sort=cheapest")
            .Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["fuelType", "limit", "maxPrice", "minMileage", "minPrice", "minYear", "page", "sort"], error.Paths().Order());
    }

    [Theory]
    [InlineData("seller=me", "seller"), InlineData("listedSince=yesterday", "listedSince"), InlineData("listedSince=2026-02-30", "listedSince"), InlineData("listedSince=0001-01-01", "listedSince")]
    [InlineData("listedSince=2026-01-31T10:00:00", "listedSince"), InlineData("reduced=yes", "reduced"), InlineData("ids=1,2", "ids"), InlineData("color=red&transmission=CVT", "transmission")]
    public async Task A_condition_that_cannot_be_read_is_refused_by_search_and_options_alike(string query, string field)
    {
        foreach (var path in (string[])["/api/listings", "/api/filters/options"])
            Assert.Equal([field], (await app.Http.GetAsync($"{path}?{query}").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
    }

    [Fact]
    public async Task A_hundred_ids_are_taken_and_no_more()
    {
        string Ids(int count) => string.Join(',', Enumerable.Range(0, count).Select(_ => Guid.NewGuid()));
        Assert.Empty(Prices(await app.Http.GetJson($"/api/listings?ids={Ids(100)}")));
        Assert.Equal(["ids"], (await app.Http.GetAsync($"/api/listings?ids={Ids(101)}").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
    }

    [Fact]
    public async Task A_buyer_narrows_by_seller_colour_day_ids_and_reductions()
    {
        var seller = await app.SignUp();
        var ids = new List<Guid>();
        for (var i = 0; i < 3; i++) ids.Add(await app.Listing(seller, a => { a["price"] = 10_000 + i; a["color"] = i == 2 ? "Blue" : "Pearl White"; }));
        await (await seller.Http.Put($"/api/listings/{ids[1]}", new { price = 9_000 })).Json();

        async Task Found(string query, params int[] prices) => Assert.Equal(prices, Prices(await app.Http.GetJson($"/api/listings?seller={seller.Id}&sort=price_asc&{query}")));
        await Found("", 9_000, 10_000, 10_002);
        await Found("color=pearl-white,red", 9_000, 10_000);
        await Found($"ids={ids[2]},{ids[1]},{Guid.NewGuid()}", 9_000, 10_002);
        await Found("reduced=true", 9_000);
        await Found("reduced=false", 9_000, 10_000, 10_002);
        await Found($"listedSince={DateTime.UtcNow.AddDays(-1):yyyy-MM-dd}", 9_000, 10_000, 10_002);
        await Found("listedSince=2020-01-31T10:00:00+13:00", 9_000, 10_000, 10_002);
        await Found($"listedSince={DateTime.UtcNow.AddHours(1):O}");

        // Sold and offered again, the price of that day is what it is reduced from.
        await (await seller.Http.Put($"/api/listings/{ids[1]}/status", new { status = "SOLD" })).Json();
        await (await seller.Http.Put($"/api/listings/{ids[1]}/status", new { status = "ACTIVE" })).Json();
        await Found("reduced=true");
        await (await seller.Http.Put($"/api/listings/{ids[1]}", new { price = 8_000 })).Json();
        await Found("reduced=true", 8_000);
    }

    [Fact]
    public async Task The_options_have_the_shape_of_the_prd_and_follow_the_conditions()
    {
        var seller = await app.SignUp();
        var make = $"Make{Guid.NewGuid():N}"[..20];
        for (var i = 0; i < 3; i++) await app.Listing(seller, a => { a["make"] = make; a["model"] = i == 0 ? "One" : "Two"; a["price"] = 10_000.5 + i; a["region"] = "hawkes bay"; });
        var all = await app.Http.GetJson("/api/filters/options");
        Assert.Equal(["makes", "models", "regions", "bodyTypes", "colors", "fuelTypes", "transmissions", "priceRange", "yearRange", "mileageRange"], all.EnumerateObject().Select(p => p.Name));
        Assert.Contains(all.GetProperty("makes").EnumerateArray(), x => x.GetRawText() == $$"""{"value":"{{make.ToLowerInvariant()}}","label":"{{make}}","count":3}""");
        Assert.Empty(all.GetProperty("models").EnumerateArray());

        var some = await app.Http.GetJson($"/api/filters/options?make={make}&minPrice=10001");
        string[] raw = [.. new[] { "models", "regions", "fuelTypes", "transmissions", "priceRange", "yearRange", "mileageRange" }.Select(name => some.GetProperty(name).GetRawText())];
        Assert.Equal(
        [
            $$"""[{"value":"{{make.ToLowerInvariant()}}-two","label":"Two","make":"{{make.ToLowerInvariant()}}","count":2}]""", """[{"value":"hawkes-bay","label":"Hawke's Bay","count":2}]""",
            """[{"value":"PETROL","label":"Petrol","count":2}]""", """[{"value":"AUTOMATIC","label":"Automatic","count":2}]""",
            """{"min":10000.5,"max":10002.5}""", """{"min":2020,"max":2020}""", """{"min":45000,"max":45000}""",
        ], raw);
        Assert.Equal("""{"min":null,"max":null}""", (await app.Http.GetJson("/api/filters/options?make=none-such")).GetProperty("priceRange").GetRawText());
    }

    [Fact]
    public async Task Similar_listings_are_cards_and_a_sold_one_still_has_them()
    {
        var seller = await app.SignUp();
        var make = $"Make{Guid.NewGuid():N}"[..20];
        var ids = new List<Guid>();
        for (var i = 0; i < 8; i++) ids.Add(await app.Listing(seller, a => { a["make"] = make; a["price"] = 10_000 + 500 * i; }));
        await (await seller.Http.Put($"/api/listings/{ids[0]}/status", new { status = "SOLD" })).Json();
        await (await seller.Http.DeleteAsync($"/api/listings/{ids[1]}")).Json();

        var similar = await app.Http.GetJson($"/api/listings/{ids[0]}/similar");
        Assert.Equal([11_000, 11_500, 12_000, 12_500, 13_000, 13_500], Prices(similar));
        Assert.Equal(["data"], similar.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["id", "title", "price", "year", "mileage", "region", "fuelType", "transmission", "coverImage", "createdAt"], similar.GetProperty("data")[0].EnumerateObject().Select(p => p.Name));
        Assert.DoesNotContain(11_000, Prices(await app.Http.GetJson($"/api/listings/{ids[2]}/similar")));
        Assert.Equal(6, Prices(await seller.Http.GetJson($"/api/listings/{ids[1]}/similar")).Count());
        await app.Http.GetAsync($"/api/listings/{ids[1]}/similar").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await app.Http.GetAsync($"/api/listings/{Guid.NewGuid()}/similar").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
    }

    [Theory]
    [InlineData("q=%25")]
    [InlineData("q=_")]
    [InlineData("q=' OR 1=1 --")]
    [InlineData("make=';DROP TABLE listings;--")]
    [InlineData("q=%F0%9F%9A%97")]
    public async Task Hostile_words_are_only_words(string query) => Assert.Equal(JsonValueKind.Object, (await app.Http.GetJson($"/api/listings?{query}")).ValueKind);

    private static IEnumerable<int> Prices(JsonElement page) => page.GetProperty("data").EnumerateArray().Select(l => l.GetProperty("price").GetInt32());

    private static (int, int, int, int) Pages(JsonElement page)
    {
        var p = page.GetProperty("pagination");
        return (p.GetProperty("page").GetInt32(), p.GetProperty("limit").GetInt32(), p.GetProperty("total").GetInt32(), p.GetProperty("totalPages").GetInt32());
    }
}
