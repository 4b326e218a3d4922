using System.Net;
using System.Text;

namespace KiwiCar.IntegrationTests.Identity;

[Collection(nameof(KiwiCarCollection))]
public sealed class PasswordResetTests(KiwiCarApp app)
{
    private const string New = "a better password";

    [Fact]
    public async Task A_mailed_link_gives_a_new_password_once_and_ends_every_session()
    {
        var member = await app.SignUp();
        var before = await app.SignIn(member.Email);
        var token = await Asked(member.Email);

        await (await Reset(token)).Json();
        Assert.False(await app.IsIn(before.Access));
        await app.Refresh(before.Refresh).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        await app.Send(HttpMethod.Post, "/api/auth/login", new { email = member.Email, password = AccountClient.Password }).Refused(HttpStatusCode.Unauthorized, "INVALID_CREDENTIALS");
        Assert.True(await app.IsIn((await app.SignIn(member.Email, password: New)).Access));
        await app.MailTo(member.Email, "password-changed");
        await Reset(token).Refused(HttpStatusCode.BadRequest, "INVALID_TOKEN");
    }

    [Fact]
    public async Task The_mail_leads_to_the_frontend()
    {
        var member = await app.SignUp();
        var token = await Asked(member.Email);
        var mail = await app.MailTo(member.Email, "reset-password");
        var url = mail.GetProperty("data").GetProperty("resetUrl").GetString()!;
        Assert.Equal($"https://app.kiwicar.co.nz/reset-password/{token}", url);
        foreach (var part in new[] { "text", "html" }) Assert.Contains(url, mail.GetProperty(part).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_link_cancels_the_one_before()
    {
        var member = await app.SignUp();
        var first = await Asked(member.Email);
        var second = first;
        await (await app.Send(HttpMethod.Post, "/api/auth/forgot-password", new { email = member.Email })).Json();
        for (var i = 0; i < 50 && second == first; i++)
        {
            await Task.Delay(100);
            second = await app.TokenMailed(member.Email, "reset-password");
        }
        await Reset(first).Refused(HttpStatusCode.BadRequest, "INVALID_TOKEN");
        await (await Reset(second)).Json();
    }

    [Fact]
    public async Task A_link_ends_after_an_hour()
    {
        var member = await app.SignUp();
        var token = await Asked(member.Email);
        await using (var db = await app.Database.Open(default))
        {
            Assert.Equal(60, await db.Single<long>("SELECT TIMESTAMPDIFF(MINUTE, createdAt, expiresAt) FROM password_resets WHERE userId = @Id", new { member.Id }, default));
            await db.Execute("UPDATE password_resets SET expiresAt = createdAt WHERE userId = @Id", new { member.Id }, default);
        }
        await Reset(token).Refused(HttpStatusCode.BadRequest, "INVALID_TOKEN");
    }

    [Fact]
    public async Task Of_two_calls_with_one_link_one_wins()
    {
        var token = await Asked((await app.SignUp()).Email);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Reset(token, $"{New} {i}")));
        Assert.Single(answers, a => a.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Whether_there_is_an_account_the_answer_does_not_tell()
    {
        var member = await app.SignUp();
        var known = await app.Send(HttpMethod.Post, "/api/auth/forgot-password", new { email = member.Email });
        var unknown = await app.Send(HttpMethod.Post, "/api/auth/forgot-password", new { email = $"nobody-{Guid.NewGuid():N}@example.com" });
        Assert.Equal((await known.Json()).GetRawText(), (await unknown.Json()).GetRawText());
        await app.MailTo(member.Email, "reset-password");
    }

    [Fact]
    public async Task No_mail_goes_to_who_has_no_account()
    {
        var email = $"nobody-{Guid.NewGuid():N}@example.com";
        await (await app.Send(HttpMethod.Post, "/api/auth/forgot-password", new { email })).Json();
        await using var db = await app.Database.Open(default);
        for (var i = 0; i < 50 && await db.Single<long>("SELECT COUNT(*) FROM outbox WHERE receiver = SHA2(@email, 256) AND state = 'SENT'", new { email }, default) == 0; i++) await Task.Delay(100);
        Assert.Equal("SENT", await db.Single<string>("SELECT state FROM outbox WHERE receiver = SHA2(@email, 256)", new { email }, default));
        Assert.Empty(await app.MailsTo(email));
    }

    [Fact]
    public async Task A_bad_password_leaves_the_link_good()
    {
        var token = await Asked((await app.SignUp()).Email);
        Assert.Equal(["password"], (await Reset(token, "short").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        Assert.Equal(["password"], (await Reset(token, "password1").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        await (await Reset(token)).Json();
    }

    [Fact]
    public async Task The_link_shows_that_the_address_is_theirs()
    {
        var email = $"{Guid.NewGuid():N}@example.com";
        await (await app.Send(HttpMethod.Post, "/api/auth/register", new { email, password = AccountClient.Password })).Json(HttpStatusCode.Created);
        await (await Reset(await Asked(email))).Json();
        var login = await (await app.Send(HttpMethod.Post, "/api/auth/login", new { email, password = New })).Json();
        Assert.True(login.GetProperty("user").GetProperty("isVerified").GetBoolean());
    }

    [Fact]
    public async Task While_the_mail_waits_no_table_holds_its_token()
    {
        var member = await app.SignUp();
        var token = await Asked(member.Email);
        await using var db = await app.Database.Open(default);
        var dump = new StringBuilder();
        foreach (var table in await db.Query<string>("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()", null, default))
            foreach (var row in await db.Query<dynamic>($"SELECT * FROM `{table}`", null, default)) dump.AppendJoin('\n', ((IDictionary<string, object?>)row).Values).AppendLine();
        Assert.Contains(member.Email, dump.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(token, dump.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_signed_in_changes_the_password_by_the_old_one_and_stays_signed_in_here()
    {
        var member = await app.SignUp();
        var (here, there) = (await app.SignIn(member.Email), await app.SignIn(member.Email));
        await Change(here, "wrong password", New).Refused(HttpStatusCode.Forbidden, "INVALID_CREDENTIALS");
        await (await Change(here, AccountClient.Password, New)).Json();
        Assert.True(await app.IsIn(here.Access));
        Assert.False(await app.IsIn(there.Access));
        await app.SignIn(member.Email, password: New);
        await app.MailTo(member.Email, "password-changed");
    }

    private Task<HttpResponseMessage> Change(Tokens who, string currentPassword, string newPassword) =>
        app.Send(HttpMethod.Put, "/api/users/me/password", new { currentPassword, newPassword }, who.Access);

    private async Task<string> Asked(string email)
    {
        await (await app.Send(HttpMethod.Post, "/api/auth/forgot-password", new { email })).Json();
        return await app.TokenMailed(email, "reset-password");
    }

    private Task<HttpResponseMessage> Reset(string token, string password = New) => app.Send(HttpMethod.Post, "/api/auth/reset-password", new { token, password });
}
