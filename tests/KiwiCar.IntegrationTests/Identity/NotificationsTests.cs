using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace KiwiCar.IntegrationTests.Identity;

/// <summary>Which mails a person wants: in their settings, and by the link at the end of a mail.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class NotificationsTests(KiwiCarApp app)
{
    private const string Settings = "/api/users/me/notifications", All = """{"priceAlerts":true,"newMessages":true,"favoriteSold":true}""";

    [Fact]
    public async Task All_come_until_somebody_says_otherwise_and_what_is_left_out_stays()
    {
        var member = await app.SignUp();
        Assert.Equal(All, await Wanted(member));
        foreach (var (body, now) in new[]
        {
            ("""{"newMessages":false}""", """{"priceAlerts":true,"newMessages":false,"favoriteSold":true}"""),
            ("""{"priceAlerts":false,"somethingNew":1}""", """{"priceAlerts":false,"newMessages":false,"favoriteSold":true}"""),
            ("{}", """{"priceAlerts":false,"newMessages":false,"favoriteSold":true}"""),
            ("""{"priceAlerts":true,"newMessages":true,"favoriteSold":false}""", """{"priceAlerts":true,"newMessages":true,"favoriteSold":false}"""),
        })
        {
            Assert.Equal(now, (await (await member.Http.PutAsync(Settings, Http.Raw(body))).Json()).GetRawText());
            Assert.Equal(now, await Wanted(member));
        }
        Assert.Equal(All, await Wanted(await app.SignUp())); // nobody else's
    }

    [Fact]
    public async Task What_makes_no_sense_changes_nothing()
    {
        var member = await app.SignUp();
        await app.Http.GetAsync(Settings).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        await app.Http.PutAsync(Settings, Http.Raw("""{"priceAlerts":false}""")).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        var error = await member.Http.PutAsync(Settings, Http.Raw("""{"favoriteSold":"no","priceAlerts":false,"newMessages":null}""")).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["newMessages", "favoriteSold"], error.Paths());
        error = await member.Http.PutAsync(Settings, Http.Raw("""{"priceAlerts":0}""")).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal("must be a boolean, not a number", error.GetProperty("details")[0].GetProperty("message").GetString());
        foreach (var body in new[] { "[]", "{", "", """{"priceAlerts":false,"priceAlerts":true}""" }) await member.Http.PutAsync(Settings, Http.Raw(body)).Refused(HttpStatusCode.BadRequest, "BAD_REQUEST");
        await member.Http.PutAsync(Settings, new StringContent("priceAlerts=false", new MediaTypeHeaderValue("application/x-www-form-urlencoded"))).Refused(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE");
        Assert.Equal(All, await Wanted(member));
    }

    [Fact]
    public async Task The_link_of_a_mail_ends_mails_of_its_kind_and_no_others()
    {
        var (seller, buyer, other) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        await Fall(seller, await Watched(seller, buyer), 24_000);
        var mail = await app.MailTo(buyer.Email, "price-alert");
        var url = mail.GetProperty("unsubscribeUrl").GetString()!;
        Assert.Equal(url, mail.GetProperty("data").GetProperty("unsubscribeUrl").GetString());
        Assert.EndsWith($"\n\nNo more mails like this: {url}", mail.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.False((await app.MailTo(buyer.Email, "verify-email")).TryGetProperty("unsubscribeUrl", out _));

        // What looks into mails opens links; only who presses the button, or whose mail program sends this, means it.
        for (var i = 0; i < 2; i++)
        {
            using var page = await Open(url);
            Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
            var html = await page.Content.ReadAsStringAsync();
            Assert.Contains("prices that fall", html, StringComparison.Ordinal);
            Assert.Contains("<form method=\"post\">", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        }
        Assert.Equal(All, await Wanted(buyer));
        for (var i = 0; i < 2; i++) // a mail program that got no answer sends it again
        {
            using var done = await Press(url, new FormUrlEncodedContent([KeyValuePair.Create("List-Unsubscribe", "One-Click")]));
            Assert.Equal(HttpStatusCode.OK, done.StatusCode);
            Assert.Contains("no more mails about prices that fall", await done.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Equal("""{"priceAlerts":false,"newMessages":true,"favoriteSold":true}""", await Wanted(buyer));
        }

        var second = await Watched(seller, buyer, other);
        await Fall(seller, second, 23_000);
        await app.MailTo(other.Email, "price-alert"); // rows of one fall are written together
        await (await seller.Http.Put($"/api/listings/{second}/status", new { status = "SOLD" })).Json();
        var sold = await app.MailTo(buyer.Email, "listing-sold");
        Assert.Single(await app.MailsTo(buyer.Email), m => m.GetProperty("template").GetString() == "price-alert");

        // The button's own form is empty; its mails end, too, and the messages' still come.
        using (var done = await Press(sold.GetProperty("unsubscribeUrl").GetString()!, new FormUrlEncodedContent([]))) Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Equal("""{"priceAlerts":false,"newMessages":true,"favoriteSold":false}""", await Wanted(buyer));
        await Write(other, buyer, await app.Listing(buyer));
        var message = await app.MailTo(buyer.Email, "new-message");
        using (var done = await Press(message.GetProperty("unsubscribeUrl").GetString()!, new MultipartFormDataContent { { new StringContent("One-Click"), "List-Unsubscribe" } })) Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Equal("""{"priceAlerts":false,"newMessages":false,"favoriteSold":false}""", await Wanted(buyer));

        // Turned on again, they come again.
        await (await buyer.Http.PutAsync(Settings, Http.Raw("""{"priceAlerts":true}"""))).Json();
        var third = await Watched(seller, buyer);
        await Fall(seller, third, 22_000);
        for (var wait = 0; wait < 50 && (await app.MailsTo(buyer.Email)).Count(m => m.GetProperty("template").GetString() == "price-alert") < 2; wait++) await Task.Delay(100);
        Assert.EndsWith($"/buy/{third}", (await app.MailTo(buyer.Email, "price-alert")).GetProperty("data").GetProperty("listingUrl").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_that_is_not_ours_changes_nothing()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        await Fall(seller, await Watched(seller, buyer), 24_000);
        var url = (await app.MailTo(buyer.Email, "price-alert")).GetProperty("unsubscribeUrl").GetString()!;
        var at = url.LastIndexOf('/') + 1;
        var (front, token) = (url[..at], url[at..]);
        Assert.Equal(44, token.Length);
        var altered = Enumerable.Range(0, token.Length).Select(i => $"{token[..i]}{(token[i] == 'A' ? 'B' : 'A')}{token[(i + 1)..]}") // the person, the kind, the signature
            .Concat([token[..^1], token + "A", token[1..], "A" + token, token.ToLowerInvariant(), "unsubscribe", "%20", $"{token}%3D", Convert.ToBase64String(new byte[33])]);
        foreach (var forged in altered.Where(t => t != token))
        {
            await Open(front + forged).Refused(HttpStatusCode.BadRequest, "BAD_REQUEST");
            await Press(front + forged, new FormUrlEncodedContent([])).Refused(HttpStatusCode.BadRequest, "BAD_REQUEST");
        }
        Assert.Equal(All, await Wanted(buyer));
    }

    [Fact]
    public async Task Of_a_person_who_has_left_there_is_nothing_to_end()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        await Fall(seller, await Watched(seller, buyer), 24_000);
        var url = (await app.MailTo(buyer.Email, "price-alert")).GetProperty("unsubscribeUrl").GetString()!;
        await (await buyer.Http.PutAsync(Settings, Http.Raw("""{"newMessages":false}"""))).Json();
        using (var left = await buyer.Http.SendAsync(new HttpRequestMessage(HttpMethod.Delete, "/api/users/me") { Content = JsonContent.Create(new { password = AccountClient.Password }) })) await left.Json();
        Assert.Equal(HttpStatusCode.OK, (await Open(url)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Press(url, new FormUrlEncodedContent([]))).StatusCode);
        await using var db = await app.Database.Open(default);
        Assert.Equal(0, await db.Single<long>("SELECT COUNT(*) FROM notification_preferences WHERE userId = @Id", new { buyer.Id }, default));
    }

    private static async Task<string> Wanted(Member member) => (await member.Http.GetJson(Settings)).GetRawText();

    /// <summary>A listing that these people watch.</summary>
    private async Task<Guid> Watched(Member seller, params Member[] watchers)
    {
        var id = await app.Listing(seller);
        foreach (var watcher in watchers) await (await watcher.Http.PostAsJsonAsync("/api/favorites", new { listingId = id, priceAlert = true })).Json(HttpStatusCode.Created);
        return id;
    }

    private static async Task Fall(Member seller, Guid listing, int price) => await (await seller.Http.Put($"/api/listings/{listing}", new { price })).Json();

    private static async Task Write(Member from, Member to, Guid listing) =>
        await (await from.Http.PostAsJsonAsync("/api/messages", new { receiverId = to.Id, listingId = listing, content = "Is it still there?" })).Json(HttpStatusCode.Created);

    // As whoever got the mail: without signing in. It names the configured host; the test listens elsewhere.
    private Task<HttpResponseMessage> Open(string url) => app.Http.GetAsync(new Uri(url).AbsolutePath);

    private Task<HttpResponseMessage> Press(string url, HttpContent form) => app.Http.PostAsync(new Uri(url).AbsolutePath, form);
}
