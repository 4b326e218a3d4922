using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace KiwiCar.Host.Ops.Stories;

/// <summary>An account and its life: signed in twice, a session that goes on and one that ends, a forgotten password, a profile, the end.</summary>
internal static class Account
{
    public static async Task Play(Narrator story)
    {
        story.Chapter("An account");
        var phone = await Person.Join(story, "Aroha", "have a look around");
        story.Tell("She signs in on her laptop too, and sees both.");
        var (laptop, _) = await phone.SignIn(story);
        story.Check("two sessions, one of them this", "2 1", await Sessions(story, laptop));

        laptop = await GoOn(story, laptop);
        await SignOut(story, phone, laptop);
        laptop = await Forget(story, laptop);
        await Profile(story, laptop);
        await Leave(story, laptop);
    }

    private static async Task<Person> GoOn(Narrator story, Person laptop)
    {
        story.Tell("An hour later the laptop's access token has ended; its refresh token gives new ones, once.");
        var answer = await story.Post("/api/auth/refresh", new JsonObject { ["refreshToken"] = laptop.RefreshToken });
        story.Check("another refresh token", (string?)answer.Json?["refreshToken"] is { } next && next != laptop.RefreshToken, "a new one", "the old one, or none");
        var again = await story.Post("/api/auth/refresh", new JsonObject { ["refreshToken"] = laptop.RefreshToken });
        story.Check("a second tab that asks at the same moment gets the same", answer.Json?["refreshToken"], again.Json?["refreshToken"]);
        return laptop with { AccessToken = (string?)answer.Json?["accessToken"], RefreshToken = (string?)answer.Json?["refreshToken"] };
    }

    private static async Task SignOut(Narrator story, Person phone, Person laptop)
    {
        story.Tell("She signs out on the phone. Nothing it holds works any more, the laptop goes on.");
        await story.Post("/api/auth/logout", new JsonObject { ["refreshToken"] = phone.RefreshToken });
        await story.Post("/api/auth/refresh", new JsonObject { ["refreshToken"] = phone.RefreshToken }, expect: 401);
        await story.Get("/api/users/me", phone, expect: 401);
        story.Check("one session is left", "1 1", await Sessions(story, laptop));
    }

    private static async Task<Person> Forget(Narrator story, Person laptop)
    {
        story.Tell("A month later she has forgotten her password.");
        var known = await story.Post("/api/auth/forgot-password", new JsonObject { ["email"] = laptop.Email });
        var unknown = await story.Post("/api/auth/forgot-password", new JsonObject { ["email"] = $"nobody-{RandomNumberGenerator.GetHexString(8, lowercase: true)}@example.invalid" });
        story.Check("a stranger's address gets the same answer", known.Json, unknown.Json);
        var (mail, waited) = await laptop.Mail(story, "reset-password");
        story.Must($"a mail with a link comes, after {waited.TotalMilliseconds:0} ms", mail is not null, "a mail reset-password with data.resetUrl", "none in 5 s");
        story.Show($"“{(string?)mail["subject"]}”");
        var token = new Uri((string)mail["data"]!["resetUrl"]!).Segments[^1];

        var fresh = laptop with { Password = "Takahe-" + RandomNumberGenerator.GetHexString(12) };
        await story.Post("/api/auth/reset-password", new JsonObject { ["token"] = token, ["password"] = fresh.Password });
        await story.Post("/api/auth/reset-password", new JsonObject { ["token"] = token, ["password"] = fresh.Password }, expect: 400);
        story.Tell("That ended all sessions, and the old password.");
        await story.Get("/api/users/me", laptop, expect: 401);
        await laptop.SignIn(story, expect: 401);
        return (await fresh.SignIn(story)).Item1;
    }

    private static async Task Profile(Narrator story, Person laptop)
    {
        story.Tell("She gives herself a name and a picture.");
        var profile = await story.Put("/api/users/me", new JsonObject { ["nickname"] = "Aroha", ["region"] = "Otago", ["phone"] = "021 555 0123", ["role"] = "ADMIN" }, laptop);
        story.Check("as she said, the number as the world writes it", "Aroha, Otago, +64215550123", $"{(string?)profile.Json?["nickname"]}, {(string?)profile.Json?["region"]}, {(string?)profile.Json?["phone"]}");
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Photo.Three()[0]) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } }, "avatar", "me.png" } };
        var avatar = (string?)(await story.Ask(HttpMethod.Post, "/api/users/me/avatar", form, laptop, expect: 200)).Json?["avatarUrl"];
        story.Must("the picture has an address", avatar is not null, "an avatarUrl", "none");
        await story.Get(avatar);
    }

    private static async Task Leave(Narrator story, Person laptop)
    {
        story.Tell("And then she leaves for good. That needs the password.");
        await Close(story, laptop, "not the password", expect: 403);
        await Close(story, laptop, laptop.Password, expect: 200);
        await story.Get("/api/users/me", laptop, expect: 401);
        await laptop.SignIn(story, expect: 401);
        story.Check("no mail to her is kept", 0, (await laptop.Mails(story, "reset-password")).Count);
    }

    private static Task<Answer> Close(Narrator story, Person who, string password, int expect) =>
        story.Ask(HttpMethod.Delete, "/api/users/me", new StringContent(new JsonObject { ["password"] = password }.ToJsonString(), System.Text.Encoding.UTF8, "application/json"), who, expect);

    private static async Task<string> Sessions(Narrator story, Person who)
    {
        var sessions = (await story.Get("/api/users/me/sessions", who)).Json?["data"] as JsonArray ?? [];
        return $"{sessions.Count} {sessions.Count(s => (bool?)s?["current"] == true)}";
    }
}
