using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.IntegrationTests.Listings;

namespace KiwiCar.IntegrationTests.Identity;

[Collection(nameof(KiwiCarCollection))]
public sealed class ProfileTests(KiwiCarApp app)
{
    [Fact]
    public async Task What_is_given_changes_what_is_left_out_stays_and_null_clears()
    {
        var http = (await app.SignUp()).Http;
        var profile = await (await http.PutAsJsonAsync("/api/users/me", new { nickname = "Johnny", region = "Wellington", showPhone = true, phone = "021 123 4567" })).Json();
        Assert.Equal(("Johnny", "Wellington", "+64211234567", true), Of(profile));
        Assert.Equal(("Johnny", null, "+64211234567", true), Of(await (await http.PutAsJsonAsync("/api/users/me", new { region = (string?)null })).Json()));
        Assert.Equal(("Johnny", null, null, true), Of(await (await http.PutAsJsonAsync("/api/users/me", new { phone = (string?)null })).Json()));
        Assert.Equal(("Johnny", null, null, true), Of(await (await http.PutAsJsonAsync("/api/users/me", new { })).Json()));
        Assert.Equal(("Johnny", null, null, true), Of(await http.GetJson("/api/users/me")));
    }

    [Fact]
    public async Task What_is_not_the_persons_to_say_is_ignored()
    {
        var member = await app.SignUp();
        var before = await member.Http.GetJson("/api/users/me");
        var after = await (await member.Http.PutAsJsonAsync("/api/users/me", new
        {
            id = Guid.NewGuid(), email = "other@example.com", isVerified = false, role = "ADMIN", passwordHash = "x", avatarUrl = "https://evil.example/a.png", createdAt = "2020-01-01T00:00:00Z", closedAt = "2020-01-01T00:00:00Z",
        })).Json();
        Assert.Equal(before.GetRawText(), after.GetRawText());
        await using var db = await app.Database.Open(default);
        Assert.Equal("USER", await db.Single<string>("SELECT role FROM users WHERE id = @Id", new { member.Id }, default));
    }

    [Fact]
    public async Task Every_broken_field_is_named()
    {
        var http = (await app.SignUp()).Http;
        var error = await http.PutAsJsonAsync("/api/users/me", new { nickname = new string('x', 51), region = "", showPhone = "yes", phone = "12" }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["nickname", "region", "phone", "showPhone"], error.Paths());
        foreach (var nickname in new[] { "two\nlines", "\u202egnp.exe", "   ", "\u200b" })
            Assert.Equal(["nickname"], (await http.PutAsJsonAsync("/api/users/me", new { nickname }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
    }

    [Fact]
    public async Task A_phone_number_is_shown_to_who_is_signed_in_and_only_if_its_owner_says_so()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var path = $"/api/listings/{await app.Listing(seller)}";
        await (await seller.Http.PutAsJsonAsync("/api/users/me", new { phone = "021 555 0199", nickname = "Hana" })).Json();
        Assert.False(await Shows(buyer.Http));
        await (await seller.Http.PutAsJsonAsync("/api/users/me", new { showPhone = true })).Json();
        Assert.True(await Shows(buyer.Http));
        Assert.False(await Shows(app.Http));

        async Task<bool> Shows(HttpClient viewer)
        {
            var shown = (await viewer.GetJson(path)).GetProperty("seller");
            Assert.Equal("Hana", shown.GetProperty("nickname").GetString());
            return shown.TryGetProperty("phone", out var phone) && phone.GetString() == "+64215550199";
        }
    }

    [Fact]
    public async Task An_avatar_is_made_square_and_replaces_the_one_before()
    {
        var member = await app.SignUp();
        var first = await Uploaded(member, Pictures.Make(".jpg", 800, 300));
        var second = await Uploaded(member, Pictures.Make(".png", 60, 200));
        Assert.NotEqual(first, second);
        Assert.Equal(second, (await member.Http.GetJson("/api/users/me")).GetProperty("avatarUrl").GetString());
        using var picture = await app.Http.GetAsync(Here(second));
        Assert.Equal(512, Pictures.Look(await picture.Content.ReadAsByteArrayAsync()).Width);
        Assert.Equal(512, Pictures.Look(await picture.Content.ReadAsByteArrayAsync()).Height);
        Assert.Equal(HttpStatusCode.NotFound, (await app.Http.GetAsync(Here(first))).StatusCode);
    }

    [Fact]
    public async Task What_is_no_avatar_is_refused()
    {
        var http = (await app.SignUp()).Http;
        Assert.Equal(["avatar"], (await http.PostAsync("/api/users/me/avatar", Pictures.Form("<svg/>"u8.ToArray(), "avatar", "a.png", "image/png")).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        Assert.Equal(["avatar"], (await http.PostAsync("/api/users/me/avatar", Pictures.Form(Pictures.Make(".jpg"), "images", "a.jpg", "image/jpeg")).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        await http.PostAsync("/api/users/me/avatar", Http.Raw("{}")).Refused(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE");
        Assert.Equal(JsonValueKind.Null, (await http.GetJson("/api/users/me")).GetProperty("avatarUrl").ValueKind);
    }

    private static async Task<string> Uploaded(Member member, byte[] picture) =>
        (await (await member.Http.PostAsync("/api/users/me/avatar", Pictures.Form(picture, "avatar", "me.jpg", "image/jpeg"))).Json()).GetProperty("avatarUrl").GetString()!;

    // Addresses name the configured host, the test listens elsewhere.
    private static string Here(string url) => new Uri(url).AbsolutePath;

    private static (string? Nickname, string? Region, string? Phone, bool ShowPhone) Of(JsonElement profile) =>
        (profile.GetProperty("nickname").GetString(), profile.GetProperty("region").GetString(), profile.GetProperty("phone").GetString(), profile.GetProperty("showPhone").GetBoolean());
}
