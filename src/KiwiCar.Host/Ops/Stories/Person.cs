using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace KiwiCar.Host.Ops.Stories;

/// <summary>Somebody in a story, with an account of their own.</summary>
internal sealed record Person(string Name, string Email, string Password, string Id, string? AccessToken, string? RefreshToken = null)
{
    private static readonly TimeSpan MailPatience = TimeSpan.FromSeconds(5), LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Registers, reads the mail, opens its link, signs in.</summary>
    public static async Task<Person> Join(Narrator story, string name, string purpose)
    {
        var person = new Person(name, $"{name.ToLowerInvariant()}-{RandomNumberGenerator.GetHexString(10, lowercase: true)}@example.invalid", "Kereru-" + RandomNumberGenerator.GetHexString(12), "", null);
        story.Tell($"{name} opens an account, to {purpose}.");
        var registered = await story.Post("/api/auth/register", new JsonObject { ["email"] = person.Email, ["password"] = person.Password }, expect: 201);
        person = person with { Id = (string?)registered.Json?["userId"] ?? "" };
        story.Check("the answer names the account", Guid.TryParse(person.Id, out _), "a UUID", person.Id);

        var (mail, waited) = await person.Mail(story, "verify-email");
        var link = (string?)mail?["data"]?["verifyUrl"];
        story.Must("a mail with a link comes" + (link is null ? "" : $", after {waited.TotalMilliseconds:0} ms"), link is not null, "a mail verify-email with data.verifyUrl", mail?.ToJsonString() ?? "none in 5 s");
        story.Show($"“{(string?)mail?["subject"]}”");
        await story.Get($"/api/auth/verify-email/{new Uri(link!).Segments[^1]}"); // as the page does that the link leads to

        var (signedIn, login) = await person.SignIn(story);
        story.Check("the account is verified now", true, login.Json?["user"]?["isVerified"]);
        story.Check("it is the same account", person.Id, login.Json?["user"]?["id"]);
        return signedIn;
    }

    /// <summary>Signs in once more.</summary>
    public async Task<(Person, Answer)> SignIn(Narrator story, int expect = 200)
    {
        var login = await story.Post("/api/auth/login", new JsonObject { ["email"] = Email, ["password"] = Password }, expect: expect);
        return (this with { AccessToken = (string?)login.Json?["accessToken"], RefreshToken = (string?)login.Json?["refreshToken"] }, login);
    }

    /// <summary>Waits for a mail to this person; null where none came in time.</summary>
    public async Task<(JsonNode? Mail, TimeSpan Waited)> Mail(Narrator story, string template)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < MailPatience)
        {
            if (await Mails(story, template) is [var mail, ..]) return (mail, TimeProvider.System.GetElapsedTime(start));
            await story.Pause(LookEvery);
        }
        return (null, MailPatience);
    }

    /// <summary>The mails of one kind that have reached this person, newest first.</summary>
    public async Task<IReadOnlyList<JsonNode>> Mails(Narrator story, string template)
    {
        var (answer, _) = await story.Send(HttpMethod.Get, $"/dev/mails?to={Uri.EscapeDataString(Email)}");
        var mails = answer.Json as JsonArray;
        if (mails is null)
            story.Must("mails can be read at /dev/mails, which only an API in Development has (NODE_ENV=development)", holds: false, "200 and a list", $"{answer.Status} {answer.Json?.ToJsonString()}");
        return [.. mails.OfType<JsonNode>().Where(m => (string?)m["template"] == template)];
    }
}
