using System.Net;
using System.Net.Sockets;
using KiwiCar.BuildingBlocks.Outside;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>SendGrid's door against a real HTTP server: what goes out, and what is made of what comes back.</summary>
public sealed class MailerTests : IAsyncLifetime
{
    private static readonly Mail Alert = Mail.Of("tom@example.com", "price-alert", "Price drop:\r\nBcc: all@example.com", new Dictionary<string, string> { ["newPrice"] = "22000" },
        "It is <b>cheaper</b> now.", "https://app.kiwicar.co.nz/buy/1");

    private readonly SendGridServer server = new();
    private HttpClient http = null!;

    public async Task InitializeAsync()
    {
        await server.Start();
        http = new HttpClient { BaseAddress = new Uri(server.Url), Timeout = TimeSpan.FromSeconds(1) };
    }

    public async Task DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Without_a_template_our_own_text_goes_out()
    {
        var key = Guid.NewGuid();
        await Door().Send(key, Alert, default);
        var (authorization, body, _) = Assert.Single(server.Requests);
        Assert.Equal("Bearer SG.key", authorization);
        Assert.Equal(["personalizations", "from", "categories", "custom_args", "subject", "content"], body.EnumerateObject().Select(p => p.Name));
        Assert.Equal("""[{"to":[{"email":"tom@example.com"}]}]""", body.GetProperty("personalizations").GetRawText());
        Assert.Equal("""{"email":"noreply@kiwicar.co.nz"}""", body.GetProperty("from").GetRawText());
        Assert.Equal("""["price-alert"]""", body.GetProperty("categories").GetRawText());
        Assert.Equal($$"""{"outbox_id":"{{key}}"}""", body.GetProperty("custom_args").GetRawText()); // all its values must be strings
        Assert.Equal("Price drop: Bcc: all@example.com", body.GetProperty("subject").GetString());
        Assert.Equal(["text/plain", "text/html"], body.GetProperty("content").EnumerateArray().Select(c => c.GetProperty("type").GetString())); // in this order, or it answers 400
        Assert.Equal(Alert.Text, body.GetProperty("content")[0].GetProperty("value").GetString());
        Assert.Contains("&lt;b&gt;cheaper&lt;/b&gt;", body.GetProperty("content")[1].GetProperty("value").GetString(), StringComparison.Ordinal);
        Assert.Contains("<a href=\"https://app.kiwicar.co.nz/buy/1\">", body.GetProperty("content")[1].GetProperty("value").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_template_its_id_and_the_data_go_out()
    {
        await Door(("price-alert", "d-jkl012")).Send(Guid.NewGuid(), Alert.WithUnsubscribe("https://api.kiwicar.co.nz/u/1"), default);
        var body = Assert.Single(server.Requests).Body;
        Assert.Equal("d-jkl012", body.GetProperty("template_id").GetString());
        Assert.Equal("""{"newPrice":"22000","unsubscribeUrl":"https://api.kiwicar.co.nz/u/1"}""", body.GetProperty("personalizations")[0].GetProperty("dynamic_template_data").GetRawText());
        Assert.True(body.TryGetProperty("headers", out _));
        Assert.False(body.TryGetProperty("content", out _) || body.TryGetProperty("subject", out _)); // they are the template's
    }

    [Fact]
    public async Task What_people_can_do_without_says_how_to_end_it()
    {
        const string url = "https://api.kiwicar.co.nz/api/users/unsubscribe/AbC-_9";
        await Door().Send(Guid.NewGuid(), Alert.WithUnsubscribe(url), default);
        await Door().Send(Guid.NewGuid(), Alert, default);
        var (with, without) = (server.Requests.First().Body, server.Requests.Last().Body);
        Assert.Equal([("List-Unsubscribe", $"<{url}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")], // RFC 8058
            with.GetProperty("headers").EnumerateObject().Select(h => (h.Name, h.Value.GetString()!)));
        Assert.All(with.GetProperty("content").EnumerateArray(), c => Assert.Contains(url, c.GetProperty("value").GetString(), StringComparison.Ordinal));
        Assert.False(without.TryGetProperty("headers", out _));
        Assert.All(without.GetProperty("content").EnumerateArray(), c => Assert.DoesNotContain("No more mails", c.GetProperty("value").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public void An_id_for_a_mail_that_nobody_sends_stops_the_start()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("SENDGRID_TEMPLATE_RESET_PASWORD", (string?)"d-1")]).Build();
        var refused = Assert.Throws<InvalidOperationException>(() => SendGrid.Templates(configuration, ["reset-password", "price-alert"]));
        Assert.Contains("SENDGRID_TEMPLATE_RESET_PASWORD", refused.Message, StringComparison.Ordinal);
        Assert.Contains("reset-password, price-alert", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MailFault.Busy, "SendGrid answered 429")]
    [InlineData(MailFault.Broken, "SendGrid answered 500")]
    [InlineData(MailFault.Unavailable, "SendGrid answered 503")]
    [InlineData(MailFault.Unauthorized, "SendGrid answered 401")] // the key was refused, not the mail
    public async Task What_was_not_taken_now_may_be_another_time(MailFault fault, string told)
    {
        server.Script(fault);
        var deferred = await Assert.ThrowsAsync<MailDeferredException>(() => Door().Send(Guid.NewGuid(), Alert, default));
        Assert.StartsWith(told, deferred.Message, StringComparison.Ordinal);
        Assert.Contains("this is why", deferred.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_refused_stays_so()
    {
        server.Script(MailFault.Invalid);
        var refused = await Assert.ThrowsAsync<MailRefusedException>(() => Door().Send(Guid.NewGuid(), Alert, default));
        Assert.StartsWith("SendGrid answered 400", refused.Message, StringComparison.Ordinal);
        Assert.Contains("this is why", refused.Message, StringComparison.Ordinal);
    }

    // The caller must not take it for a refusal: two of these four were taken.
    [Theory]
    [InlineData(MailFault.Hangs, 0)]
    [InlineData(MailFault.ResetBefore, 0)]
    [InlineData(MailFault.ResetAfter, 1)]
    [InlineData(MailFault.TooLate, 1)]
    public async Task Where_no_answer_comes_nobody_knows(MailFault fault, int accepted)
    {
        server.Script(fault);
        var key = Guid.NewGuid();
        var unclear = await Assert.ThrowsAnyAsync<Exception>(() => Door().Send(key, Alert, default));
        Assert.IsNotType<MailDeferredException>(unclear);
        Assert.IsNotType<MailRefusedException>(unclear);
        Assert.Equal(accepted, server.Count(key));
        Assert.Single(server.Requests); // nothing below us sends it again by itself
    }

    // A connection that served before, and breaks under the next request: HTTP clients like to try such a one again.
    [Fact]
    public async Task Nor_on_a_connection_that_was_used_before()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        server.Script(MailFault.None, MailFault.ResetAfter);
        await Door().Send(first, Alert, default);
        await Assert.ThrowsAsync<HttpRequestException>(() => Door().Send(second, Alert, default));
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(1, server.Count(second));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task A_request_that_never_left_was_not_taken(string scheme)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var free = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        // Nobody listens there; or whoever does speaks no TLS.
        using var client = new HttpClient { BaseAddress = scheme == "http" ? new Uri($"http://127.0.0.1:{free}") : new UriBuilder(server.Url) { Scheme = "https" }.Uri };
        var deferred = await Assert.ThrowsAsync<MailDeferredException>(() => new SendGrid(client, "SG.key", "noreply@kiwicar.co.nz", new Dictionary<string, string>()).Send(Guid.NewGuid(), Alert, default));
        Assert.StartsWith("SendGrid cannot be reached", deferred.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task How_long_to_wait_is_told_in_seconds_or_as_a_time()
    {
        server.RetryAfter = 90;
        server.Script(MailFault.Busy, MailFault.BusyUntil, MailFault.Unavailable);
        Assert.Equal(TimeSpan.FromSeconds(90), (await Deferred()).RetryAfter);
        Assert.InRange((await Deferred()).RetryAfter!.Value.TotalSeconds, 60, 90); // its clock's whole seconds, and a slow machine
        Assert.Null((await Deferred()).RetryAfter);

        Task<MailDeferredException> Deferred() => Assert.ThrowsAsync<MailDeferredException>(() => Door().Send(Guid.NewGuid(), Alert, default));
    }

    private SendGrid Door(params (string Template, string Id)[] templates) => new(http, "SG.key", "noreply@kiwicar.co.nz", templates.ToDictionary(t => t.Template, t => t.Id));
}
