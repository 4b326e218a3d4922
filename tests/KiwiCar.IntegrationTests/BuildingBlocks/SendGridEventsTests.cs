using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.Host;
using KiwiCar.IntegrationTests.Listings;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>The whole host with SendGrid's door, and a server that plays SendGrid: mails go there, word of them comes back.</summary>
public sealed class MailingApp : IAsyncLifetime
{
    internal SendGridServer Server { get; } = new();

    public KiwiCarApp App { get; } = new();

    public async Task InitializeAsync()
    {
        await Server.Start();
        foreach (var (name, value) in Server.Settings) App.Settings[name] = value;
        App.Settings["SENDGRID_TEMPLATE_PRICE_ALERT"] = "d-1";
        await App.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await App.DisposeAsync();
        await Server.DisposeAsync();
    }
}

/// <summary>Mails that leave the whole host through SendGrid's door, and the webhook by which SendGrid tells what became of them.</summary>
public sealed class SendGridEventsTests(MailingApp mailing) : IClassFixture<MailingApp>
{
    private readonly KiwiCarApp app = mailing.App;
    private readonly SendGridServer server = mailing.Server;

    [Fact]
    public async Task A_mail_whose_answer_was_lost_is_settled_by_word_of_it_and_leaves_once()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        foreach (var member in new[] { seller, buyer })
        {
            var account = await Taken(member.Email, "verify-email");
            Assert.False(account.TryGetProperty("headers", out _)); // nobody can do without it
        }
        var listing = await app.Listing(seller);
        await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = listing, priceAlert = true })).Json(HttpStatusCode.Created);
        server.Script(MailFault.ResetAfter);
        await (await seller.Http.Put($"/api/listings/{listing}", new { price = 22_000 })).Json();

        var mail = await Taken(buyer.Email, "price-alert");
        var (id, data) = (SendGridServer.IdOf(mail), mail.GetProperty("personalizations")[0].GetProperty("dynamic_template_data"));
        Assert.Equal("22000", data.GetProperty("newPrice").GetString());
        Assert.Equal($"<{data.GetProperty("unsubscribeUrl").GetString()}>", mail.GetProperty("headers").GetProperty("List-Unsubscribe").GetString());
        await Until(id, "UNCLEAR");

        server.Webhook = app.Http.BaseAddress!.ToString();
        try { await Until(id, "SENT"); }
        finally { server.Webhook = null; }
        Assert.Equal(1, server.Count(id));
        Assert.Equal("", await Ask<string>("SELECT CONCAT(mail, COALESCE(lastError, '')) FROM outbox WHERE id = @id", id));
        Assert.Contains(await Ask<string>("SELECT GROUP_CONCAT(event ORDER BY event) FROM mail_events WHERE mailId = @id", id), new[] { "processed", "delivered", "delivered,processed" });
    }

    public static TheoryData<string> Forgeries =>
        ["no signature", "no timestamp", "an empty signature", "not base64", "no signature at all in it", "another key", "another body", "another timestamp", "no number", "no time", "too old", "from the future", "the end of time"];

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task What_SendGrid_did_not_sign_just_now_is_not_heard(string forgery)
    {
        const string timestamp = "X-Twilio-Email-Event-Webhook-Timestamp", signature = "X-Twilio-Email-Event-Webhook-Signature";
        var id = await Unclear();
        var word = SendGridServer.Word.Of(id);
        using var anybody = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var at = DateTimeOffset.UtcNow + forgery switch { "too old" => TimeSpan.FromSeconds(-301), "from the future" => TimeSpan.FromSeconds(310), "the end of time" => TimeSpan.FromDays(365 * 7_900), _ => TimeSpan.Zero };
        var forged = server.Signed(JsonSerializer.SerializeToUtf8Bytes(new[] { word }), at, forgery == "another key" ? anybody : null);
        switch (forgery)
        {
            case "no signature": forged.Headers.Remove(signature); break;
            case "no timestamp": forged.Headers.Remove(timestamp); break;
            case "an empty signature": Replace(signature, ""); break;
            case "not base64": Replace(signature, "&" + forged.Headers.GetValues(signature).Single()[1..]); break;
            case "no signature at all in it": Replace(signature, Convert.ToBase64String(RandomNumberGenerator.GetBytes(70))); break;
            case "another body": forged.Content = Http.Raw(JsonSerializer.Serialize(new[] { word with { @event = "processed" } })); break;
            case "another timestamp": Replace(timestamp, $"{at.ToUnixTimeSeconds() - 1}"); break;
            case "no number": Replace(timestamp, $"{at.ToUnixTimeSeconds()}.0"); break;
            case "no time": Replace(timestamp, $"{long.MaxValue}"); break;
        }
        await app.Http.SendAsync(forged).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        Assert.Equal("UNCLEAR", await State(id));
        Assert.Equal(0, await Words(id));

        await Tell(word);
        Assert.Equal("SENT", await State(id));

        void Replace(string header, string value)
        {
            forged.Headers.Remove(header);
            Assert.True(forged.Headers.TryAddWithoutValidation(header, value));
        }
    }

    [Theory]
    [InlineData(-290)]
    [InlineData(290)]
    public async Task Clocks_may_differ_by_minutes(int seconds)
    {
        var id = await Unclear();
        var answer = await app.Http.SendAsync(server.Signed(JsonSerializer.SerializeToUtf8Bytes(new[] { SendGridServer.Word.Of(id) }), DateTimeOffset.UtcNow.AddSeconds(seconds)));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("SENT", await State(id));
    }

    [Fact]
    public async Task An_event_that_is_told_ten_times_counts_once()
    {
        var id = await Unclear();
        var word = SendGridServer.Word.Of(id, "processed");
        for (var i = 0; i < 5; i++) await Tell(word, word);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Tell(word)));
        Assert.Equal(1, await Words(id));
        await Tell(SendGridServer.Word.Of(id, "open"), word, SendGridServer.Word.Of(id, "open")); // two that look alike
        Assert.Equal(3, await Words(id));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(word.timestamp), await Ask<DateTimeOffset>("SELECT happenedAt FROM mail_events WHERE mailId = @id AND event = 'processed'", id));
    }

    [Fact]
    public async Task Events_of_other_mails_are_harmless()
    {
        var (id, unknown) = (await Unclear(), Guid.NewGuid());
        var before = await Ask<string>("SELECT GROUP_CONCAT(id, state ORDER BY id) FROM outbox WHERE id <> @id", id);
        await Tell(SendGridServer.Word.Of(unknown)); // of a row that was cleaned away
        foreach (var odd in new[]
        {
            "[]", "null", "[null]", """[{"sg_event_id":"a","event":"open"}]""", """[{"sg_event_id":"b","event":"open","outbox_id":"7"}]""", """[{"event":"open","outbox_id":"@"}]""",
            $$"""[{"sg_event_id":"{{new string('x', 101)}}","event":"open","outbox_id":"@"}]""", $$"""[{"sg_event_id":"c","event":"{{new string('x', 31)}}","outbox_id":"@"}]""",
            """[{"sg_event_id":"","event":"open","outbox_id":"@"}]""",
        }) Assert.Equal(HttpStatusCode.NoContent, (await app.Http.SendAsync(server.Signed(Encoding.UTF8.GetBytes(odd.Replace("@", $"{id}", StringComparison.Ordinal))))).StatusCode);
        Assert.Equal("UNCLEAR", await State(id));
        Assert.Equal(before, await Ask<string>("SELECT GROUP_CONCAT(id, state ORDER BY id) FROM outbox WHERE id <> @id", id));

        // One among them that is ours, of a time that is none.
        await app.Http.SendAsync(server.Signed(Encoding.UTF8.GetBytes($$"""[null,{"sg_event_id":"{{id}}","event":"bounce","timestamp":-5,"outbox_id":"{{id}}","reason":"550"},{"email":"x"}]""")));
        Assert.Equal("SENT", await State(id));
        Assert.Equal(1, await Words(id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("\"events\"")]
    [InlineData("[1]")]
    [InlineData("[{\"timestamp\":\"soon\"}]")]
    public Task What_is_no_list_of_events_is_refused(string body) => app.Http.SendAsync(server.Signed(Encoding.UTF8.GetBytes(body))).Refused(HttpStatusCode.BadRequest, "BAD_REQUEST");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_too_large_is_not_read(bool saysHowLarge)
    {
        var request = server.Signed(new byte[2 * 1024 * 1024 + 1]);
        request.Headers.ExpectContinue = saysHowLarge; // refused before it is sent
        request.Headers.TransferEncodingChunked = !saysHowLarge;
        await app.Http.SendAsync(request).Refused(HttpStatusCode.RequestEntityTooLarge, "PAYLOAD_TOO_LARGE");
    }

    [Fact]
    public async Task The_door_says_that_it_does_not_work_and_that_it_does_again()
    {
        Assert.Equal("ok", await Door());
        server.Otherwise = MailFault.Unavailable;
        var mails = new List<Guid>();
        for (var i = 0; i < 5; i++) mails.Add(await Add("password-changed"));
        for (var wait = 0; wait < 100 && await Door() == "ok"; wait++) await Task.Delay(100);
        Assert.Equal("error", await Door());
        Assert.Equal("degraded", (await app.Http.GetJson("/health")).GetProperty("status").GetString());

        server.Otherwise = MailFault.None;
        foreach (var mail in mails) await Until(mail, "SENT"); // they come back by themselves
        for (var wait = 0; wait < 100 && await Door() != "ok"; wait++) await Task.Delay(100); // what it said is good for 5 s
        Assert.Equal("ok", await Door());

        async Task<string?> Door() => (await app.Http.GetJson("/health")).GetProperty("checks").GetProperty("mail").GetProperty("status").GetString();
    }

    [Fact]
    public async Task Where_no_key_is_set_there_is_nothing()
    {
        var deaf = new KiwiCarApp();
        await deaf.InitializeAsync();
        try { await deaf.Http.SendAsync(server.Signed(SendGridServer.Word.Of(Guid.NewGuid()))).Refused(HttpStatusCode.NotFound, "NOT_FOUND"); }
        finally { await deaf.DisposeAsync(); }
    }

    public static TheoryData<string, string, string> Slips => new()
    {
        { "SENDGRID_WEBHOOK_KEY", "no key", "copy the verification key" },
        { "SENDGRID_WEBHOOK_KEY", "bm8ga2V5", "copy the verification key" },
        { "SENDGRID_WEBHOOK_KEY", Rsa(), "copy the verification key" },
        { "SENDGRID_TIMEOUT_SECONDS", "0", "a whole number from 1 to 60" },
        { "SENDGRID_TIMEOUT_SECONDS", "61", "a whole number from 1 to 60" },
        { "SENDGRID_TIMEOUT_SECONDS", "1.5", "a whole number from 1 to 60" },
        { "MAIL_SETTLE", "10", "as 10m or 90s" },
        { "MAIL_SETTLE", "soon", "as 10m or 90s" },
        { "MAIL_SETTLE", "0m", "as 10m or 90s" },
        { "PRICE_ALERT_PAUSE", "15", "as 15m or 1h" },
        { "PRICE_ALERT_PAUSE", "25h", "at most a day" },
        { "SENDGRID_TEMPLATE_PRICE_ALLERT", "d-1", "there is no mail 'price-allert'; there are verify-email, " },
    };

    [Theory]
    [MemberData(nameof(Slips))]
    public void A_slip_of_the_pen_stops_the_start_and_says_what_to_write(string setting, string value, string advice)
    {
        using var folder = new TemporaryFolder();
        var settings = new Dictionary<string, string?>(app.Settings) { ["KIWICAR_DATA"] = folder.Path, [setting] = value };
        var refused = Assert.Throws<InvalidOperationException>(() => Server.Build(settings));
        Assert.Contains(setting, refused.Message, StringComparison.Ordinal);
        Assert.Contains(advice, refused.Message, StringComparison.Ordinal);
    }

    private static string Rsa()
    {
        using var rsa = RSA.Create(2048);
        return Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo());
    }

    private async Task Tell(params SendGridServer.Word[] words) => Assert.Equal(HttpStatusCode.NoContent, (await app.Http.SendAsync(server.Signed(words))).StatusCode);

    /// <summary>A mail of which nobody knows whether it was taken.</summary>
    private Task<Guid> Unclear() => Add("price-alert", "UNCLEAR");

    private async Task<Guid> Add(string template, string state = "PENDING")
    {
        var (outbox, receiver) = (app.Services.GetRequiredService<Outbox>(), $"{Guid.NewGuid():N}@example.com");
        await using var db = await app.Database.Open(default);
        await db.Begin(default);
        await outbox.Add(db, receiver, Mail.Of(receiver, template, "Kia ora", new Dictionary<string, string>(), "Kia ora."), default);
        var id = await db.Single<Guid>("SELECT id FROM outbox WHERE receiver = SHA2(@receiver, 256)", new { receiver }, default);
        await db.Execute("UPDATE outbox SET state = @state, nextAttemptAt = nextAttemptAt + INTERVAL IF(@state = 'PENDING', 0, 1) DAY WHERE id = @id", new { state, id }, default);
        await db.Commit(default);
        outbox.Wake();
        return id;
    }

    private async Task<JsonElement> Taken(string to, string template)
    {
        for (var wait = 0; wait < 100; wait++)
        {
            var mail = server.Accepted.FirstOrDefault(m => SendGridServer.To(m) == to && SendGridServer.Template(m) == template);
            if (mail.ValueKind == JsonValueKind.Object) return mail;
            await Task.Delay(100);
        }
        throw new InvalidOperationException($"No {template} to {to} was taken within 10 s");
    }

    private async Task Until(Guid mail, string state)
    {
        for (var wait = 0; wait < 300 && await State(mail) != state; wait++) await Task.Delay(100);
        Assert.Equal(state, await State(mail));
    }

    private Task<string?> State(Guid id) => Ask<string>("SELECT state FROM outbox WHERE id = @id", id);

    private Task<long> Words(Guid id) => Ask<long>("SELECT COUNT(*) FROM mail_events WHERE mailId = @id", id);

    private async Task<T?> Ask<T>(string sql, Guid id)
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<T>(sql, new { id }, default);
    }
}
