using System.Collections.Concurrent;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>SendGrid's door against a real HTTP server, and the outbox before it.</summary>
public sealed class MailerTests : IAsyncLifetime
{
    private static readonly Mail Alert = Mail.Of("tom@example.com", "price-alert", "Price drop:\r\nBcc: all@example.com", new Dictionary<string, string> { ["newPrice"] = "22000" },
        "It is <b>cheaper</b> now.", "https://app.kiwicar.co.nz/buy/1");

    private readonly ConcurrentQueue<(string? Authorization, JsonElement Body)> received = new();
    private readonly Queue<int> answers = new();
    private WebApplication server = null!;
    private HttpClient http = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.MapPost("/v3/mail/send", async (HttpContext context) =>
        {
            received.Enqueue((context.Request.Headers.Authorization, (await JsonDocument.ParseAsync(context.Request.Body)).RootElement));
            context.Response.StatusCode = answers.TryDequeue(out var status) ? status : 202;
        });
        await server.StartAsync();
        http = new HttpClient { BaseAddress = new Uri(server.Urls.Single()) };
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
        var (authorization, body) = Assert.Single(received);
        Assert.Equal("Bearer SG.key", authorization);
        Assert.Equal("tom@example.com", body.GetProperty("personalizations")[0].GetProperty("to")[0].GetProperty("email").GetString());
        Assert.Equal("noreply@kiwicar.co.nz", body.GetProperty("from").GetProperty("email").GetString());
        Assert.Equal("Price drop: Bcc: all@example.com", body.GetProperty("subject").GetString());
        Assert.Contains("&lt;b&gt;cheaper&lt;/b&gt;", body.GetProperty("content")[1].GetProperty("value").GetString(), StringComparison.Ordinal);
        Assert.Contains("<a href=\"https://app.kiwicar.co.nz/buy/1\">", body.GetProperty("content")[1].GetProperty("value").GetString(), StringComparison.Ordinal);
        Assert.Equal($"{key}", body.GetProperty("custom_args").GetProperty("outbox_id").GetString());
    }

    [Fact]
    public async Task With_a_template_its_id_and_the_data_go_out()
    {
        await Door(("price-alert", "d-jkl012")).Send(Guid.NewGuid(), Alert, default);
        var (_, body) = Assert.Single(received);
        Assert.Equal("d-jkl012", body.GetProperty("template_id").GetString());
        Assert.Equal("22000", body.GetProperty("personalizations")[0].GetProperty("dynamic_template_data").GetProperty("newPrice").GetString());
        Assert.False(body.TryGetProperty("content", out _));
    }

    [Fact]
    public void An_id_for_a_mail_that_nobody_sends_stops_the_start()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("SENDGRID_TEMPLATE_RESET_PASWORD", (string?)"d-1")]).Build();
        var refused = Assert.Throws<InvalidOperationException>(() => SendGrid.Templates(configuration, ["reset-password", "price-alert"]));
        Assert.Contains("SENDGRID_TEMPLATE_RESET_PASWORD", refused.Message, StringComparison.Ordinal);
        Assert.Contains("reset-password, price-alert", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_outbox_tries_again_what_may_pass_and_parks_what_is_refused()
    {
        await using var database = new Database(await Servers.NewDatabase());
        await database.Prepare([], default);
        var outbox = new Outbox(TimeProvider.System, Modules.All);
        foreach (var status in new[] { 429, 503, 202, 400 }) answers.Enqueue(status);
        using var sender = new OutboxSender(outbox, database, Door(), [], TimeSpan.FromSeconds(2), TimeProvider.System, NullLogger<OutboxSender>.Instance);
        await sender.StartAsync(default);
        await Add(database, outbox, "first");
        await Eventually(database, "SENT", 1);
        Assert.Equal(3, received.Count); // 429, 503, 202
        Assert.Single(received.Select(r => r.Body.GetProperty("custom_args").GetProperty("outbox_id").GetString()).Distinct());

        await Add(database, outbox, "first"); // the same cause
        await Add(database, outbox, "second");
        await Eventually(database, "PARKED", 1);
        await sender.StopAsync(default);
        Assert.Equal(4, received.Count);
        await using var db = await database.Open(default);
        Assert.Contains("SendGrid answered 400", await db.Single<string>("SELECT lastError FROM outbox WHERE state = 'PARKED'", null, default), StringComparison.Ordinal);
        Assert.Equal("", await db.Single<string>("SELECT mail FROM outbox WHERE state = 'SENT'", null, default));
    }

    private SendGrid Door(params (string Template, string Id)[] templates) => new(http, "SG.key", "noreply@kiwicar.co.nz", templates.ToDictionary(t => t.Template, t => t.Id));

    private static async Task Add(Database database, Outbox outbox, string cause)
    {
        await using var db = await database.Open(default);
        await db.Begin(default);
        await outbox.Add(db, cause, Alert, default);
        await db.Commit(default);
        outbox.Wake();
    }

    private static async Task Eventually(Database database, string state, int count)
    {
        for (var wait = 0; wait < 200; wait++)
        {
            await using (var db = await database.Open(default))
                if (await db.Single<long>("SELECT COUNT(*) FROM outbox WHERE state = @state", new { state }, default) == count) return;
            await Task.Delay(100);
        }
        Assert.Fail($"not {count} rows {state} within 20 s");
    }
}
