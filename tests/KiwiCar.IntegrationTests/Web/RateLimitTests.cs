using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Web;

[Collection(nameof(LimitedAppCollection))]
public sealed class RateLimitTests(LimitedApp limited)
{
    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.GetValues(name).Single();

    private static int Number(HttpResponseMessage answer, string name) => int.Parse(Header(answer, name), CultureInfo.InvariantCulture);

    private static Task<HttpResponseMessage> WrongLogin(HttpClient http, string? email = null) => LimitedApp.Login(http, email ?? LimitedApp.NewEmail(), "wrong horse battery");

    [Fact]
    public async Task Of_thirty_wrong_logins_at_once_five_are_looked_at()
    {
        using var http = limited.NewClient();
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => WrongLogin(http)));
        Assert.Equal(5, answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized));
        Assert.Equal(25, answers.Count(a => a.StatusCode == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task Two_hosts_count_together()
    {
        var other = await limited.Start(new() { ["TRUSTED_PROXIES"] = "127.0.0.1" });
        var address = LimitedApp.NewAddress();
        using HttpClient here = limited.ClientAt(address), there = limited.ClientAt(address, other);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => WrongLogin(i % 2 == 0 ? here : there)));
        await other.DisposeAsync();
        Assert.Equal(5, answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Who_signs_in_has_not_used_anything_up()
    {
        var email = await limited.Registered();
        using var http = limited.NewClient();
        for (var i = 0; i < 4; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await WrongLogin(http, email)).StatusCode);
        for (var i = 0; i < 4; i++)
        {
            var login = await LimitedApp.Login(http, email);
            Assert.Equal((HttpStatusCode.OK, "5", "1"), (login.StatusCode, Header(login, "RateLimit-Limit"), Header(login, "RateLimit-Remaining")));
        }
        Assert.Equal(HttpStatusCode.Unauthorized, (await WrongLogin(http, email)).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await LimitedApp.Login(http, email)).StatusCode);
    }

    [Fact]
    public async Task The_fourth_registration_in_an_hour_is_refused_with_when_to_come_again()
    {
        using var http = limited.NewClient();
        for (var i = 0; i < 3; i++)
        {
            var made = await LimitedApp.Register(http, LimitedApp.NewEmail());
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
            Assert.Equal(("3", $"{2 - i}"), (Header(made, "RateLimit-Limit"), Header(made, "RateLimit-Remaining")));
            Assert.InRange(Number(made, "RateLimit-Reset"), 3_500, 3_600);
        }
        var refused = await LimitedApp.Register(http, LimitedApp.NewEmail());
        Assert.InRange(Number(refused, "Retry-After"), 3_500, 3_600);
        Assert.Equal((Header(refused, "Retry-After"), "0", "3"), (Header(refused, "RateLimit-Reset"), Header(refused, "RateLimit-Remaining"), Header(refused, "RateLimit-Limit")));
        var error = await Task.FromResult(refused).Refused(HttpStatusCode.TooManyRequests, "RATE_LIMIT_EXCEEDED");
        Assert.Matches("try again in (59|60) minutes", error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_hundred_requests_a_minute_are_enough_for_a_guest()
    {
        using var http = limited.NewClient();
        for (var i = 0; i < 100; i++)
        {
            var answer = await http.GetAsync(i % 2 == 0 ? "/api/listings?limit=1" : "/api/nowhere");
            Assert.Equal(i % 2 == 0 ? HttpStatusCode.OK : HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Equal(("100", $"{99 - i}"), (Header(answer, "RateLimit-Limit"), Header(answer, "RateLimit-Remaining")));
        }
        await http.GetAsync("/API/listings").Refused(HttpStatusCode.TooManyRequests, "RATE_LIMIT_EXCEEDED");
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/live")).StatusCode);
        Assert.False((await http.GetAsync("/health")).Headers.Contains("RateLimit-Limit"));
    }

    [Fact]
    public async Task Two_tokens_of_one_person_at_two_places_are_one_person()
    {
        var email = await limited.Registered();
        var remaining = new List<int>();
        for (var i = 0; i < 2; i++)
        {
            using var http = limited.NewClient();
            var login = await (await LimitedApp.Login(http, email)).Json();
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", login.GetProperty("accessToken").GetString());
            remaining.Add(Number(await http.GetAsync("/api/users/me"), "RateLimit-Remaining"));
            remaining.Add(Number(await http.PostAsync("/api/auth/resend-verification", null), "RateLimit-Remaining"));
        }
        Assert.Equal([99, 2, 97, 1], remaining);
    }

    [Fact]
    public async Task An_account_that_is_guessed_at_from_everywhere_is_shut_but_not_for_its_owner()
    {
        var email = await limited.Registered();
        using HttpClient home = limited.ClientAt("2001:db8:0:77::1"), homeToo = limited.ClientAt("2001:db8:0:77:abcd::2");
        Assert.Equal(HttpStatusCode.OK, (await LimitedApp.Login(home, email)).StatusCode);
        for (var i = 0; i < 5; i++)
        {
            using var bot = limited.NewClient();
            // The address in any case is one account.
            var guesses = await Task.WhenAll(Enumerable.Range(0, 4).Select(j => WrongLogin(bot, j % 2 == 0 ? email : $" {email.ToUpperInvariant()}")));
            Assert.All(guesses, g => Assert.Equal(HttpStatusCode.Unauthorized, g.StatusCode));
        }
        using var another = limited.NewClient();
        await LimitedApp.Login(another, email).Refused(HttpStatusCode.TooManyRequests, "RATE_LIMIT_EXCEEDED");
        Assert.Equal(HttpStatusCode.OK, (await LimitedApp.Login(homeToo, email)).StatusCode);
    }

    [Fact]
    public async Task A_value_is_stored_as_a_hash()
    {
        var limits = limited.App.Services.GetRequiredService<RateLimits>();
        var limit = Limits.ForgotPassword;
        var email = LimitedApp.NewEmail();
        for (var i = 0; i < 3; i++) Assert.NotNull(await limits.Take(limit, email, default));
        Assert.Null(await limits.Take(limit, email, default));
        Assert.NotNull(await limits.Take(limit, LimitedApp.NewEmail(), default));
        var stored = await limited.Redis.Dump();
        Assert.Contains("kiwicar:limit:forgot-password:", stored, StringComparison.Ordinal);
        Assert.DoesNotContain("@", stored, StringComparison.Ordinal);
        Assert.DoesNotContain(" -1", stored, StringComparison.Ordinal); // every key ends by itself
    }

    [Fact]
    public async Task A_permit_that_is_given_back_can_be_taken_again()
    {
        var limits = limited.App.Services.GetRequiredService<RateLimits>();
        var value = LimitedApp.NewEmail();
        var permits = new List<Permit>();
        for (var i = 0; i < 3; i++) permits.Add((await limits.Take(Limits.ForgotPassword, value, default))!);
        await permits[1].GiveBack();
        Assert.NotNull(await limits.Take(Limits.ForgotPassword, value, default));
        Assert.Null(await limits.Take(Limits.ForgotPassword, value, default));
    }

    [Fact]
    public async Task Nobody_becomes_another_by_a_header()
    {
        var plain = await limited.Start([]);
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 6; i++)
        {
            using var http = limited.ClientAt($"203.0.113.{i}", plain);
            foreach (var name in new[] { "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP" }) http.DefaultRequestHeaders.TryAddWithoutValidation(name, $"203.0.113.{i}");
            answers.Add((await WrongLogin(http)).StatusCode);
        }
        await plain.DisposeAsync();
        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Unauthorized, 5), HttpStatusCode.TooManyRequests], answers);
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_the_last_other_hop_counts()
    {
        var client = LimitedApp.NewAddress();
        var remaining = new List<int>();
        // What the client wrote itself stands before what the proxies added.
        foreach (var header in new[] { client, $"192.0.2.1, {client}", $"garbage, {client}", $"192.0.2.7, {client}, 127.0.0.1", $"::ffff:{client}" })
        {
            using var http = limited.ClientAt(header);
            remaining.Add(Number(await http.GetAsync("/api/nowhere"), "RateLimit-Remaining"));
        }
        Assert.Equal([99, 98, 97, 96, 95], remaining);
    }

    [Fact]
    public async Task All_addresses_of_an_IPv6_network_are_one_guest()
    {
        var remaining = new List<int>();
        foreach (var address in new[] { "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "[2001:db8:0:1::3]:4711", "2001:db8:0:2::1" })
        {
            using var http = limited.ClientAt(address);
            remaining.Add(Number(await http.GetAsync("/api/nowhere"), "RateLimit-Remaining"));
        }
        Assert.Equal([99, 98, 97, 99], remaining);
    }

    [Fact]
    public async Task In_development_all_counters_can_be_forgotten()
    {
        using var http = limited.NewClient();
        await http.GetAsync("/api/nowhere");
        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteAsync("/dev/limits")).StatusCode);
        Assert.Equal(99, Number(await http.GetAsync("/api/nowhere"), "RateLimit-Remaining"));
    }

    [Fact]
    public async Task A_malformed_setting_stops_the_start_and_is_named()
    {
        var settings = limited.App.Settings.Append(new("RATE_LIMIT_LOGIN", "five a day"));
        var (exit, _, error) = await HostProcess.Run(settings, "projections");
        Assert.Equal(1, exit);
        Assert.Contains("RATE_LIMIT_LOGIN is \"five a day\"", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_off_says_nothing()
    {
        var off = await limited.Start(new() { ["RATE_LIMIT_GENERAL"] = "off", ["RATE_LIMIT_REGISTER"] = "2/1m" });
        Assert.False((await off.Http.GetAsync("/api/listings")).Headers.Contains("RateLimit-Limit"));
        Assert.Equal("2", Header(await off.Http.PostAsJsonAsync("/api/auth/register", new { }), "RateLimit-Limit"));
        await off.DisposeAsync();
    }
}
