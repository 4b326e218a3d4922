using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Identity;

[Collection(nameof(KiwiCarCollection))]
public sealed class AuthTests(KiwiCarApp app)
{
    private const string Password = "SecurePass123";

    [Fact]
    public async Task Register_open_the_mailed_link_sign_in()
    {
        var email = NewEmail();
        var registered = await Post("/api/auth/register", new { email = $" {email.ToUpperInvariant()} ", phone = "021 123 4567", password = Password });
        Assert.Equal(HttpStatusCode.Created, registered.Status);
        Assert.Equal("Registration successful. Please verify your email.", registered.Body.GetProperty("message").GetString());
        Assert.False((await Login(email)).GetProperty("user").GetProperty("isVerified").GetBoolean());

        var mail = await app.MailTo(email);
        Assert.Equal("verify-email", mail.GetProperty("template").GetString());
        var link = LinkIn(mail);
        Assert.Contains(link.AbsoluteUri, mail.GetProperty("text").GetString(), StringComparison.Ordinal);
        for (var i = 0; i < 2; i++) // mail scanners open it first
            Assert.Equal(HttpStatusCode.OK, (await Get(Api(link))).Status);

        var login = await Login(email);
        Assert.Equal(["accessToken", "refreshToken", "expiresIn", "user"], login.EnumerateObject().Select(p => p.Name));
        Assert.Equal(3600, login.GetProperty("expiresIn").GetInt32());
        var user = login.GetProperty("user");
        Assert.Equal(["id", "email", "nickname", "avatarUrl", "isVerified"], user.EnumerateObject().Select(p => p.Name));
        Assert.Equal(registered.Body.GetProperty("userId").GetGuid(), user.GetProperty("id").GetGuid());
        Assert.Equal(email, user.GetProperty("email").GetString());
        Assert.Equal(JsonValueKind.Null, user.GetProperty("nickname").ValueKind);
        Assert.True(user.GetProperty("isVerified").GetBoolean());

        var me = await Get("/api/users/me", login.GetProperty("accessToken").GetString());
        Assert.Equal(HttpStatusCode.OK, me.Status);
        Assert.Equal(["id", "email", "phone", "nickname", "avatarUrl", "region", "showPhone", "isVerified", "createdAt"], me.Body.EnumerateObject().Select(p => p.Name));
        Assert.Equal("+64211234567", me.Body.GetProperty("phone").GetString());
        Assert.EndsWith("Z", me.Body.GetProperty("createdAt").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Login_puts_the_refresh_token_where_scripts_cannot_read_it()
    {
        var email = await Registered();
        using var response = await app.Http.PostAsJsonAsync("/api/auth/login", new { email, password = Password });
        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        var token = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("refreshToken").GetString();
        Assert.StartsWith($"refreshToken={token};", cookie, StringComparison.Ordinal);
        foreach (var part in new[] { "httponly", "samesite=lax", "path=/api/auth", "max-age=2592000" }) Assert.Contains(part, cookie, StringComparison.OrdinalIgnoreCase);
        Assert.True(response.Headers.CacheControl?.NoStore);
    }

    [Fact]
    public async Task Of_ten_registrations_at_the_same_time_one_makes_the_account_five_hundred_times()
    {
        for (var round = 0; round < 500; round++)
        {
            var email = NewEmail();
            var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
                Post("/api/auth/register", new { email = i % 2 == 0 ? email : email.ToUpperInvariant(), password = Password })));
            Assert.Single(answers, a => a.Status == HttpStatusCode.Created);
            Assert.All(answers.Where(a => a.Status != HttpStatusCode.Created), a => Assert.Equal((HttpStatusCode.Conflict, "EMAIL_TAKEN"), (a.Status, a.Code)));
        }
        await using var db = await app.Services.GetRequiredService<Database>().Open(default);
        Assert.Equal(0, await db.Single<long>("SELECT COUNT(*) - COUNT(DISTINCT LOWER(email)) FROM users", null, default));
    }

