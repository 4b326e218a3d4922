using System.Net;
using System.Net.Http.Json;
using System.Text;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.IntegrationTests.Listings;
using KiwiCar.IntegrationTests.Messaging;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace KiwiCar.IntegrationTests.Identity;

[Collection(nameof(KiwiCarCollection))]
public sealed class CloseAccountTests(KiwiCarApp app)
{
    [Fact]
    public async Task After_it_nothing_of_the_person_is_found_anywhere()
    {
        var nickname = $"Hinemoa{Guid.NewGuid():N}";
        var text = $"Only driven to church by {Guid.NewGuid():N}, regularly serviced and never raced.";
        var vin = $"JT{Random.Shared.NextInt64(10_000_000_000_000, 99_999_999_999_999)}A";
        var words = $"I sell since {Guid.NewGuid():N} was born";
        var phone = $"+6421{Random.Shared.Next(10_000_000, 99_999_999)}";
        var member = await app.SignUp();
        await (await member.Http.PutAsJsonAsync("/api/users/me", new { nickname, phone, showPhone = true })).Json();
        var avatar = (await (await member.Http.PostAsync("/api/users/me/avatar", Pictures.Form(Pictures.Make(".jpg"), "avatar", "me.jpg", "image/jpeg"))).Json()).GetProperty("avatarUrl").GetString()!;
        var photos = await Uploaded(member, 3);
        var active = await app.Listing(member, advert => (advert["description"], advert["vin"], advert["images"]) = (text, vin, photos));
        var sold = await app.Listing(member, advert => advert["description"] = text + " And sold.");
        await (await member.Http.PutAsJsonAsync($"/api/listings/{sold}/status", new { status = "SOLD" })).Json();
        await (await member.Http.PutAsJsonAsync($"/api/listings/{active}", new { description = text + " Now with tow bar.", price = 24_000 })).Json();
        await (await member.Http.PostAsJsonAsync("/api/favorites", new { listingId = await app.Listing(await app.SignUp()), priceAlert = true })).Json(HttpStatusCode.Created);
        var buyer = await app.SignUp();
        await (await buyer.Http.PutAsJsonAsync("/api/users/me/notifications", new { newMessages = false })).Json(); // a mail that names the sender is in the receiver's letter box
        await buyer.Write(member.Id, active);
        await member.Write(buyer.Id, active, words);
        await app.SignIn(member.Email, "another device");
        await app.MailTo(member.Email, "new-sign-in");
        await (await app.Send(HttpMethod.Post, "/api/auth/forgot-password", new { email = member.Email })).Json();
        await app.MailTo(member.Email, "reset-password");
        var traces = new[] { member.Email, nickname, text, words, vin, phone };
        Assert.All(traces[..2], trace => Assert.Contains(trace, Everything().Result, StringComparison.Ordinal)); // the search finds what is there
        Assert.True(await app.Exists(avatar));

        using var answer = await member.Http.SendAsync(new HttpRequestMessage(HttpMethod.Delete, "/api/users/me") { Content = JsonContent.Create(new { password = AccountClient.Password }) });
        await answer.Json();
        await Settled(active, sold);
        await app.CaughtUp();

        var everything = await Everything();
        Assert.All(traces, trace => Assert.DoesNotContain(trace, everything, StringComparison.OrdinalIgnoreCase));
        Assert.False(await app.Exists(avatar));
        foreach (var photo in photos) Assert.Equal(HttpStatusCode.NotFound, (await app.Http.GetAsync($"/images/{photo}.webp")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await member.Http.GetAsync("/api/users/me")).StatusCode);
        foreach (var listing in new[] { active, sold }) await app.Http.GetAsync($"/api/listings/{listing}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");

        // The prices stay, and a rebuild from the first event on makes the same tables.
        await using var db = await app.Database.Open(default);
        Assert.Equal([25_000m, 24_000m], await db.Query<decimal>("SELECT price FROM price_history WHERE listingId = @active ORDER BY changedAt", new { active }, default));
        var before = await Rows(db, active, sold);
        await app.Rebuild("listings");
        Assert.Equal(before, await Rows(db, active, sold));
    }

    [Fact]
    public async Task It_asks_for_the_password()
    {
        var member = await app.SignUp();
        await Close(member, "wrong password").Refused(HttpStatusCode.Forbidden, "INVALID_CREDENTIALS");
        await member.Http.SendAsync(new HttpRequestMessage(HttpMethod.Delete, "/api/users/me") { Content = JsonContent.Create(new { }) }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        await member.Http.GetJson("/api/users/me");
    }

    [Fact]
    public async Task The_address_is_free_again_at_once_and_opens_a_new_account()
    {
        var member = await app.SignUp();
        await (await Close(member)).Json();
        await app.Send(HttpMethod.Post, "/api/auth/login", new { email = member.Email, password = AccountClient.Password }).Refused(HttpStatusCode.Unauthorized, "INVALID_CREDENTIALS");
        var again = await (await app.Send(HttpMethod.Post, "/api/auth/register", new { email = member.Email, password = AccountClient.Password })).Json(HttpStatusCode.Created);
        Assert.NotEqual(member.Id, again.GetProperty("userId").GetGuid());
    }

    [Fact]
    public async Task Closing_twice_at_once_closes_once()
    {
        var member = await app.SignUp();
        var answers = await Task.WhenAll(Close(member), Close(member), Close(member));
        Assert.Contains(answers, a => a.IsSuccessStatusCode);
        Assert.All(answers, a => Assert.Contains(a.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.Unauthorized }));
        var log = new List<Recorded>();
        await foreach (var e in app.Services.GetRequiredService<EventStore>().ReadStream(member.Id, default)) log.Add(e);
        Assert.Single(log);
    }

