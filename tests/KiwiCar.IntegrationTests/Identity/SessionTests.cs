using System.Net;
using System.Text.Json;
using KiwiCar.Host;

namespace KiwiCar.IntegrationTests.Identity;

[Collection(nameof(KiwiCarCollection))]
public sealed class SessionTests(KiwiCarApp app)
{
    [Fact]
    public async Task A_refresh_token_gives_new_tokens_and_is_used_up()
    {
        var first = await SignedIn();
        var answer = await (await app.Refresh(first.Refresh)).Json();
        Assert.Equal(["accessToken", "refreshToken", "expiresIn"], answer.EnumerateObject().Select(p => p.Name));
        var second = Tokens.Of(answer);
        Assert.NotEqual(first.Refresh, second.Refresh);
        Assert.True(await app.IsIn(second.Access));
        var third = Tokens.Of(await (await app.Refresh(second.Refresh)).Json());
        Assert.True(await app.IsIn(third.Access));
    }

    [Fact]
    public async Task Of_ten_tabs_that_refresh_at_once_all_get_the_same_one_new_token()
    {
        var tokens = await SignedIn();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => app.Refresh(tokens.Refresh)));
        var made = new HashSet<string>(StringComparer.Ordinal);
        foreach (var answer in answers) made.Add(Tokens.Of(await answer.Json()).Refresh);
        Assert.Single(made);
    }

    [Fact]
    public async Task A_token_that_was_replaced_long_ago_ends_the_session()
    {
        var first = await SignedIn();
        var second = Tokens.Of(await (await app.Refresh(first.Refresh)).Json());
        await using (var db = await app.Database.Open(default)) // eleven seconds later
            await db.Execute("UPDATE sessions SET rotatedAt = rotatedAt - INTERVAL 11 SECOND WHERE id = @id", new { id = SessionOf(second.Refresh) }, default);

        await app.Refresh(first.Refresh).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        await app.Refresh(second.Refresh).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        Assert.False(await app.IsIn(second.Access));
    }

    [Fact]
    public async Task A_token_before_the_one_before_ends_the_session_at_once()
    {
        var first = await SignedIn();
        var second = Tokens.Of(await (await app.Refresh(first.Refresh)).Json());
        var third = Tokens.Of(await (await app.Refresh(second.Refresh)).Json());
        await app.Refresh(first.Refresh).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        await app.Refresh(third.Refresh).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
    }

    [Fact]
    public async Task The_cookie_refreshes_too_but_only_from_our_pages()
    {
        var cookie = ("Cookie", $"refreshToken={(await SignedIn()).Refresh}");
        foreach (var foreign in new[] { "https://evil.example", "null", "https://app.kiwicar.co.nz.evil.example" })
            await app.Send(HttpMethod.Post, "/api/auth/refresh", null, null, cookie, ("Origin", foreign)).Refused(HttpStatusCode.Forbidden, "FORBIDDEN");
        await app.Send(HttpMethod.Post, "/api/auth/refresh", null, null, cookie, ("Sec-Fetch-Site", "cross-site")).Refused(HttpStatusCode.Forbidden, "FORBIDDEN");

        using var answer = await app.Send(HttpMethod.Post, "/api/auth/refresh", null, null, cookie, ("Origin", "https://app.kiwicar.co.nz"));
        var tokens = Tokens.Of(await answer.Json());
        Assert.StartsWith($"refreshToken={tokens.Refresh};", Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        await (await app.Send(HttpMethod.Post, "/api/auth/refresh", null, null, ("Cookie", $"refreshToken={tokens.Refresh}"))).Json(); // a program that is no browser
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")]
    public Task What_is_no_refresh_token_gives_none(string? token) => token == ""
        ? app.Send(HttpMethod.Post, "/api/auth/refresh", new { refreshToken = token }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")
        : app.Send(HttpMethod.Post, "/api/auth/refresh", token is null ? null : new { refreshToken = token }).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");

    [Fact]
    public async Task An_access_token_does_not_refresh() => await app.Refresh((await SignedIn()).Access).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");

    [Fact]
    public async Task Logout_needs_the_refresh_token_alone_and_ends_both_and_may_be_repeated()
    {
        var tokens = await SignedIn();
        for (var i = 0; i < 2; i++)
        {
            using var answer = await app.Send(HttpMethod.Post, "/api/auth/logout", new { refreshToken = tokens.Refresh });
            await answer.Json();
            Assert.Contains("max-age=0", Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
        }
        await app.Refresh(tokens.Refresh).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        Assert.False(await app.IsIn(tokens.Access));
    }

    [Fact]
    public async Task Logout_takes_the_access_token_where_that_is_all_there_is()
    {
        var tokens = await SignedIn();
        await (await app.Send(HttpMethod.Post, "/api/auth/logout", token: tokens.Access)).Json();
        await app.Refresh(tokens.Refresh).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        await app.Send(HttpMethod.Post, "/api/auth/logout").Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
    }

    [Fact]
    public async Task People_see_where_they_are_signed_in_and_can_sign_one_device_out()
    {
        var member = await app.SignUp();
        var (phone, laptop) = (await app.SignIn(member.Email, "phone"), await app.SignIn(member.Email, "laptop"));
        var sessions = (await (await app.Send(HttpMethod.Get, "/api/users/me/sessions", token: laptop.Access)).Json()).GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(["id", "device", "createdAt", "lastUsedAt", "current"], sessions[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal("laptop", Assert.Single(sessions, s => s.GetProperty("current").GetBoolean()).GetProperty("device").GetString());

        var other = sessions.Single(s => s.GetProperty("device").GetString() == "phone").GetProperty("id").GetString();
        var stranger = await app.SignUp();
        await stranger.Http.DeleteAsync($"/api/users/me/sessions/{other}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.True(await app.IsIn(phone.Access));
        await (await app.Send(HttpMethod.Delete, $"/api/users/me/sessions/{other}", token: laptop.Access)).Json();
        Assert.False(await app.IsIn(phone.Access));
        Assert.True(await app.IsIn(laptop.Access));
        await app.Send(HttpMethod.Delete, $"/api/users/me/sessions/{other}", token: laptop.Access).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
    }

    [Fact]
    public async Task What_one_process_ends_the_others_know_within_five_seconds()
    {
        await using var other = Server.Build(app.Settings);
        await other.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(other.Urls.Single()) };
        var tokens = await SignedIn();
        http.DefaultRequestHeaders.Authorization = new("Bearer", tokens.Access);
        Assert.True((await http.GetAsync("/api/users/me")).IsSuccessStatusCode);

        await (await app.Send(HttpMethod.Post, "/api/auth/logout", new { refreshToken = tokens.Refresh })).Json();
        var status = HttpStatusCode.OK;
        for (var tenths = 0; tenths < 50 && status == HttpStatusCode.OK; tenths++)
        {
            await Task.Delay(100);
            status = (await http.GetAsync("/api/users/me")).StatusCode;
        }
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        await other.StopAsync();
    }

    [Fact]
    public async Task A_process_that_starts_later_knows_what_was_ended_before()
    {
        var tokens = await SignedIn();
        await (await app.Send(HttpMethod.Post, "/api/auth/logout", new { refreshToken = tokens.Refresh })).Json();
        await using var other = Server.Build(app.Settings);
        await other.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(other.Urls.Single()), DefaultRequestHeaders = { Authorization = new("Bearer", tokens.Access) } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/api/users/me")).StatusCode);
        await other.StopAsync();
    }

    [Fact]
    public async Task A_sign_in_from_a_new_device_is_told_by_mail_and_a_known_one_is_not()
    {
        var member = await app.SignUp(); // signs in from a device of its own
        await app.SignIn(member.Email, "laptop <b>&\"");
        var mail = await app.MailTo(member.Email, "new-sign-in");
        Assert.Contains("laptop <b>&\"", mail.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", mail.GetProperty("html").GetString(), StringComparison.Ordinal);
        await app.SignIn(member.Email, "laptop <b>&\"");
        await using var db = await app.Database.Open(default);
        Assert.Equal(1, await db.Single<long>("SELECT COUNT(*) FROM outbox WHERE template = 'new-sign-in' AND receiver = SHA2(@Email, 256)", new { member.Email }, default));
    }

    [Fact]
    public async Task No_table_holds_a_token()
    {
        var tokens = await SignedIn();
        await using var db = await app.Database.Open(default);
        var row = JsonSerializer.Serialize(await db.Query<dynamic>("SELECT * FROM sessions WHERE id = @id", new { id = SessionOf(tokens.Refresh) }, default));
        foreach (var part in tokens.Refresh.Split('.')) Assert.DoesNotContain(part, row, StringComparison.Ordinal);
    }

    private async Task<Tokens> SignedIn() => await app.SignIn((await app.SignUp()).Email);

    // The middle part of a JWT says which it is.
    private static Guid SessionOf(string refreshToken) =>
        Guid.Parse(JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(refreshToken.Split('.')[1])).GetProperty("jti").GetString()![..36]);
}
