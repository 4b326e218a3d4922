using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KiwiCar.IntegrationTests.Web;

/// <summary>What the log files hold after a host has been used, and attacked.</summary>
public sealed class RequestLogTests
{
    private const string Hostile = "x\r\n{\"Level\":\"Fatal\"}\u001b[2J\u2028", Encoded = "x%0d%0a%7B%7D%1b%5B2J";
    private static readonly string Token = new('t', 43);

    [Fact]
    public async Task Ten_hostile_fields_and_every_secret_later_each_event_is_one_line_and_nothing_leaked()
    {
        var logs = Directory.CreateTempSubdirectory("kiwicar-logs-").FullName;
        var app = new KiwiCarApp();
        (app.Settings["LOG_LEVEL"], app.Settings["KIWICAR_DATA"]) = ("info", logs);
        await app.InitializeAsync();
        var member = await app.SignUp();
        var requests = 2; // registration and sign-in
        async Task Send(HttpMethod method, string path, HttpContent? content = null, params (string, string)[] headers)
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
            using var _ = await member.Http.SendAsync(request);
            requests++;
        }
        await Send(HttpMethod.Get, $"/api/{Encoded}");
        await Send(HttpMethod.Get, $"/api/listings?{Encoded}=1&make={Encoded}&q=mere%40example.com");
        await Send(HttpMethod.Get, $"/api/auth/verify-email/{Encoded}");
        await Send(HttpMethod.Get, $"/api/auth/verify-email/{Token}");
        await Send(HttpMethod.Post, "/api/auth/register", JsonContent.Create(new { email = Hostile, password = Hostile, phone = Hostile }));
        await Send(HttpMethod.Post, "/api/auth/login", JsonContent.Create(new { email = member.Email, password = Hostile }));
        await Send(HttpMethod.Post, "/api/listings", JsonContent.Create(new { make = Hostile, description = Hostile }));
        await Send(HttpMethod.Get, $"/api/listings/{Guid.NewGuid()}", null, ("User-Agent", "a\u001b[31m"), ("Cookie", "refreshToken=secret-cookie"), ("Referer", Token));
        var log = app.Services.GetRequiredService<ILogger<RequestLogTests>>();
        for (var i = 0; i < 3; i++) log.LogError(new InvalidOperationException(Hostile + member.Email), "failed for {Name} with {Token}", Hostile + i, Token);
        await app.DisposeAsync();

        var combined = await Lines(logs, "combined*.log");
        var made = combined.Where(l => l.GetProperty("Properties").TryGetProperty("url", out _)).Select(l => l.GetProperty("Properties")).ToList();
        Assert.Equal(requests, made.Count);
        Assert.Equal(3, combined.Count(l => l.GetProperty("Level").GetString() == "Error"));
        Assert.Equal(3, (await Lines(logs, "error*.log")).Count);
        Assert.Equal(["/api/auth/register", "/api/auth/login", "/api/*", "/api/listings?*&make&q", "/api/auth/verify-email/*", "/api/auth/verify-email/*"], made.Take(6).Select(m => m.GetProperty("url").GetString()!));

        var search = made[3];
        Assert.Equal(("GET", 200, member.Id, "127.0.0.1", "kiwicar-api"), (search.GetProperty("method").GetString(), search.GetProperty("status").GetInt32(), search.GetProperty("userId").GetGuid(), search.GetProperty("ip").GetString(), search.GetProperty("service").GetString()));
        Assert.True(search.GetProperty("duration").GetDouble() > 0);
        Assert.Equal(JsonValueKind.Null, made[0].GetProperty("userId").ValueKind);

        var all = string.Concat(Directory.EnumerateFiles(Path.Combine(logs, "logs")).Select(File.ReadAllText));
        foreach (var secret in new[] { member.Email, "mere@", "mere%40", Token, "eyJ", "secret-cookie", "correct horse", "\u001b", "\u2028" }) Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
        Directory.Delete(logs, recursive: true);
    }

    // Every line parses, and no reader's idea of a line differs from ours.
    private static async Task<List<JsonElement>> Lines(string data, string files)
    {
        var text = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Path.Combine(data, "logs"), files)));
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var lines = text.Split('\n')[..^1];
        Assert.Equal(lines.Length, text[..^1].ReplaceLineEndings("\n").Split('\n').Length);
        return [.. lines.Select(l => JsonDocument.Parse(l).RootElement)];
    }
}
