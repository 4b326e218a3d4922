using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;

namespace KiwiCar.IntegrationTests.Web;

/// <summary>What every answer says beside its content: security, caches, other websites.</summary>
[Collection(nameof(LimitedAppCollection))]
public sealed class HeadersTests(LimitedApp limited)
{
    // helmet 8.3.0's, byte for byte.
    private static readonly Dictionary<string, string> Helmet = new(StringComparer.Ordinal)
    {
        ["Content-Security-Policy"] = "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
        ["Cross-Origin-Opener-Policy"] = "same-origin", ["Cross-Origin-Resource-Policy"] = "same-origin", ["Origin-Agent-Cluster"] = "?1", ["Referrer-Policy"] = "no-referrer",
        ["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains", ["X-Content-Type-Options"] = "nosniff", ["X-DNS-Prefetch-Control"] = "off", ["X-Download-Options"] = "noopen",
        ["X-Frame-Options"] = "SAMEORIGIN", ["X-Permitted-Cross-Domain-Policies"] = "none", ["X-XSS-Protection"] = "0",
    };

    private const string Frontend = "https://app.kiwicar.co.nz";

    private static void IsSecured(HttpResponseMessage answer, HttpStatusCode status)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.All(Helmet, h => Assert.Equal(h.Value, answer.Headers.TryGetValues(h.Key, out var values) ? string.Join(" | ", values) : null));
        Assert.False(answer.Headers.Contains("Server") || answer.Headers.Contains("X-Powered-By"));
    }

    [Fact]
    public async Task Every_answer_has_the_headers_of_helmet()
    {
        using var http = limited.NewClient();
        IsSecured(await http.GetAsync("/api/listings"), HttpStatusCode.OK);
        IsSecured(await http.GetAsync("/health"), HttpStatusCode.OK);
        IsSecured(await http.PostAsJsonAsync("/api/auth/register", new { }), HttpStatusCode.BadRequest);
        IsSecured(await http.GetAsync("/api/users/me"), HttpStatusCode.Unauthorized);
        IsSecured(await http.GetAsync("/api/nowhere"), HttpStatusCode.NotFound);
        IsSecured(await http.PatchAsync("/api/listings", null), HttpStatusCode.MethodNotAllowed);
        IsSecured(await http.PostAsync("/api/auth/login", Http.Raw(new string(' ', 70_000))), HttpStatusCode.RequestEntityTooLarge);
        for (var i = 0; i < 2; i++) await LimitedApp.Register(http, "");
        IsSecured(await LimitedApp.Register(http, ""), HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Also_what_is_not_http_gets_them()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, limited.App.Http.BaseAddress!.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes("NONSENSE\r\n\r\n"));
        using var reader = new StreamReader(socket.GetStream());
        var answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.All(Helmet, h => Assert.Contains($"{h.Key}: {h.Value}\r\n", answer, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Our_websites_may_read_answers_and_errors_with_credentials()
    {
        using var http = limited.NewClient();
        http.DefaultRequestHeaders.Add("Origin", Frontend);
        foreach (var path in new[] { "/api/listings", "/api/nowhere", "/api/users/me" })
        {
            var answer = await http.GetAsync(path);
            Assert.Equal((Frontend, "true"), (Single(answer, "Access-Control-Allow-Origin"), Single(answer, "Access-Control-Allow-Credentials")));
            foreach (var name in new[] { "ETag", "Location", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset" })
                Assert.Contains(name, Single(answer, "Access-Control-Expose-Headers"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task They_may_ask_first_and_that_is_not_counted()
    {
        using var http = limited.NewClient();
        for (var i = 0; i < 110; i++)
        {
            using var ask = new HttpRequestMessage(HttpMethod.Options, "/api/listings/0193f5a2-7c1e-7d55-9a3b-3f1c2b4d5e6f")
            {
                Headers = { { "Origin", Frontend }, { "Access-Control-Request-Method", "PUT" }, { "Access-Control-Request-Headers", "authorization,content-type,if-match" } },
            };
            var answer = await http.SendAsync(ask);
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            Assert.Contains("PUT", Single(answer, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
            Assert.Contains("if-match", Single(answer, "Access-Control-Allow-Headers"), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://app.kiwicar.co.nz")]
    [InlineData("https://app.kiwicar.co.nz.evil.example")]
    [InlineData("null")]
    public async Task Other_websites_get_no_cors_header(string origin)
    {
        using var http = limited.NewClient();
        http.DefaultRequestHeaders.Add("Origin", origin);
        using var ask = new HttpRequestMessage(HttpMethod.Options, "/api/listings") { Headers = { { "Access-Control-Request-Method", "POST" } } };
        foreach (var answer in new[] { await http.GetAsync("/api/listings"), await http.GetAsync("/api/nowhere"), await http.SendAsync(ask) })
            Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task No_cache_keeps_what_one_person_was_told()
    {
        using var http = limited.NewClient();
        Assert.Null((await http.GetAsync("/api/listings")).Headers.CacheControl);
        Assert.True((await http.GetAsync("/api/users/me")).Headers.CacheControl?.NoStore);
        Assert.True((await http.GetAsync("/api/auth/verify-email/nonsense")).Headers.CacheControl?.NoStore);
        var login = await (await LimitedApp.Login(http, await limited.Registered())).Json();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", login.GetProperty("accessToken").GetString());
        foreach (var path in new[] { "/api/listings", "/api/nowhere" }) Assert.True((await http.GetAsync(path)).Headers.CacheControl?.NoStore);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(Frontend)]
    [InlineData("https://evil.example")]
    public async Task Caches_keep_guests_and_websites_apart(string? origin)
    {
        using var http = limited.NewClient();
        if (origin is not null) http.DefaultRequestHeaders.Add("Origin", origin);
        Assert.Equal(["Authorization", "Origin"], (await http.GetAsync("/api/listings")).Headers.Vary);
    }

    private static string Single(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));
}
