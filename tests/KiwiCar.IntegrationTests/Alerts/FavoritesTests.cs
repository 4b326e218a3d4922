using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Alerts;

[Collection(nameof(KiwiCarCollection))]
public sealed class FavoritesTests(KiwiCarApp app)
{
    [Fact]
    public async Task A_favourite_shows_its_listing_as_the_document_says()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        var added = await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id, priceAlert = true, targetPrice = 22_000.5m })).Json(HttpStatusCode.Created);
        Assert.Equal(["id", "listingId", "priceAlert", "targetPrice", "createdAt"], added.EnumerateObject().Select(p => p.Name));

        var favorite = Assert.Single(await Favorites(buyer));
        Assert.Equal(["id", "listingId", "listing", "priceAlert", "targetPrice", "createdAt"], favorite.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["id", "title", "price", "previousPrice", "coverImage", "status"], favorite.GetProperty("listing").EnumerateObject().Select(p => p.Name));
        Assert.Equal(added.GetProperty("id").GetString(), favorite.GetProperty("id").GetString());
        Assert.Equal(added.GetProperty("createdAt").GetString(), favorite.GetProperty("createdAt").GetString());
        Assert.Equal((true, 22_000.5m), (favorite.GetProperty("priceAlert").GetBoolean(), favorite.GetProperty("targetPrice").GetDecimal()));
        var listing = favorite.GetProperty("listing");
        Assert.Equal((id, "2020 Toyota Corolla", 25_000m, JsonValueKind.Null, "ACTIVE"), (listing.GetProperty("id").GetGuid(), listing.GetProperty("title").GetString(),
            listing.GetProperty("price").GetDecimal(), listing.GetProperty("previousPrice").ValueKind, listing.GetProperty("status").GetString()));
        Assert.EndsWith("_thumb.webp", listing.GetProperty("coverImage").GetString(), StringComparison.Ordinal);

        await (await seller.Http.Put($"/api/listings/{id}", new { price = 24_000 })).Json();
        Assert.Equal(24_000m, (await Favorites(buyer))[0].GetProperty("listing").GetProperty("price").GetDecimal());
    }

    [Fact]
    public async Task Sold_and_removed_adverts_stay_among_the_favourites_and_say_so()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var (sold, removed) = (await app.Listing(seller), await app.Listing(seller));
        foreach (var listingId in new[] { sold, removed }) await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId })).Json(HttpStatusCode.Created);
        await (await seller.Http.Put($"/api/listings/{sold}/status", new { status = "SOLD" })).Json();
        await (await seller.Http.DeleteAsync($"/api/listings/{removed}")).Json();

        var shown = (await Favorites(buyer)).ToDictionary(f => f.GetProperty("listingId").GetGuid(), f => f.GetProperty("listing"));
        Assert.Equal("SOLD", shown[sold].GetProperty("status").GetString());
        Assert.NotNull(shown[sold].GetProperty("coverImage").GetString());
        Assert.Equal("REMOVED", shown[removed].GetProperty("status").GetString());
        Assert.Null(shown[removed].GetProperty("coverImage").GetString());
        await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = removed }).Refused(HttpStatusCode.NotFound, "NOT_FOUND"); // nobody marks what is gone
        Assert.Equal(HttpStatusCode.NoContent, (await buyer.Http.DeleteAsync($"/api/favorites/{removed}")).StatusCode);
        Assert.Equal([sold], (await Favorites(buyer)).Select(f => f.GetProperty("listingId").GetGuid()));
    }

    [Fact]
    public async Task The_previous_price_is_the_last_other_one_that_was_asked_for_a_day_or_more()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var (id, listed) = (Guid.CreateVersion7(), DateTimeOffset.UtcNow.AddDays(-20));
        var car = new ListingCreated(id, seller.Id, $"P{id.ToString("N")[^5..].ToUpperInvariant()}", "Toyota", "Corolla", 2020, 45_000, 25_000, new string('x', 60), "Auckland",
            FuelType.PETROL, Transmission.AUTOMATIC, "Sedan", "Silver", null, []);
        await app.Services.GetRequiredService<EventStore>().AppendMany("listing", [new(id,
        [
            new(car, listed), new(new PriceChanged(id, 25_000, 24_000), listed.AddDays(5)), new(new PriceChanged(id, 24_000, 30_000), listed.AddDays(9)),
            new(new PriceChanged(id, 30_000, 23_000), listed.AddDays(9).AddHours(2)),
        ])], default);
        await Shown(id);
        await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id })).Json(HttpStatusCode.Created);
        Assert.Equal(24_000m, await Previous(buyer)); // not the 30,000 of two hours

        await (await seller.Http.Put($"/api/listings/{id}", new { price = 24_000 })).Json();
        Assert.Equal(23_000m, await Previous(buyer));
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 26_000 })).Json();
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 23_000 })).Json();
        Assert.Equal(24_000m, await Previous(buyer)); // another price than the current one
    }

    [Fact]
    public async Task An_alert_is_changed_and_listed_apart()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var (watched, marked) = (await app.Listing(seller), await app.Listing(seller));
        foreach (var listingId in new[] { watched, marked }) await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId })).Json(HttpStatusCode.Created);
        Assert.Empty((await buyer.Http.GetJson("/api/favorites/alerts")).GetProperty("data").EnumerateArray());

        var set = await (await buyer.Http.PutAsJsonAsync($"/api/favorites/{watched}/alert", new { priceAlert = true, targetPrice = 20_000 })).Json();
        Assert.Equal((true, 20_000m), (set.GetProperty("priceAlert").GetBoolean(), set.GetProperty("targetPrice").GetDecimal()));
        var alert = Assert.Single((await buyer.Http.GetJson("/api/favorites/alerts")).GetProperty("data").EnumerateArray());
        Assert.Equal((watched, 20_000m), (alert.GetProperty("listingId").GetGuid(), alert.GetProperty("targetPrice").GetDecimal()));

        set = await (await buyer.Http.PutAsJsonAsync($"/api/favorites/{watched}/alert", new { priceAlert = true, targetPrice = (decimal?)null })).Json();
        Assert.Equal(JsonValueKind.Null, set.GetProperty("targetPrice").ValueKind);
        var error = await buyer.Http.PutAsJsonAsync($"/api/favorites/{watched}/alert", new { priceAlert = true, targetPrice = 25_000 }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["targetPrice"], error.Paths());
        error = await buyer.Http.PutAsJsonAsync($"/api/favorites/{watched}/alert", new { targetPrice = "cheap" }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["priceAlert", "targetPrice"], error.Paths());
        await buyer.Http.PutAsJsonAsync($"/api/favorites/{Guid.NewGuid()}/alert", new { priceAlert = true }).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await seller.Http.PutAsJsonAsync($"/api/favorites/{watched}/alert", new { priceAlert = true }).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await buyer.Http.PutAsJsonAsync("/api/favorites/x/alert", new { priceAlert = true }).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
    }

    [Fact]
    public async Task Removing_is_final_and_removing_again_says_so()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id })).Json(HttpStatusCode.Created);
        await seller.Http.DeleteAsync($"/api/favorites/{id}").Refused(HttpStatusCode.NotFound, "NOT_FOUND"); // another's mark
        Assert.Equal(HttpStatusCode.NoContent, (await buyer.Http.DeleteAsync($"/api/favorites/{id}")).StatusCode);
        await buyer.Http.DeleteAsync($"/api/favorites/{id}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.Empty(await Favorites(buyer));
    }

    [Fact]
    public async Task Pages_follow_each_other_without_a_gap_while_marks_are_added()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var ids = new List<Guid>();
        for (var n = 0; n < 7; n++)
        {
            ids.Add(await app.Listing(seller));
            await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = ids[^1] })).Json(HttpStatusCode.Created);
        }
        var (seen, cursor) = (new List<Guid>(), "");
        do
        {
            var page = await buyer.Http.GetJson($"/api/favorites?limit=3{(cursor.Length > 0 ? $"&before={cursor}" : "")}");
            seen.AddRange(page.GetProperty("data").EnumerateArray().Select(f => f.GetProperty("listingId").GetGuid()));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString()! : "";
            await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = await app.Listing(seller) })).Json(HttpStatusCode.Created);
        }
        while (cursor.Length > 0);
        Assert.Equal(ids.AsEnumerable().Reverse(), seen);
        foreach (var bad in new[] { "before=1", "before=1_x", "before=-1_00000000-0000-0000-0000-000000000000", "limit=0", "limit=101", "limit=x" })
            Assert.Single((await buyer.Http.GetAsync($"/api/favorites?{bad}").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
    }

    [Fact]
    public async Task What_somebody_marked_goes_with_their_account()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id, priceAlert = true })).Json(HttpStatusCode.Created);
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 24_000 })).Json();
        await app.MailTo(buyer.Email, "price-alert");
        using var close = new HttpRequestMessage(HttpMethod.Delete, "/api/users/me") { Content = JsonContent.Create(new { password = Identity.AccountClient.Password }) };
        await (await buyer.Http.SendAsync(close)).Json();
        for (var wait = 0; wait < 100 && await Left() > 0; wait++) await Task.Delay(50);
        Assert.Equal(0, await Left());

        async Task<long> Left()
        {
            await using var db = await app.Database.Open(default);
            return await db.Single<long>("SELECT (SELECT COUNT(*) FROM favorites WHERE userId = @user) + (SELECT COUNT(*) FROM price_alerts WHERE listingId = @listing)", new { user = buyer.Id, listing = id }, default);
        }
    }

    private static async Task<List<JsonElement>> Favorites(Member member) => [.. (await member.Http.GetJson("/api/favorites")).GetProperty("data").EnumerateArray()];

    private static async Task<decimal?> Previous(Member member) => (await Favorites(member))[0].GetProperty("listing").GetProperty("previousPrice") is { ValueKind: JsonValueKind.Number } price ? price.GetDecimal() : null;

    // What was appended behind the API's back has nobody who waits for it.
    private async Task Shown(Guid id)
    {
        for (var wait = 0; wait < 100 && !(await app.Http.GetAsync($"/api/listings/{id}")).IsSuccessStatusCode; wait++) await Task.Delay(50);
    }
}
