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
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 26_000 })).Json(); // a rise for a moment
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 22_000 })).Json();
        var mail = await app.MailTo(buyer.Email, "price-alert");
        Assert.Equal("24000", mail.GetProperty("data").GetProperty("oldPrice").GetString());
        Assert.Equal("22000", mail.GetProperty("data").GetProperty("newPrice").GetString());
        Assert.Contains("$24,000", mail.GetProperty("text").GetString(), StringComparison.Ordinal);
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

    [Fact]
    public async Task Who_must_not_be_mailed_is_not()
    {
        var (seller, unverified, unwilling, left, willing) = (await app.SignUp(), await app.SignUp(verified: false), await app.SignUp(), await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        foreach (var who in new[] { unverified, unwilling, left, willing })
            await (await who.Http.PostAsJsonAsync("/api/favorites", new { listingId = id, priceAlert = true })).Json(HttpStatusCode.Created);
        await (await unwilling.Http.PutAsJsonAsync("/api/users/me/notifications", new { priceAlerts = false, favoriteSold = false })).Json();
        using var close = new HttpRequestMessage(HttpMethod.Delete, "/api/users/me") { Content = JsonContent.Create(new { password = Identity.AccountClient.Password }) };
        await (await left.Http.SendAsync(close)).Json();

        await (await seller.Http.Put($"/api/listings/{id}", new { price = 24_000 })).Json();
        await app.MailTo(willing.Email, "price-alert"); // of a car that is sold, none would leave
        await (await seller.Http.Put($"/api/listings/{id}/status", new { status = "SOLD" })).Json();
        var sold = await app.MailTo(willing.Email, "listing-sold"); // it comes last
        Assert.Contains($"/buy/{id}", sold.GetProperty("data").GetProperty("listingUrl").GetString(), StringComparison.Ordinal);
        Assert.Equal("Sold: 2020 Toyota Corolla", sold.GetProperty("subject").GetString());
        Assert.Contains("/api/users/unsubscribe/", sold.GetProperty("unsubscribeUrl").GetString(), StringComparison.Ordinal);
        Assert.Single(await app.MailsTo(willing.Email), m => m.GetProperty("template").GetString() == "price-alert");
        foreach (var who in new[] { seller, unverified, unwilling, left })
            Assert.DoesNotContain(await app.MailsTo(who.Email), m => m.GetProperty("template").GetString() is "price-alert" or "listing-sold");
    }

    // The mail asks the log whether the car is sold: the table may not know yet.
    [Fact]
    public async Task The_mail_of_a_sale_leaves_though_the_read_model_is_behind()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id })).Json(HttpStatusCode.Created);
        Task<HttpResponseMessage> selling;
        await using (var db = await app.Database.Open(default))
        {
            await db.Begin(default);
            await db.Execute("SELECT position FROM checkpoints WHERE name = 'listings' FOR UPDATE", null, default);
            selling = seller.Http.Put($"/api/listings/{id}/status", new { status = "SOLD" });
            await app.MailTo(buyer.Email, "listing-sold");
            await db.Rollback(default);
        }
        await (await selling).Json();
    }

    [Fact]
    public async Task A_rise_and_a_drop_back_within_minutes_are_told_to_nobody()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id, priceAlert = true })).Json(HttpStatusCode.Created);
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 29_000 })).Json();
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 25_000 })).Json();
        await (await seller.Http.Put($"/api/listings/{id}/status", new { status = "SOLD" })).Json();
        await app.MailTo(buyer.Email, "listing-sold");
        Assert.DoesNotContain(await app.MailsTo(buyer.Email), m => m.GetProperty("template").GetString() == "price-alert");
    }
}
