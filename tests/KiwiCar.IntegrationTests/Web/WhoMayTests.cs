using System.Net.Http.Json;
using KiwiCar.IntegrationTests.Identity;
using KiwiCar.IntegrationTests.Listings;
using KiwiCar.IntegrationTests.Messaging;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Web;

/// <summary>Who may do what: every route of the program against four kinds of people. A route that has no line here fails the tests.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class WhoMayTests(KiwiCarApp app)
{
    private delegate Task<HttpRequestMessage> Ask(Case c);

    /// <summary>The statuses a guest, a signed-in stranger, the owner of the thing and an administrator get.</summary>
    private sealed record Rule(int Guest, int Stranger, int Owner, int Admin, Ask Ask);

    /// <summary>A thing of its owner's, made anew for each question, and who asks.</summary>
    private sealed record Case(KiwiCarApp App, Member Owner, Member? Asker)
    {
        public async Task<Guid> Listing() => await App.Listing(Owner);
    }

    private static readonly byte[] Photo = Pictures.Make(".jpg");

    private static readonly Dictionary<string, Rule> Rules = new(StringComparer.Ordinal)
    {
        ["GET /health"] = Everybody(200, _ => Get("/health")),
        ["GET /health/live"] = Everybody(200, _ => Get("/health/live")),
        ["GET /health/ready"] = Everybody(200, _ => Get("/health/ready")),
        ["GET /openapi/{documentName}.json"] = Everybody(200, _ => Get("/openapi/v1.json")),
        ["DELETE /dev/limits"] = Everybody(204, _ => Send("DELETE", "/dev/limits")),
        ["GET /dev/mails"] = Everybody(200, _ => Get("/dev/mails?to=nobody")),
        ["GET /images/{name}"] = Everybody(404, _ => Get("/images/none.webp")),
        ["HEAD /images/{name}"] = Everybody(404, _ => Task.FromResult(new HttpRequestMessage(HttpMethod.Head, "/images/none.webp"))),

        ["POST /api/auth/register"] = Everybody(201, _ => Send("POST", "/api/auth/register", new { email = $"{Guid.NewGuid():N}@example.com", password = AccountClient.Password })),
        ["POST /api/auth/login"] = Everybody(200, c => Send("POST", "/api/auth/login", new { email = c.Owner.Email, password = AccountClient.Password })),
        ["POST /api/auth/refresh"] = Everybody(401, _ => Send("POST", "/api/auth/refresh", new { refreshToken = "none" })),
        ["POST /api/auth/logout"] = Everybody(200, _ => Send("POST", "/api/auth/logout", new { refreshToken = "none" })),
        ["POST /api/auth/forgot-password"] = Everybody(200, c => Send("POST", "/api/auth/forgot-password", new { email = c.Owner.Email })),
        ["POST /api/auth/reset-password"] = Everybody(400, _ => Send("POST", "/api/auth/reset-password", new { token = "none", password = AccountClient.Password })),
        ["GET /api/auth/verify-email/{token}"] = Everybody(400, _ => Get("/api/auth/verify-email/none")),
        ["POST /api/auth/resend-verification"] = SignedIn(200, _ => Send("POST", "/api/auth/resend-verification")),

        ["GET /api/users/me"] = SignedIn(200, _ => Get("/api/users/me")),
        ["PUT /api/users/me"] = SignedIn(200, _ => Send("PUT", "/api/users/me", new { nickname = "Me" })),
        ["DELETE /api/users/me"] = SignedIn(403, _ => Send("DELETE", "/api/users/me", new { password = "not the password" })),
        ["PUT /api/users/me/password"] = SignedIn(403, _ => Send("PUT", "/api/users/me/password", new { currentPassword = "not the password", newPassword = "quite another one" })),
        ["POST /api/users/me/avatar"] = SignedIn(200, _ => Task.FromResult(new HttpRequestMessage(HttpMethod.Post, "/api/users/me/avatar") { Content = Pictures.Form(Photo, "avatar", "me.jpg", "image/jpeg") })),
        ["GET /api/users/me/sessions"] = SignedIn(200, _ => Get("/api/users/me/sessions")),
        ["DELETE /api/users/me/sessions/{id:uuid}"] = new(401, 404, 200, 404, async c => await Send("DELETE", $"/api/users/me/sessions/{await Session(c)}")),

        ["GET /api/listings"] = Everybody(200, _ => Get("/api/listings")),
        ["GET /api/listings/my"] = SignedIn(200, _ => Get("/api/listings/my")),
        ["GET /api/listings/drafts"] = SignedIn(200, _ => Get("/api/listings/drafts")),
        ["POST /api/listings/drafts"] = new(401, 404, 200, 404, async c => await Send("POST", "/api/listings/drafts", new { id = await Draft(c), make = "Mazda" })),
        ["GET /api/listings/{id:uuid}"] = new(404, 404, 200, 404, async c => await Get($"/api/listings/{await Removed(c)}")),
        ["GET /api/listings/{id:uuid}/similar"] = new(404, 404, 200, 404, async c => await Get($"/api/listings/{await Removed(c)}/similar")),
        ["GET /api/filters/options"] = Everybody(200, _ => Get("/api/filters/options")),
        ["GET /api/listings/{id:uuid}/price-history"] = new(404, 404, 200, 404, async c => await Get($"/api/listings/{await Removed(c)}/price-history")),
        ["POST /api/listings"] = SignedIn(201, async c => await Send("POST", "/api/listings", KiwiCarApp.Advert(c.Asker is null ? [Guid.NewGuid()] : await c.App.Photos(c.Asker)))),
        ["PUT /api/listings/{id:uuid}"] = OwnersOnly(200, async c => await Send("PUT", $"/api/listings/{await c.Listing()}", new { price = 20_000 })),
        ["PUT /api/listings/{id:uuid}/status"] = OwnersOnly(200, async c => await Send("PUT", $"/api/listings/{await c.Listing()}/status", new { status = "SOLD" })),
        ["DELETE /api/listings/{id:uuid}"] = OwnersOnly(200, async c => await Send("DELETE", $"/api/listings/{await c.Listing()}")),
        ["POST /api/uploads/images"] = SignedIn(200, _ => Task.FromResult(new HttpRequestMessage(HttpMethod.Post, "/api/uploads/images") { Content = Pictures.Form(Photo) })),
        ["DELETE /api/uploads/images/{id:uuid}"] = new(401, 404, 200, 404, async c => await Send("DELETE", $"/api/uploads/images/{(await c.App.Photos(c.Owner, 1))[0]}")),

        ["POST /api/ai/generate-description"] = SignedIn(200, _ => Send("POST", "/api/ai/generate-description", new { make = "Mazda", model = "Demio", year = 2015, mileage = 90_000 })),
        ["GET /api/ai/price-estimate"] = SignedIn(404, _ => Get("/api/ai/price-estimate?make=None&model=None&year=2020&mileage=1")),

        ["GET /api/vehicles/{plateNumber}"] = Everybody(200, _ => Get("/api/vehicles/WHO123")),
        ["GET /api/users/me/lookup-quota"] = SignedIn(200, _ => Get("/api/users/me/lookup-quota")),

        ["GET /api/users/me/notifications"] = SignedIn(200, _ => Get("/api/users/me/notifications")),
        ["PUT /api/users/me/notifications"] = SignedIn(200, _ => Send("PUT", "/api/users/me/notifications", new { newMessages = true })),
        ["GET /api/users/unsubscribe/{token}"] = Everybody(400, _ => Get("/api/users/unsubscribe/none")),
        ["POST /api/users/unsubscribe/{token}"] = Everybody(400, _ => Send("POST", "/api/users/unsubscribe/none")),
        ["POST /webhooks/sendgrid"] = Everybody(404, _ => Send("POST", "/webhooks/sendgrid", Array.Empty<object>())), // nothing is there while no key is set

        ["GET /api/favorites"] = SignedIn(200, _ => Get("/api/favorites")),
        ["GET /api/favorites/alerts"] = SignedIn(200, _ => Get("/api/favorites/alerts")),
        ["POST /api/favorites"] = new(401, 201, 409, 201, async c => await Send("POST", "/api/favorites", new { listingId = await c.Listing() })),
        ["PUT /api/favorites/{listingId:uuid}/alert"] = new(401, 404, 200, 404, async c => await Send("PUT", $"/api/favorites/{await Favorite(c)}/alert", new { priceAlert = true })),
        ["DELETE /api/favorites/{listingId:uuid}"] = new(401, 404, 204, 404, async c => await Send("DELETE", $"/api/favorites/{await Favorite(c)}")),

        ["POST /api/messages"] = new(401, 201, 400, 201, async c => await Send("POST", "/api/messages", new { receiverId = c.Owner.Id, listingId = await c.Listing(), content = "Is it still there?" })),
        ["GET /api/messages/conversations"] = SignedIn(200, _ => Get("/api/messages/conversations")),
        ["GET /api/messages/conversations/{id:uuid}"] = new(401, 404, 200, 404, async c => await Get($"/api/messages/conversations/{await Conversation(c)}")),
        ["PUT /api/messages/conversations/{id:uuid}/read"] = new(401, 404, 200, 404, async c => await Send("PUT", $"/api/messages/conversations/{await Conversation(c)}/read")),
        ["GET /api/messages/unread-count"] = SignedIn(200, _ => Get("/api/messages/unread-count")),
        ["GET /api/messages/blocks"] = SignedIn(200, _ => Get("/api/messages/blocks")),
        ["PUT /api/messages/blocks/{userId:uuid}"] = SignedIn(204, async c => await Send("PUT", $"/api/messages/blocks/{(await c.App.SignUp()).Id}")),
        ["DELETE /api/messages/blocks/{userId:uuid}"] = SignedIn(204, c => Send("DELETE", $"/api/messages/blocks/{c.Owner.Id}")),
    };

    [Fact]
    public void Every_route_has_a_rule_and_every_rule_a_route() => Assert.Equal(Rules.Keys.Order(StringComparer.Ordinal), Routes().Order(StringComparer.Ordinal));

    [Fact]
    public async Task Everybody_gets_what_the_rules_say()
    {
        var (stranger, owner, admin) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        await using (var db = await app.Database.Open(default)) await db.Execute("UPDATE users SET role = 'ADMIN' WHERE id = @Id", new { admin.Id }, default);
        var wrong = new List<string>();
        foreach (var (route, rule) in Rules)
        {
            foreach (var (name, asker, expected) in new[] { ("a guest", null, rule.Guest), ("a stranger", stranger, rule.Stranger), ("the owner", owner, rule.Owner), ("an admin", admin, rule.Admin) })
            {
                using var request = await rule.Ask(new Case(app, owner, asker));
                var path = request.RequestUri!.OriginalString;
                var before = await State(path, owner);
                using var answer = await (asker?.Http ?? app.Http).SendAsync(request);
                if ((int)answer.StatusCode != expected) wrong.Add($"{route}: {name} gets {(int)answer.StatusCode}, not {expected}");
                if ((int)answer.StatusCode >= 400 && await State(path, owner) != before) wrong.Add($"{route}: {name} is refused, and yet something changed");
            }
        }
        Assert.Empty(wrong);
    }

    private static Rule Everybody(int status, Ask ask) => new(status, status, status, status, ask);

    private static Rule SignedIn(int status, Ask ask) => new(401, status, status, status, ask);

    // An administrator's role opens nobody else's things: there is no moderation yet.
    private static Rule OwnersOnly(int status, Ask ask) => new(401, 403, status, 403, ask);

    private static Task<HttpRequestMessage> Get(string path) => Task.FromResult(new HttpRequestMessage(HttpMethod.Get, path));

    private static Task<HttpRequestMessage> Send(string method, string path, object? body = null) =>
        Task.FromResult(new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : JsonContent.Create(body) });

    private static async Task<Guid> Removed(Case c)
    {
        var id = await c.Listing();
        (await c.Owner.Http.DeleteAsync($"/api/listings/{id}")).EnsureSuccessStatusCode();
        return id;
    }

    private static async Task<Guid> Draft(Case c) =>
        (await (await c.Owner.Http.PostAsJsonAsync("/api/listings/drafts", new { make = "Toyota" })).Json(System.Net.HttpStatusCode.Created)).GetProperty("id").GetGuid();

    private static async Task<string?> Session(Case c)
    {
        var tokens = await c.App.SignIn(c.Owner.Email, "another");
        var sessions = await (await c.App.Send(HttpMethod.Get, "/api/users/me/sessions", token: tokens.Access)).Json();
        return sessions.GetProperty("data").EnumerateArray().Single(s => s.GetProperty("current").GetBoolean()).GetProperty("id").GetString();
    }

    private static async Task<Guid> Favorite(Case c)
    {
        var id = await c.App.Listing(await c.App.SignUp());
        await (await c.Owner.Http.PostAsJsonAsync("/api/favorites", new { listingId = id })).Json(System.Net.HttpStatusCode.Created);
        return id;
    }

    // With a message that its owner has not read.
    private static async Task<Guid> Conversation(Case c) => (await (await c.App.SignUp()).Write(c.Owner.Id, await c.Listing())).ConversationId;

    // What the owner sees of the thing that a path is about.
    private static async Task<string?> State(string path, Member owner) => path.Split('/') switch
    {
        ["", "api", "listings", { Length: 36 } id, ..] => await owner.Http.GetStringAsync($"/api/listings/{id}"),
        ["", "api", "favorites", { Length: 36 }, ..] => await owner.Http.GetStringAsync("/api/favorites"),
        ["", "api", "messages", "conversations", { Length: 36 } id, ..] => await owner.Http.GetStringAsync($"/api/messages/conversations/{id}"),
        _ => null,
    };

    private IEnumerable<string> Routes() =>
        from endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["ANY"]
        select $"{method} {endpoint.RoutePattern.RawText!.TrimEnd('/')}";
}
