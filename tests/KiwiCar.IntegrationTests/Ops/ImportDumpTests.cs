using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Host;
using KiwiCar.IntegrationTests.Messaging;
using KiwiCar.Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Ops;

/// <summary><c>kiwicar import --prisma</c>, beside the running host.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class ImportDumpTests(KiwiCarApp app)
{
    // Views are in a table of their own, and the prices that the old stack had asked for are reckoned anew: the dump here has none.
    private static readonly Dictionary<string, string> Columns = new()
    {
        ["users"] = "id, email, phone, passwordHash, nickname, avatarUrl, region, showPhone, isVerified, createdAt, updatedAt",
        ["listings"] = "id, userId, plateNumber, make, model, year, mileage, price, description, aiDescription, aiPriceMin, aiPriceMax, aiPriceRecommended, status, region, fuelType, transmission, bodyType, color, vin, views, createdAt, updatedAt",
        ["listing_images"] = "id, listingId, imageUrl, `order`, createdAt",
        ["price_history"] = "id, listingId, price, changedAt", // their ids, too: a price's event takes the id of its row
        ["favorites"] = "id, userId, listingId, priceAlert, targetPrice, createdAt",
        ["messages"] = "id, senderId, receiverId, listingId, content, isRead, createdAt",
    };

    [Fact]
    public async Task The_tables_equal_the_dump_and_a_second_run_changes_nothing()
    {
        using var dump = NodeDump.Of(users: 12, listings: 90).Save();
        await File.WriteAllTextAsync(Path.Combine(dump.Folder, "audits.csv"), "id\n1\n");
        var mails = await Mails();
        for (var run = 1; run <= 2; run++)
        {
            var (exit, output, error) = await Import(dump);
            Assert.True(exit == 0, output + error);
            await app.CaughtUp();
            foreach (var table in Columns.Keys) Assert.Equal(dump.Tables[table].Select(Line).Order(StringComparer.Ordinal), await Rows(table, dump));
            Assert.Equal(dump.Events, await Events(dump));
            Assert.Matches(run == 1 ? @"listings +90 +0 +0" : @"listings +0 +90 +0", output);
            Assert.Matches(run == 1 ? $@"messages +{dump.Tables["messages"].Count} +0 +0" : $@"messages +0 +{dump.Tables["messages"].Count} +0", output);
            Assert.Matches(@"audits +0 +0 +0\n +noted +1 +not taken yet: no part of this program takes that table", output);
        }
        Assert.Equal(mails, await Mails()); // nobody hears of prices that fell, or of messages that came, before they came
    }

    [Fact]
    public async Task People_sign_in_as_before_and_listings_show_their_pictures_where_they_lie()
    {
        using var dump = NodeDump.Of(users: 3, listings: 8).Save();
        Assert.Equal(0, (await Import(dump)).ExitCode);
        using var http = await SignIn(dump, 1);

        var listing = dump.Tables["listings"][1];
        var before = await http.GetJson($"/api/listings/{listing[0]}");
        var photos = dump.Tables["listing_images"].Where(i => Equals(i[1], listing[0])).ToList();
        Assert.Equal(photos.Select(i => i[2]), Images(before));
        Assert.Equal(2, (await http.GetJson($"/api/listings/{listing[0]}/price-history")).GetProperty("data").GetArrayLength());
        var card = (await http.GetJson("/api/listings?q=Demio&sort=newest&limit=100")).GetProperty("data").EnumerateArray().Single(c => c.GetProperty("id").GetGuid() == (Guid)listing[0]!);
        Assert.Equal(photos[0][2], card.GetProperty("coverImage").GetString());

        // Two of its photos in another order, and one uploaded here.
        var seller = new Member((Guid)listing[1]!, "", http);
        var upload = (await app.Photos(seller, 1))[0];
        await (await http.Put($"/api/listings/{listing[0]}", new { images = new[] { (Guid)photos[1][0]!, upload, (Guid)photos[0][0]! } })).Json();
        var after = Images(await http.GetJson($"/api/listings/{listing[0]}")).ToList();
        Assert.Equal([photos[1][2], photos[0][2]], [after[0], after[2]]);
        Assert.EndsWith($"/images/{upload}.webp", after[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conversations_are_there_with_their_messages_in_order_and_what_was_unread_still_is()
    {
        using var dump = NodeDump.Of(users: 4, listings: 30).Save();
        Assert.Equal(0, (await Import(dump)).ExitCode);
        await app.CaughtUp();
        var me = dump.User(1);
        using var http = await SignIn(dump, 1);
        var sellers = dump.Tables["listings"].ToDictionary(l => (Guid)l[0]!, l => (Guid)l[1]!);
        var mine = (from m in dump.Tables["messages"]
                    let letter = (Id: (Guid)m[0]!, From: (Guid)m[1]!, To: (Guid)m[2]!, Content: (string)m[4]!, IsRead: (bool)m[5]!, At: (DateTimeOffset)m[6]!)
                    where letter.From == me || letter.To == me
                    let listing = (Guid)m[3]!
                    orderby letter.At // of one millisecond as they stand in the file
                    group letter by Conversation.IdOf(listing, letter.From == sellers[listing] ? letter.To : letter.From) into talk
                    orderby talk.Last().At descending, $"{talk.Key}" descending
                    select (Id: talk.Key, Messages: talk.ToList())).ToList();
        Assert.True(mine.Count > 5 && mine.Exists(t => t.Messages.Exists(m => m.To == me && !m.IsRead)), "or nothing is compared");

        var list = (await http.GetJson("/api/messages/conversations")).GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(mine.Select(t => (t.Id, t.Messages[^1].Content, t.Messages.Count(m => m.To == me && !m.IsRead))),
            list.Select(c => (c.Id(), c.GetProperty("lastMessage").GetProperty("content").GetString()!, c.GetProperty("unreadCount").GetInt32())));
        Assert.Equal(mine.Sum(t => t.Messages.Count(m => m.To == me && !m.IsRead)), (await http.GetJson("/api/messages/unread-count")).GetProperty("count").GetInt32());
        foreach (var (id, messages) in mine)
        {
            var shown = await http.GetJson($"/api/messages/conversations/{id}");
            Assert.Equal(messages.AsEnumerable().Reverse().Select(m => (m.Id, m.Content, m.IsRead, m.At)), shown.GetProperty("data").EnumerateArray().Select(m =>
                (m.Id(), m.GetProperty("content").GetString()!, m.GetProperty("isRead").GetBoolean(), m.GetProperty("createdAt").GetDateTimeOffset())));
            Assert.Equal(messages[0].At, shown.GetProperty("startedAt").GetDateTimeOffset());
            Assert.Empty(shown.GetProperty("listingChanges").EnumerateArray()); // which version the buyer had read nobody knows
        }

        // They go on, and what was unread can be read.
        var (first, last) = (mine[0].Id, mine[0].Messages[^1]);
        var listingOfFirst = (Guid)dump.Tables["messages"].Single(m => Equals(m[0], last.Id))[3]!;
        Assert.Equal(0, (await (await http.PutAsync($"/api/messages/conversations/{first}/read", null)).Json()).GetProperty("unreadCount").GetInt32());
        var member = new Member(me, "", http);
        Assert.Equal(first, (await member.Write(last.From == me ? last.To : last.From, listingOfFirst, "Here we are")).ConversationId);
        Assert.Equal(first, (await member.Conversations())[0].Id());
        await app.RebuildChangesNoMessage();
    }

    [Fact]
    public async Task What_does_not_fit_is_counted_by_reason_and_written_to_a_file()
    {
        using var dump = NodeDump.Of(users: 6, listings: 10);
        dump.Tables["users"][4][1] = dump.Tables["users"][5][1]; // one address, two people
        dump.Tables["users"][3][3] = "$argon2id$v=19$m=65536";
        dump.Tables["users"][3][2] = "call me";
        dump.Tables["listings"][0][13] = "SCRAPPED";
        dump.Tables["listings"][1][5] = 1850;
        dump.Tables["listings"][2][7] = 12_345m; // not the last price of its history
        dump.Tables["listings"][3][1] = Guid.NewGuid(); // nobody
        dump.Tables["listing_images"][^1][2] = "javascript:alert(1)";
        dump.Tables["favorites"].Add([Guid.NewGuid(), Guid.NewGuid(), dump.Listing(2), true, null, DateTimeOffset.UtcNow]);
        var (sender, receiver, about) = (dump.User(0), dump.User(2), dump.Listing(6)); // who is the seller of that one
        dump.Tables["messages"].Clear();
        foreach (var row in (object?[][])
        [
            ["7", sender, receiver, about, "Hi", true, DateTimeOffset.UtcNow], [Guid.NewGuid(), Guid.NewGuid(), sender, about, "Hi", true, DateTimeOffset.UtcNow],
            [Guid.NewGuid(), sender, Guid.NewGuid(), about, "Hi", true, DateTimeOffset.UtcNow], [Guid.NewGuid(), sender, receiver, Guid.NewGuid(), "Hi", true, DateTimeOffset.UtcNow],
            [Guid.NewGuid(), receiver, dump.User(1), about, "Hi", true, DateTimeOffset.UtcNow], [Guid.NewGuid(), sender, sender, about, "Hi", true, DateTimeOffset.UtcNow],
            [Guid.NewGuid(), sender, receiver, about, "Hi", "2", DateTimeOffset.UtcNow], [Guid.NewGuid(), sender, receiver, about, "Hi", true, "yesterday"],
            [Guid.NewGuid(), sender, receiver, about, "", true, DateTimeOffset.UtcNow], [Guid.NewGuid(), sender, receiver, about, new string('x', 20_001), true, DateTimeOffset.UtcNow],
            [Guid.NewGuid(), receiver, sender, about, "This one fits", true, DateTimeOffset.UtcNow],
        ]) dump.Tables["messages"].Add(row);
        dump.Save();
        var (exit, output, error) = await Import(dump);
        Assert.True(exit == 0, output + error);
        foreach (var line in (string[])["email belongs to another account", "phone breaks the rules of the profile", "passwordHash is no bcrypt", "status invalid", "year too_small",
            "the price is not the last of its history", "userId is nobody who was taken over", "imageUrl is neither a web address nor a key", "userId is nobody who is here"])
            Assert.Contains(line, output, StringComparison.Ordinal);
        Assert.Matches(@"messages +1 +0 +10\n", output);
        foreach (var line in (string[])["1  id is no UUID", "1  senderId is nobody who is here", "1  receiverId is nobody who is here", "1  listingId is no listing that is here",
            "2  neither of the two is the listing's seller", "1  isRead is neither 0 nor 1", "1  createdAt is no time", "2  content has not 1 to 20000 characters"])
            Assert.Contains(line, output[output.IndexOf("\nmessages", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Contains($"neither of the two is the listing's seller,{dump.Tables["messages"][5][0]},", await File.ReadAllTextAsync(Path.Combine(app.Folder, "import", "messages.rejected.csv")), StringComparison.Ordinal);
        var rejected = await File.ReadAllLinesAsync(Path.Combine(app.Folder, "import", "listings.rejected.csv"));
        Assert.StartsWith("reason,id,userId,plateNumber", rejected[0], StringComparison.Ordinal);
        Assert.Contains(rejected, r => r.StartsWith($"year too_small,{dump.Listing(1)},", StringComparison.Ordinal));
        Assert.Contains(rejected, r => r.Contains($"{dump.Listing(0)}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stopped_by_Ctrl_C_it_goes_on_from_there()
    {
        using var dump = NodeDump.Of(users: 10, listings: 4_000).Save();
        var start = new ProcessStartInfo("dotnet", [typeof(Server).Assembly.Location, "import", "--prisma", dump.Folder]) { RedirectStandardOutput = true };
        foreach (var (name, value) in app.Settings) start.Environment[name] = value;
        using (var import = Process.Start(start)!)
        {
            var output = import.StandardOutput.ReadToEndAsync();
            while (await Events(dump) < 500 && !import.HasExited) await Task.Delay(10);
            using (var interrupt = Process.Start("kill", ["-INT", $"{import.Id}"])) await interrupt.WaitForExitAsync();
            await import.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(import.ExitCode == 130, await output);
            Assert.Contains("the same command goes on from here", await output, StringComparison.Ordinal);
        }
        Assert.InRange(await Events(dump), 500, 9_999);
        var (exit, rest, _) = await Import(dump);
        Assert.True(exit == 0, rest);
        await app.CaughtUp();
        foreach (var table in Columns.Keys) Assert.Equal(dump.Tables[table].Select(Line).Order(StringComparer.Ordinal), await Rows(table, dump));
        Assert.Equal(dump.Events, await Events(dump));
    }

    [Fact]
    public async Task What_it_cannot_begin_with_is_said_in_a_sentence()
    {
        var empty = Directory.CreateTempSubdirectory().FullName;
        Assert.Contains("has no users.csv", (await HostProcess.Run(app.Settings, "import", "--prisma", empty)).Error, StringComparison.Ordinal);
        Assert.Contains("Name either a FILE or --prisma DIR", (await HostProcess.Run(app.Settings, "import")).Error, StringComparison.Ordinal);
        Directory.Delete(empty);
    }

    private Task<(int ExitCode, string Output, string Error)> Import(NodeDump dump) => HostProcess.Run(app.Settings, "import", "--prisma", dump.Folder);

    private async Task<HttpClient> SignIn(NodeDump dump, int user)
    {
        var login = await app.Http.PostAsJsonAsync("/api/auth/login", new { email = (string)dump.Tables["users"][user][1]!, password = NodeDump.Password });
        var http = new HttpClient { BaseAddress = app.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await login.Json()).GetProperty("accessToken").GetString());
        return http;
    }

    private static IEnumerable<string?> Images(JsonElement listing) => listing.GetProperty("images").EnumerateArray().Select(i => i.GetProperty("url").GetString());

    private static string Line(object?[] row) => string.Join(',', row.Select(NodeDump.Field));

    /// <summary>The dump's rows as the table has them now, in the dump's own form.</summary>
    private async Task<IEnumerable<string>> Rows(string table, NodeDump dump)
    {
        await using var db = await app.Database.Open(default);
        var columns = Columns[table].Replace("views", "COALESCE((SELECT v.views FROM listing_views v WHERE v.listingId = listings.id), 0) AS views", StringComparison.Ordinal);
        var rows = await db.Connection.QueryAsync($"SELECT {columns} FROM {table} WHERE id IN @ids", new { ids = dump.Tables[table].Select(r => (Guid)r[0]!) });
        return rows.Select(r => Line([.. ((IDictionary<string, object?>)r).Values.Select(v => v is DateTime at ? new DateTimeOffset(at, TimeSpan.Zero) : v)])).Order(StringComparer.Ordinal).ToList();
    }

    private async Task<long> Mails()
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<long>("SELECT COUNT(*) FROM outbox", null, default);
    }

    private async Task<long> Events(NodeDump dump)
    {
        await using var count = app.Services.GetRequiredService<EventConnections>().Reads.CreateCommand("SELECT count(*) FROM events.mt_events WHERE stream_id = ANY ($1)");
        count.Parameters.AddWithValue(dump.Tables["listings"].Select(l => (Guid)l[0]!).ToArray());
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
