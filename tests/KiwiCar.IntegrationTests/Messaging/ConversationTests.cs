using System.Net;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Messaging;

/// <summary>Conversations as they are read.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class ConversationTests(KiwiCarApp app)
{
    [Fact]
    public async Task The_list_is_shaped_as_the_document_says_and_each_side_sees_the_other()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        await (await seller.Http.Put("/api/users/me", new { nickname = "Seller123" })).Json();
        var listing = await app.Listing(seller);
        var asked = await buyer.Write(seller.Id, listing, "Is this still available?");
        var answered = await seller.Write(buyer.Id, listing, "It is.");

        var (mine, theirs) = (Assert.Single(await buyer.Conversations()), Assert.Single(await seller.Conversations()));
        Assert.Equal(["id", "otherUser", "listing", "lastMessage", "unreadCount"], mine.Names());
        Assert.Equal(["id", "nickname", "avatarUrl"], mine.GetProperty("otherUser").Names());
        Assert.Equal(["id", "title", "coverImage"], mine.GetProperty("listing").Names());
        Assert.Equal(["content", "createdAt", "isFromMe"], mine.GetProperty("lastMessage").Names());
        Assert.Equal((asked.ConversationId, asked.ConversationId), (mine.Id(), theirs.Id()));
        Assert.Equal((seller.Id, "Seller123"), (mine.GetProperty("otherUser").Id(), mine.GetProperty("otherUser").GetProperty("nickname").GetString()));
        Assert.Equal((buyer.Id, "KiwiCar member"), (theirs.GetProperty("otherUser").Id(), theirs.GetProperty("otherUser").GetProperty("nickname").GetString()));
        Assert.Equal((listing, "2020 Toyota Corolla"), (mine.GetProperty("listing").Id(), mine.GetProperty("listing").GetProperty("title").GetString()));
        Assert.NotEmpty(mine.GetProperty("listing").GetProperty("coverImage").GetString()!);
        Assert.Equal(("It is.", answered.CreatedAt), (mine.GetProperty("lastMessage").GetProperty("content").GetString(), mine.GetProperty("lastMessage").GetProperty("createdAt").GetDateTimeOffset()));
        Assert.Equal((false, true), (mine.GetProperty("lastMessage").GetProperty("isFromMe").GetBoolean(), theirs.GetProperty("lastMessage").GetProperty("isFromMe").GetBoolean()));
        Assert.Equal((1, 1), (mine.GetProperty("unreadCount").GetInt32(), theirs.GetProperty("unreadCount").GetInt32()));
        Assert.EndsWith("Z", mine.GetProperty("lastMessage").GetProperty("createdAt").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conversation_shows_its_messages_the_newest_first_and_what_it_is_about()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var asked = await buyer.Write(seller.Id, listing, "Is this still available?");
        var answered = await seller.Write(buyer.Id, listing, "It is.");
        await (await seller.Read(asked.ConversationId)).Json();

        var shown = await buyer.Conversation(asked.ConversationId);
        Assert.Equal(["id", "otherUser", "listing", "listingChanges", "startedAt", "data"], shown.Names());
        Assert.Equal(["id", "title", "coverImage", "price", "status"], shown.GetProperty("listing").Names());
        Assert.Equal((25_000, "ACTIVE"), (shown.GetProperty("listing").GetProperty("price").GetInt32(), shown.GetProperty("listing").GetProperty("status").GetString()));
        Assert.Equal((seller.Id, asked.CreatedAt), (shown.GetProperty("otherUser").Id(), shown.GetProperty("startedAt").GetDateTimeOffset()));
        var messages = shown.GetProperty("data").EnumerateArray().ToList();
        Assert.Equal([answered.Id, asked.Id], messages.Select(m => m.Id()));
        Assert.Equal(["id", "senderId", "receiverId", "content", "isFromMe", "isRead", "createdAt"], messages[1].Names());
        Assert.Equal([(false, false), (true, true)], messages.Select(m => (m.GetProperty("isFromMe").GetBoolean(), m.GetProperty("isRead").GetBoolean())));
        Assert.Equal([true, false], (await seller.Conversation(asked.ConversationId)).GetProperty("data").EnumerateArray().Select(m => m.GetProperty("isFromMe").GetBoolean()));
    }

    [Fact]
    public async Task The_list_goes_on_where_the_page_before_ended()
    {
        var buyer = await app.SignUp();
        var sellers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => app.SignUp()));
        var begun = new List<Guid>();
        foreach (var seller in sellers.Concat(sellers)) begun.Add((await buyer.Write(seller.Id, await app.Listing(seller))).ConversationId);
        var mine = await app.Listing(buyer); // one is buyer here and seller there
        begun.Add((await sellers[0].Write(buyer.Id, mine)).ConversationId);
        await sellers[1].Write(buyer.Id, (await buyer.Conversations()).Single(c => c.Id() == begun[1]).GetProperty("listing").Id(), "Still here");
        Guid[] expected = [begun[1], .. begun.AsEnumerable().Reverse().Where(id => id != begun[1])];
        Assert.Equal(expected, (await buyer.Conversations()).Select(c => c.Id()));

        // Three more whose last messages are of one millisecond: a page may end between them.
        var (listing, at) = (await app.Listing(sellers[2]), DateTimeOffset.UtcNow.AddSeconds(1));
        var together = Enumerable.Range(0, 3).Select(_ => Guid.CreateVersion7()).OrderByDescending(id => $"{id}", StringComparer.Ordinal).ToArray();
        await app.Services.GetRequiredService<EventStore>().AppendMany("conversation", [.. together.Select(id => new History(id,
        [
            new(new ConversationStarted(id, listing, sellers[2].Id, buyer.Id, ListingVersion: 1), at),
            new(new MessageSent(id, Guid.CreateVersion7(), listing, sellers[2].Id, buyer.Id, "Hi", Rings: false), at),
        ]))], default);
        await app.CaughtUp();
        expected = [.. together, .. expected];
        foreach (var limit in (int[])[1, 2, 4, 10])
        {
            var (seen, cursor) = (new List<Guid>(), "");
            for (var page = 1; page <= expected.Length; page++)
            {
                var answer = await buyer.Http.GetJson($"/api/messages/conversations?limit={limit}{cursor}");
                seen.AddRange(answer.GetProperty("data").EnumerateArray().Select(c => c.Id()));
                if (!answer.TryGetProperty("nextCursor", out var next)) break;
                Assert.Equal(page * limit, seen.Count);
                cursor = $"&before={next.GetString()}";
            }
            Assert.Equal(expected, seen);
        }
    }

    [Fact]
    public async Task Older_messages_are_on_the_next_pages_whatever_is_written_meanwhile()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var id = Guid.Empty;
        for (var i = 1; i <= 7; i++) id = (await (i % 3 == 0 ? seller : buyer).Write(i % 3 == 0 ? buyer.Id : seller.Id, listing, $"{i}")).ConversationId;
        await (await seller.Read(id)).Json(); // an event that is no message stands between them
        await buyer.Write(seller.Id, listing, "8");

        var (said, cursor) = (new List<string>(), "");
        for (var page = 1; page <= 3; page++)
        {
            var answer = await buyer.Conversation(id, $"?limit=3{cursor}");
            said.AddRange(answer.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("content").GetString()!));
            if (!answer.TryGetProperty("nextCursor", out var next)) break;
            Assert.Equal(page * 3, said.Count);
            cursor = $"&before={next.GetString()}";
            await seller.Write(buyer.Id, listing, $"Meanwhile {page}");
        }
        Assert.Equal(["8", "7", "6", "5", "4", "3", "2", "1"], said);
        Assert.Equal(["Meanwhile 2", "Meanwhile 1", "8"], await buyer.Said(id, "?limit=3"));
    }

    [Theory]
    [InlineData("before=yesterday", "before"), InlineData("before=1_2", "before"), InlineData("before=-1_01939f00-0000-7000-8000-000000000001", "before")]
    [InlineData("before=99999999999999999999_01939f00-0000-7000-8000-000000000001", "before"), InlineData("limit=0", "limit"), InlineData("limit=101", "limit"), InlineData("limit=two", "limit")]
    public async Task A_page_that_cannot_be_is_refused(string query, string path) =>
        Assert.Equal([path], (await (await app.SignUp()).Http.GetAsync($"/api/messages/conversations?{query}").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());

    [Fact]
    public async Task So_is_one_of_messages()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = (await buyer.Write(seller.Id, await app.Listing(seller))).ConversationId;
        foreach (var (query, path) in ((string, string)[])[("before=0", "before"), ("before=-5", "before"), ("before=1.5", "before"), ("before=last", "before"), ("before=99999999999999999999", "before"), ("limit=0", "limit"), ("limit=101", "limit")])
            Assert.Equal([path], (await buyer.Http.GetAsync($"/api/messages/conversations/{id}?{query}").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        Assert.Empty(await buyer.Said(id, "?before=1"));
    }

    [Fact]
    public async Task Of_other_peoples_conversations_nobody_learns_that_there_are_any()
    {
        var (seller, buyer, stranger) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        var sent = await buyer.Write(seller.Id, await app.Listing(seller));
        var none = await stranger.Http.GetAsync($"/api/messages/conversations/{Guid.NewGuid()}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        var others = await stranger.Http.GetAsync($"/api/messages/conversations/{sent.ConversationId}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.Equal(none.GetProperty("message").GetString(), others.GetProperty("message").GetString());
        await stranger.Read(sent.ConversationId).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await stranger.Read(sent.ConversationId, sent.Id).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await stranger.Http.GetAsync("/api/messages/conversations/1").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await app.Http.GetAsync("/api/messages/conversations").Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        Assert.Equal(1, await seller.Unread());
    }

    [Fact]
    public async Task What_the_advert_says_since_the_buyer_first_wrote_is_told_with_what_it_said_then()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        await (await seller.Http.Put($"/api/listings/{listing}", new { price = 24_000 })).Json(); // the buyer has read this price
        var id = (await buyer.Write(seller.Id, listing)).ConversationId;
        Assert.Empty(await Changes(buyer, id));

        const string before = "Well kept family car, serviced on time, drives as it should and smells of nothing.", after = "Well kept family car, serviced on time, drives as it should. New tyres.";
        await (await seller.Http.Put($"/api/listings/{listing}", new { price = 23_000, description = after })).Json();
        await buyer.Write(seller.Id, listing, "Oh, new tyres?"); // it is the first message that counts
        await (await seller.Http.Put($"/api/listings/{listing}", new { price = 22_500.5m })).Json();
        string[] expected = ["price: 24000 -> 22500.5", $"description: \"{before}\" -> \"{after}\""];
        Assert.Equal(expected, await Changes(buyer, id));
        Assert.Equal(expected, await Changes(seller, id));

        await (await seller.Http.Put($"/api/listings/{listing}", new { price = 24_000, description = before })).Json();
        Assert.Empty(await Changes(buyer, id)); // it says again what it said
        await (await seller.Http.DeleteAsync($"/api/listings/{listing}")).Json();
        Assert.Equal(["status: \"ACTIVE\" -> \"REMOVED\""], await Changes(buyer, id));
        Assert.Equal(JsonValueKind.Null, (await buyer.Conversation(id)).GetProperty("listing").GetProperty("coverImage").ValueKind); // its page is down, and the picture with it
    }

    private static async Task<List<string>> Changes(Member member, Guid conversation) =>
        [.. (await member.Conversation(conversation)).GetProperty("listingChanges").EnumerateArray().Select(c => $"{c.GetProperty("field").GetString()}: {c.GetProperty("from").GetRawText()} -> {c.GetProperty("to").GetRawText()}")];
}
