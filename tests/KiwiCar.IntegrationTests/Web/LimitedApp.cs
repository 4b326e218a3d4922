using System.Net.Http.Json;

namespace KiwiCar.IntegrationTests.Web;

[CollectionDefinition(nameof(LimitedAppCollection))]
public sealed class LimitedAppCollection : ICollectionFixture<LimitedApp>;

/// <summary>The host with its limits as they are by default, behind a proxy that it trusts, on a Redis of its own. Every test is another client.</summary>
public sealed class LimitedApp : IAsyncLifetime
{
    public const string Password = "correct horse battery";
    private static int clients;

    internal RedisServer Redis { get; private set; } = null!;

    public KiwiCarApp App { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Redis = await RedisServer.Start();
        App = await Start(new() { ["TRUSTED_PROXIES"] = "127.0.0.1, ::1" });
    }

    public async Task DisposeAsync()
    {
        await App.DisposeAsync();
        await Redis.DisposeAsync();
    }

    /// <summary>Another host on the same Redis.</summary>
    public async Task<KiwiCarApp> Start(Dictionary<string, string?> settings)
    {
        var app = new KiwiCarApp();
        app.Settings["REDIS_URL"] = Redis.Url;
        app.Settings["RATE_LIMITS"] = "";
        app.Settings["REDIS_TIMEOUT_MS"] = "10000"; // on a busy machine too it is Redis that counts
        foreach (var (name, value) in settings) app.Settings[name] = value;
        await app.InitializeAsync();
        return app;
    }

    /// <summary>An address that no test had before.</summary>
    public static string NewAddress() => Interlocked.Increment(ref clients) is var i ? $"198.51.{i / 250}.{1 + i % 250}" : "";

    /// <summary>Somebody at this address, as the proxy tells it.</summary>
    public HttpClient ClientAt(string address, KiwiCarApp? app = null)
    {
        var http = new HttpClient { BaseAddress = (app ?? App).Http.BaseAddress };
        http.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        return http;
    }

    public HttpClient NewClient() => ClientAt(NewAddress());

    public static string NewEmail() => $"{Guid.NewGuid():N}@example.com";

    /// <summary>An account with <see cref="Password"/>.</summary>
    public async Task<string> Registered()
    {
        using var http = NewClient();
        var email = NewEmail();
        (await Register(http, email)).EnsureSuccessStatusCode();
        return email;
    }

    public static Task<HttpResponseMessage> Register(HttpClient http, string email) => http.PostAsJsonAsync("/api/auth/register", new { email, password = Password });

    public static Task<HttpResponseMessage> Login(HttpClient http, string email, string password = Password) => http.PostAsJsonAsync("/api/auth/login", new { email, password });
}