    [Fact]
    public async Task A_number_that_nobody_verified_is_nobodys_alone()
    {
        var first = await Post("/api/auth/register", new { email = NewEmail(), phone = "+64275550100", password = Password });
        var second = await Post("/api/auth/register", new { email = NewEmail(), phone = "027 555 0100", password = Password });
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.Status, second.Status));
    }

    [Fact]
    public async Task A_registration_is_refused_with_every_broken_field_named()
    {
        var refused = await Post("/api/auth/register", new { email = "nobody", phone = "call me", password = "short" });
        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_ERROR"), (refused.Status, refused.Code));
        Assert.Equal(["email", "password", "phone"], refused.Body.GetProperty("error").GetProperty("details").EnumerateArray().Select(d => d.GetProperty("path").GetString()));
    }

    [Fact]
    public async Task Nobody_registers_as_what_they_choose()
    {
        var email = NewEmail();
        var made = await Post("/api/auth/register", new { email, password = Password, id = Guid.NewGuid(), isVerified = true, role = "ADMIN" });
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.False((await Login(email)).GetProperty("user").GetProperty("isVerified").GetBoolean());
        await using var db = await app.Services.GetRequiredService<Database>().Open(default);
        Assert.Equal("USER", await db.Single<string>("SELECT role FROM users WHERE email = @email", new { email }, default));
    }

    [Fact]
    public async Task An_unknown_address_and_a_wrong_password_get_the_same_answer()
    {
        var unknown = await Post("/api/auth/login", new { email = NewEmail(), password = Password });
        var wrong = await Post("/api/auth/login", new { email = await Registered(), password = Password + "4" });
        Assert.Equal((HttpStatusCode.Unauthorized, "INVALID_CREDENTIALS"), (unknown.Status, unknown.Code));
        Assert.Equal((unknown.Status, unknown.Body.GetRawText()), (wrong.Status, wrong.Body.GetRawText()));
    }

    [Fact]
    public async Task An_unknown_link_is_refused_with_what_to_do()
    {
        var refused = await Get("/api/auth/verify-email/never-made");
        Assert.Equal((HttpStatusCode.BadRequest, "INVALID_TOKEN"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task A_new_link_cancels_the_old_one()
    {
        var email = await Registered();
        var old = LinkIn(await app.MailTo(email));
        var token = (await Login(email)).GetProperty("accessToken").GetString();
        Assert.Equal(HttpStatusCode.OK, (await Post("/api/auth/resend-verification", new { }, token)).Status);
        var link = old;
        for (var i = 0; i < 50 && link == old; i++)
        {
            await Task.Delay(100);
            link = LinkIn(await app.MailTo(email));
        }
        Assert.Equal((HttpStatusCode.BadRequest, "INVALID_TOKEN"), await Get(Api(old)) is var refused ? (refused.Status, refused.Code) : default);
        Assert.Equal(HttpStatusCode.OK, (await Get(Api(link))).Status);
        Assert.Equal(HttpStatusCode.OK, (await Get(Api(old))).Status); // the address is verified: nothing is wrong any more
    }

    [Fact]
    public async Task A_link_ends_after_a_day()
    {
        var email = await Registered();
        var link = LinkIn(await app.MailTo(email));
        await using (var db = await app.Services.GetRequiredService<Database>().Open(default))
        {
            var left = await db.Single<long>("SELECT TIMESTAMPDIFF(MINUTE, v.createdAt, v.expiresAt) FROM email_verifications v JOIN users u ON u.id = v.userId WHERE email = @email", new { email }, default);
            Assert.Equal(24 * 60, left);
            await db.Execute("UPDATE email_verifications v JOIN users u ON u.id = v.userId SET v.expiresAt = v.createdAt WHERE email = @email", new { email }, default);
        }
        Assert.Equal("INVALID_TOKEN", (await Get(Api(link))).Code);
    }

    [Fact]
    public async Task The_tables_hold_neither_the_link_nor_the_password()
    {
        var email = await Registered();
        var token = LinkIn(await app.MailTo(email)).Segments[^1];
        await using var db = await app.Services.GetRequiredService<Database>().Open(default);
        var row = await db.Single<string>("SELECT CONCAT(v.token, ' ', u.passwordHash) FROM email_verifications v JOIN users u ON u.id = v.userId WHERE email = @email", new { email }, default);
        Assert.DoesNotContain(token, row, StringComparison.Ordinal);
        Assert.Matches(@"\A[0-9a-f]{64} \$2b\$04\$", row);
    }

    [Theory]
    [InlineData("Bearer abc")]
    [InlineData("Bearer ")]
    [InlineData("Basic dXNlcjpwYXNz")]
    public async Task A_bad_token_is_refused(string authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/users/me");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        var answer = await Send(request);
        Assert.Equal((HttpStatusCode.Unauthorized, "UNAUTHORIZED"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task A_refresh_token_is_no_access_token()
    {
        var login = await Login(await Registered());
        Assert.Equal(HttpStatusCode.Unauthorized, (await Get("/api/users/me", login.GetProperty("refreshToken").GetString())).Status);
    }

    [Fact]
    public async Task A_stale_token_does_not_keep_anybody_from_signing_in()
    {
        var answer = await Post("/api/auth/login", new { email = await Registered(), password = Password }, "stale.access.token");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task Where_guests_may_ask_a_guest_passes_and_a_bad_token_does_not()
    {
        var fallback = (await app.Services.GetRequiredService<IAuthorizationPolicyProvider>().GetFallbackPolicyAsync())!;
        Assert.True((await Authorize(fallback, authorization: null)).Succeeded);
        Assert.False((await Authorize(fallback, "Bearer abc")).Succeeded);

        async Task<AuthorizationResult> Authorize(AuthorizationPolicy policy, string? authorization)
        {
            var http = new DefaultHttpContext { RequestServices = app.Services };
            if (authorization is not null) http.Request.Headers.Authorization = authorization;
            return await app.Services.GetRequiredService<IAuthorizationService>().AuthorizeAsync(http.User, http, policy);
        }
    }

    [Fact]
    public async Task What_needs_a_verified_address_says_so_until_it_is_verified()
    {
        var email = await Registered();
        var login = await Login(email);
        var user = new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity([new("sub", login.GetProperty("user").GetProperty("id").GetString()!)], "test"));
        var authorization = app.Services.GetRequiredService<IAuthorizationService>();

        var refused = await Assert.ThrowsAsync<Rejection>(() => authorization.AuthorizeAsync(user, AccountPolicies.VerifiedEmail));
        Assert.Equal((403, "EMAIL_NOT_VERIFIED"), (refused.Status, refused.Code));
        Assert.Equal(HttpStatusCode.OK, (await Get(Api(LinkIn(await app.MailTo(email))))).Status);
        Assert.True((await authorization.AuthorizeAsync(user, AccountPolicies.VerifiedEmail)).Succeeded);
        Assert.False((await authorization.AuthorizeAsync(new(), AccountPolicies.VerifiedEmail)).Succeeded);
    }

    [Fact]
    public async Task Others_see_a_card_and_mail_only_verified_addresses()
    {
        var email = await Registered();
        var id = (await Login(email)).GetProperty("user").GetProperty("id").GetGuid();
        var cards = app.Services.GetRequiredService<IUserCards>();
        var card = (await cards.For([id, id, Guid.NewGuid()], default))[id];
        Assert.Equal("KiwiCar member", card.Nickname);
        Assert.Equal((1, TimeSpan.Zero), (card.MemberSince.Day, card.MemberSince.TimeOfDay));
        Assert.Empty(await cards.For([], default));
        var receivers = app.Services.GetRequiredService<IMailReceivers>();
        Assert.Empty(await receivers.For([id], MailKind.PriceAlerts, default));
        await Get(Api(LinkIn(await app.MailTo(email))));
        Assert.Equal(email, (await receivers.For([id, id], MailKind.PriceAlerts, default))[id].Email);
    }

    [Fact]
    public async Task An_imported_account_is_made_once_and_nobody_signs_in_with_it()
    {
        var (accounts, id, email) = (app.Services.GetRequiredService<IImportedAccounts>(), Guid.CreateVersion7(), NewEmail());
        for (var i = 0; i < 2; i++) await accounts.Ensure(id, email, "Import Cars", "Auckland", default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => accounts.Ensure(Guid.CreateVersion7(), email, "Other", "Otago", default));
        Assert.Equal("Import Cars", (await app.Services.GetRequiredService<IUserCards>().For([id], default))[id].Nickname);
        Assert.Equal("INVALID_CREDENTIALS", (await Post("/api/auth/login", new { email, password = Password })).Code);
    }

    private static string NewEmail() => $"user-{Guid.NewGuid():N}@example.com";

    // The page that the link leads to asks this.
    private static string Api(Uri link) => "/api/auth" + link.AbsolutePath;

    private static Uri LinkIn(JsonElement mail) => new(mail.GetProperty("data").GetProperty("verifyUrl").GetString()!);

    private async Task<string> Registered()
    {
        var email = NewEmail();
        Assert.Equal(HttpStatusCode.Created, (await Post("/api/auth/register", new { email, password = Password })).Status);
        return email;
    }

    private async Task<JsonElement> Login(string email)
    {
        var answer = await Post("/api/auth/login", new { email, password = Password });
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Body;
    }

    private Task<Answer> Post(string path, object body, string? token = null) =>
        Send(new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body), Headers = { Authorization = Bearer(token) } });

    private Task<Answer> Get(string path, string? token = null) => Send(new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = Bearer(token) } });

    private async Task<Answer> Send(HttpRequestMessage request)
    {
        using (request)
        using (var response = await app.Http.SendAsync(request))
            return new(response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    private static AuthenticationHeaderValue? Bearer(string? token) => token is null ? null : new("Bearer", token);

    private sealed record Answer(HttpStatusCode Status, JsonElement Body)
    {
        public string? Code => Body.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : null;
    }
}