    [Fact]
    public async Task No_advert_comes_after_it()
    {
        var member = await app.SignUp();
        var photos = await app.Photos(member, 30);
        var (adverts, closed) = (Enumerable.Range(0, 10).Select(i => member.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert(photos[(3 * i)..(3 * i + 3)]))).ToList(), Close(member));
        foreach (var advert in await Task.WhenAll(adverts)) Assert.Contains(advert.StatusCode, new[] { HttpStatusCode.Created, HttpStatusCode.Unauthorized, HttpStatusCode.BadRequest });
        await (await closed).Json();
        await using var db = await app.Database.Open(default);
        var open = 1L;
        for (var i = 0; i < 50 && open > 0; i++)
        {
            await Task.Delay(100);
            open = await db.Single<long>("SELECT COUNT(*) FROM listings WHERE userId = @Id AND (status <> 'REMOVED' OR description <> '')", new { member.Id }, default);
        }
        Assert.Equal(0, open);
    }

    private static Task<HttpResponseMessage> Close(Member member, string password = AccountClient.Password) =>
        member.Http.SendAsync(new HttpRequestMessage(HttpMethod.Delete, "/api/users/me") { Content = JsonContent.Create(new { password }) });

    private static async Task<Guid[]> Uploaded(Member member, int count) =>
        [.. (await (await member.Http.PostAsync("/api/uploads/images", Pictures.Form(Enumerable.Repeat(Pictures.Make(".jpg"), count)))).Json())
            .GetProperty("images").EnumerateArray().Select(i => i.GetProperty("id").GetGuid())];

    // The adverts follow a moment later than the answer.
    private async Task Settled(params Guid[] listings)
    {
        await using var db = await app.Database.Open(default);
        for (var i = 0; i < 100; i++)
        {
            if (await db.Single<long>("SELECT COUNT(*) FROM listings WHERE id IN @listings AND description = ''", new { listings }, default) == listings.Length
                && await db.Single<long>("SELECT COUNT(*) FROM uploads u JOIN listings l ON l.userId = u.userId WHERE l.id = @id", new { id = listings[0] }, default) == 0) return;
            await Task.Delay(100);
        }
    }

    private static async Task<string> Rows(Database.Lease db, params Guid[] listings)
    {
        var rows = new StringBuilder();
        foreach (var sql in new[] { "SELECT * FROM listings WHERE id IN @listings ORDER BY id", "SELECT * FROM listing_images WHERE listingId IN @listings ORDER BY id", "SELECT * FROM price_history WHERE listingId IN @listings ORDER BY id" })
            foreach (var row in await db.Query<dynamic>(sql, new { listings }, default)) rows.AppendJoin('|', ((IDictionary<string, object?>)row).Values).AppendLine();
        return rows.ToString();
    }

    // Both databases, Redis, and every file of the data folder: logs, mails, pictures.
    private async Task<string> Everything()
    {
        var all = new StringBuilder();
        await using (var db = await app.Database.Open(default))
        {
            foreach (var table in await db.Query<string>("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()", null, default))
                foreach (var row in await db.Query<dynamic>($"SELECT * FROM `{table}`", null, default)) all.AppendJoin('\n', ((IDictionary<string, object?>)row).Values).AppendLine();
        }
        var log = app.Services.GetRequiredService<EventConnections>().Reads;
        await using (var tables = log.CreateCommand("SELECT query_to_xml(format('SELECT * FROM %I.%I', schemaname, tablename), true, false, '')::text FROM pg_tables WHERE schemaname = 'events'"))
        await using (var reader = await tables.ExecuteReaderAsync())
            while (await reader.ReadAsync()) all.AppendLine(reader.GetString(0));
        var address = new Uri(Servers.RedisUrl);
        using var redis = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { { address.Host, address.Port } }, Password = address.UserInfo.Split(':')[^1] });
        foreach (var key in redis.GetServer(redis.GetEndPoints()[0]).Keys()) all.AppendLine(key).AppendLine(Encoding.Latin1.GetString(redis.GetDatabase().KeyDump(key) ?? []));
        foreach (var file in Directory.EnumerateFiles(app.Folder, "*", SearchOption.AllDirectories))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            all.AppendLine(file).AppendLine(await reader.ReadToEndAsync());
        }
        return all.ToString();
    }
}
