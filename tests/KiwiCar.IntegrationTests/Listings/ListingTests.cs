using System.Net;
using System.Net.Http.Json;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>An advert over HTTP: made, read, changed, closed, and what is refused on the way.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class ListingTests(KiwiCarApp app)
{
    [Fact]
    public async Task A_listing_shows_all_it_was_given_with_its_seller()
    {
        var seller = await app.SignUp();
        var advert = KiwiCarApp.Advert(await app.Photos(seller, 4));
        advert["region"] = "hawkes bay";
        advert["vin"] = "jtdkn3du5a0123456";
        advert["price"] = 24_999.5m;
        using var created = await seller.Http.PostAsJsonAsync("/api/listings", advert);
        var id = (await created.Json(HttpStatusCode.Created)).GetProperty("id").GetGuid();
        Assert.Equal($"/api/listings/{id}", created.Headers.Location?.OriginalString);
        Assert.Equal("\"1\"", created.Headers.ETag?.ToString());

        var shown = await app.Http.GetJson($"/api/listings/{id}");
        Assert.Equal("Hawke's Bay", shown.GetProperty("region").GetString());
        Assert.Equal(24_999.5m, shown.GetProperty("price").GetDecimal());
        Assert.Equal("ACTIVE", shown.GetProperty("status").GetString());
        Assert.EndsWith("Z", shown.GetProperty("createdAt").GetString());
        Assert.Equal((Guid[])advert["images"]!, shown.GetProperty("images").EnumerateArray().Select(i => i.GetProperty("id").GetGuid()));
        Assert.Equal([0, 1, 2, 3], shown.GetProperty("images").EnumerateArray().Select(i => i.GetProperty("order").GetInt32()));
        Assert.Equal(seller.Id, shown.GetProperty("seller").GetProperty("id").GetGuid());
        Assert.Equal("KiwiCar member", shown.GetProperty("seller").GetProperty("nickname").GetString());
        Assert.Equal(1, shown.GetProperty("seller").GetProperty("listingsCount").GetInt32());
        Assert.False(shown.TryGetProperty("vin", out _), "the VIN is nobody's business");
        Assert.Equal("JTDKN3DU5A0123456", (await seller.Http.GetJson($"/api/listings/{id}")).GetProperty("vin").GetString());
    }

    [Fact]
    public async Task Every_broken_field_is_named_at_once()
    {
        var seller = await app.SignUp();
        var error = await seller.Http.PostAsync("/api/listings", Http.Raw("""
            {"plateNumber":"abc 123\n","make":"","model":"Corolla","year":2020.5,"mileage":-1,"price":99.999,"description":"short","fuelType":"petrol",
             "transmission":1,"bodyType":null,"color":"Silver","vin":"IOQ","images":["x","01939f00-0000-7000-8000-000000000001"]}
            """)).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["plateNumber", "make", "year", "mileage", "price", "description", "region", "fuelType", "transmission", "bodyType", "vin", "images", "images.0"], error.Paths());
    }

    [Fact]
    public async Task Whole_numbers_may_be_written_with_a_point_as_in_javascript()
    {
        var seller = await app.SignUp();
        var id = await app.Listing(seller);
        await (await seller.Http.PutAsync($"/api/listings/{id}", Http.Raw("""{"mileage":46000.0,"price":24000.00}"""))).Json();
        Assert.Equal(46_000, (await app.Http.GetJson($"/api/listings/{id}")).GetProperty("mileage").GetInt32());
    }

    [Fact]
    public async Task Photos_must_be_ones_own_and_unused()
    {
        var (seller, other) = (await app.SignUp(), await app.SignUp());
        var mine = await app.Photos(seller);
        await (await seller.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert(mine))).Json(HttpStatusCode.Created);
        var fresh = await app.Photos(seller, 1);
        var error = await seller.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert([fresh[0], mine[1], .. await app.Photos(other, 1)])).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["images.1", "images.2"], error.Paths());
        await (await seller.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert([fresh[0], .. await app.Photos(seller, 2)]))).Json(HttpStatusCode.Created);
    }

    [Fact]
    public async Task The_unverified_may_keep_drafts_and_publish_nothing()
    {
        var seller = await app.SignUp(verified: false);
        var advert = KiwiCarApp.Advert(await app.Photos(seller));
        await seller.Http.PostAsJsonAsync("/api/listings", advert).Refused(HttpStatusCode.Forbidden, "EMAIL_NOT_VERIFIED");
        var draft = (await (await seller.Http.PostAsJsonAsync("/api/listings/drafts", advert)).Json(HttpStatusCode.Created)).GetProperty("id").GetGuid();
        await seller.Http.Put($"/api/listings/{draft}/status", new { status = "ACTIVE" }).Refused(HttpStatusCode.Forbidden, "EMAIL_NOT_VERIFIED");
        await app.Http.GetAsync($"/api/listings/{draft}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
    }

    [Fact]
    public async Task Guests_and_strangers_may_not_write()
    {
        var (seller, stranger) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        await app.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert([])).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        await app.Http.Put($"/api/listings/{id}", new { price = 1_000 }).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        await stranger.Http.Put($"/api/listings/{id}", new { price = 1_000 }).Refused(HttpStatusCode.Forbidden, "FORBIDDEN");
        await stranger.Http.Put($"/api/listings/{id}/status", new { status = "SOLD" }).Refused(HttpStatusCode.Forbidden, "FORBIDDEN");
        await stranger.Http.DeleteAsync($"/api/listings/{id}").Refused(HttpStatusCode.Forbidden, "FORBIDDEN");
        await seller.Http.Put($"/api/listings/{Guid.NewGuid()}", new { price = 1_000 }).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.Equal(25_000, (await app.Http.GetJson($"/api/listings/{id}")).GetProperty("price").GetInt32());
    }

    [Fact]
    public async Task A_new_price_is_seen_at_once_and_the_history_has_both()
    {
        var seller = await app.SignUp();
        var id = await app.Listing(seller);
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 22_000 })).Json();
        Assert.Equal(22_000, (await app.Http.GetJson($"/api/listings/{id}")).GetProperty("price").GetInt32());
        var history = (await app.Http.GetJson($"/api/listings/{id}/price-history")).GetProperty("data").EnumerateArray().Select(p => p.GetProperty("price").GetInt32());
        Assert.Equal([25_000, 22_000], history);
        Assert.Equal(22_000, (await app.Http.GetJson($"/api/listings?minPrice=22000&maxPrice=22000&limit=100")).GetProperty("data").EnumerateArray().Single(l => l.GetProperty("id").GetGuid() == id).GetProperty("price").GetInt32());
    }

    [Fact]
    public async Task Fewer_kilometres_are_explained_to_buyers()
    {
        var seller = await app.SignUp();
        var id = await app.Listing(seller);
        Assert.Equal(["mileageReason"], (await seller.Http.Put($"/api/listings/{id}", new { mileage = 4_500 }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        Assert.False((await app.Http.GetJson($"/api/listings/{id}")).TryGetProperty("mileageCorrections", out _));
        await (await seller.Http.Put($"/api/listings/{id}", new { mileage = 4_500, mileageReason = "A digit too many, sorry" })).Json();
        var page = await app.Http.GetJson($"/api/listings/{id}");
        var correction = page.GetProperty("mileageCorrections").EnumerateArray().Single();
        Assert.Equal((4_500, 45_000, 4_500, "A digit too many, sorry"), (page.GetProperty("mileage").GetInt32(), correction.GetProperty("oldMileage").GetInt32(), correction.GetProperty("newMileage").GetInt32(), correction.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task A_generated_text_is_shown_beside_the_sellers_own()
    {
        var seller = await app.SignUp();
        var id = await app.Listing(seller, advert => advert["aiDescription"] = "A 2020 Toyota Corolla in silver.");
        Assert.Equal("A 2020 Toyota Corolla in silver.", (await app.Http.GetJson($"/api/listings/{id}")).GetProperty("aiDescription").GetString());
        await (await seller.Http.Put($"/api/listings/{id}", new { aiDescription = (string?)null })).Json();
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await app.Http.GetJson($"/api/listings/{id}")).GetProperty("aiDescription").ValueKind);
    }

    [Fact]
    public async Task Who_has_not_seen_the_latest_version_is_told_so()
    {
        var seller = await app.SignUp();
        var id = await app.Listing(seller);
        using var seen = await app.Http.GetAsync($"/api/listings/{id}");
        var etag = seen.Headers.ETag!.ToString();
        using var changed = await seller.Http.Put($"/api/listings/{id}", new { price = 24_000 }, etag);
        Assert.Equal("\"2\"", changed.Headers.ETag?.ToString());
        await seller.Http.Put($"/api/listings/{id}", new { price = 23_000 }, etag).Refused(HttpStatusCode.PreconditionFailed, "PRECONDITION_FAILED");
        await seller.Http.Put($"/api/listings/{id}", new { price = 23_000 }, "nonsense").Refused(HttpStatusCode.PreconditionFailed, "PRECONDITION_FAILED");
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 23_000 }, "*")).Json();
    }

    [Fact]
    public async Task What_is_sold_leaves_the_search_and_keeps_its_page()
    {
        var seller = await app.SignUp();
        var word = $"word{Guid.NewGuid():N}";
        var id = await app.Listing(seller, a => a["description"] = $"A car with a most unusual word in its description: {word}.");
        Assert.Equal(1, await Found(word));
        await seller.Http.Put($"/api/listings/{id}/status", new { status = "SOLD", soldAt = "2126-01-01" }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        await (await seller.Http.Put($"/api/listings/{id}/status", new { status = "SOLD", soldPrice = 24_000 })).Json();
        Assert.Equal(0, await Found(word));
        Assert.Equal("SOLD", (await app.Http.GetJson($"/api/listings/{id}")).GetProperty("status").GetString());
        await seller.Http.Put($"/api/listings/{id}", new { price = 1_000 }).Refused(HttpStatusCode.Conflict, "LISTING_CLOSED");

        await (await seller.Http.Put($"/api/listings/{id}/status", new { status = "ACTIVE" })).Json();
        Assert.Equal(1, await Found(word));
        await (await seller.Http.DeleteAsync($"/api/listings/{id}")).Json();
        Assert.Equal(0, await Found(word));
        await app.Http.GetAsync($"/api/listings/{id}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await app.Http.GetAsync($"/api/listings/{id}/price-history").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.Equal("REMOVED", (await seller.Http.GetJson($"/api/listings/{id}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Twenty_prices_at_once_are_as_many_events_as_were_accepted()
    {
        var seller = await app.SignUp();
        var id = await app.Listing(seller);
        for (var round = 0; round < 5; round++)
        {
            var before = await Count(id);
            var prices = Enumerable.Range(0, 20).Select(i => 10_000 + round * 100 + i).ToList();
            var answers = await Task.WhenAll(prices.Select(price => seller.Http.Put($"/api/listings/{id}", new { price })));
            Assert.All(answers, a => Assert.True(a.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict));
            var accepted = answers.Zip(prices).Where(a => a.First.StatusCode == HttpStatusCode.OK).Select(a => a.Second).ToList();
            Assert.Equal(before + accepted.Count, await Count(id));
            Assert.Contains((await app.Http.GetJson($"/api/listings/{id}")).GetProperty("price").GetInt32(), accepted);
        }
    }

    [Fact]
    public async Task A_thousand_listings_are_there_as_soon_as_they_are_created()
    {
        var seller = await app.SignUp();
        var missing = 0;
        await Parallel.ForAsync(0, 1_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, ct) =>
        {
            var id = await app.Listing(seller);
            using var shown = await app.Http.GetAsync($"/api/listings/{id}", ct);
            if (shown.StatusCode != HttpStatusCode.OK) Interlocked.Increment(ref missing);
        });
        Assert.Equal(0, missing);
    }

    private async Task<int> Found(string word) => (await app.Http.GetJson($"/api/listings?q={word}")).GetProperty("pagination").GetProperty("total").GetInt32();

    private async Task<int> Count(Guid id) => (await app.Http.GetJson($"/api/listings/{id}/price-history")).GetProperty("data").GetArrayLength();
}
