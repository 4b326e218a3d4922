using System.Net;
using System.Net.Http.Json;

namespace KiwiCar.IntegrationTests.Alerts;

[Collection(nameof(KiwiCarCollection))]
public sealed class PriceAlertTests(KiwiCarApp app)
{
    [Fact]
    public async Task A_fall_below_the_target_mails_the_watcher_once_with_both_prices()
    {
        var (seller, buyer, idle) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id, priceAlert = true, targetPrice = 22_500 })).Json(HttpStatusCode.Created);
        await (await idle.Http.PostAsJsonAsync("/api/favorites", new { listingId = id, priceAlert = false })).Json(HttpStatusCode.Created);

        await (await seller.Http.Put($"/api/listings/{id}", new { price = 24_000 })).Json(); // not low enough
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 26_000 })).Json(); // a rise
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 22_000 })).Json();
        var mail = await app.MailTo(buyer.Email, "price-alert");
        Assert.Equal("26000", mail.GetProperty("data").GetProperty("oldPrice").GetString());
        Assert.Equal("22000", mail.GetProperty("data").GetProperty("newPrice").GetString());
        Assert.Contains("$26,000", mail.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains($"/buy/{id}", mail.GetProperty("html").GetString(), StringComparison.Ordinal);

        await Task.Delay(1_200); // two polls of the sender
        Assert.Single(await app.MailsTo(buyer.Email), m => m.GetProperty("template").GetString() == "price-alert");
        Assert.DoesNotContain(await app.MailsTo(idle.Email), m => m.GetProperty("template").GetString() == "price-alert");
        Assert.DoesNotContain(await app.MailsTo(seller.Email), m => m.GetProperty("template").GetString() == "price-alert");
    }

    [Fact]
    public async Task Marking_twice_is_marking_once()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id })));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Created);
        Assert.Equal(9, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
        Assert.Single((await Task.WhenAll(answers.Select(a => a.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>()))).Select(a => a.GetProperty("id").GetGuid()).Distinct());
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        await app.Http.PostAsJsonAsync("/api/favorites", new { listingId = id }).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        await seller.Http.PostAsJsonAsync("/api/favorites", new { listingId = id }).Refused(HttpStatusCode.Conflict, "OWN_LISTING");
        await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = Guid.NewGuid() }).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        var error = await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id, priceAlert = true, targetPrice = 25_000 }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["targetPrice"], error.Paths());
        error = await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = "x", priceAlert = "yes", targetPrice = "1" }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["listingId", "priceAlert", "targetPrice"], error.Paths());
    }
}
