using System.Net;
using System.Net.Http.Json;

namespace KiwiCar.IntegrationTests.Messaging;

/// <summary>Who may write to whom, about what, and in which words.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class SendMessageTests(KiwiCarApp app)
{
    [Fact]
    public async Task A_message_is_answered_with_what_was_sent_and_where_it_is_read()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var answer = await buyer.Send(seller.Id, listing, "  Kia ora! Would you take $22,000? 🚗\n");
        var sent = await answer.Json(HttpStatusCode.Created);
        Assert.Equal(["id", "conversationId", "senderId", "receiverId", "listingId", "content", "isRead", "createdAt"], sent.Names());
        Assert.Equal((buyer.Id, seller.Id, listing), (sent.GetProperty("senderId").GetGuid(), sent.GetProperty("receiverId").GetGuid(), sent.GetProperty("listingId").GetGuid()));
        Assert.Equal(("Kia ora! Would you take $22,000? 🚗", false), (sent.GetProperty("content").GetString(), sent.GetProperty("isRead").GetBoolean()));
        Assert.Equal($"/api/messages/conversations/{sent.GetProperty("conversationId").GetGuid()}", answer.Headers.Location?.OriginalString);

        var read = Assert.Single((await buyer.Http.GetJson(answer.Headers.Location!.OriginalString)).GetProperty("data").EnumerateArray());
        foreach (var field in (string[])["id", "senderId", "receiverId", "content", "isRead", "createdAt"]) Assert.Equal(sent.GetProperty(field).GetRawText(), read.GetProperty(field).GetRawText());
    }

    [Fact]
    public async Task Buyer_and_seller_write_into_one_conversation()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var (listing, another) = (await app.Listing(seller), await app.Listing(seller));
        var asked = await buyer.Write(seller.Id, listing);
        Assert.Equal(asked.ConversationId, (await seller.Write(buyer.Id, listing, "It is.")).ConversationId);
        Assert.NotEqual(asked.ConversationId, (await buyer.Write(seller.Id, another)).ConversationId);
    }

    [Fact]
    public async Task Nobody_writes_to_themselves_to_nobody_or_to_strangers()
    {
        var (seller, buyer, stranger) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        Assert.Equal(["receiverId"], (await seller.Send(seller.Id, listing).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        Assert.Equal(["receiverId"], (await buyer.Send(buyer.Id, listing).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        await buyer.Send(Guid.NewGuid(), listing).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await buyer.Send(stranger.Id, listing).Refused(HttpStatusCode.Forbidden, "RECEIVER_NOT_SELLER");
        await seller.Send(buyer.Id, listing).Refused(HttpStatusCode.Forbidden, "RECEIVER_HAS_NOT_WRITTEN");
        await buyer.Write(seller.Id, listing);
        await seller.Write(buyer.Id, listing);
        await seller.Send(buyer.Id, await app.Listing(seller)).Refused(HttpStatusCode.Forbidden, "RECEIVER_HAS_NOT_WRITTEN"); // about that one the buyer has not
        Assert.Empty(await stranger.Conversations());
        Assert.Single(await buyer.Conversations());
    }

    [Fact]
    public async Task About_an_advert_that_is_not_public_nobody_begins_to_write()
    {
        var (seller, buyer, known) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var draft = (await (await seller.Http.PostAsJsonAsync("/api/listings/drafts", new { make = "Toyota" })).Json(HttpStatusCode.Created)).Id();
        await buyer.Send(seller.Id, draft).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await buyer.Send(seller.Id, Guid.NewGuid()).Refused(HttpStatusCode.NotFound, "NOT_FOUND");

        await known.Write(seller.Id, listing);
        await (await seller.Http.Put($"/api/listings/{listing}/status", new { status = "SOLD" })).Json();
        await buyer.Write(seller.Id, listing, "Did it sell for that much?");
        await (await seller.Http.Put($"/api/listings/{listing}/status", new { status = "ACTIVE" })).Json();
        await (await seller.Http.DeleteAsync($"/api/listings/{listing}")).Json();
        await (await app.SignUp()).Send(seller.Id, listing).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await known.Write(seller.Id, listing, "A pity."); // who had begun goes on
        await seller.Write(known.Id, listing, "Sorry!");
    }

    [Fact]
    public async Task Who_has_not_verified_an_address_writes_nothing()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp(verified: false));
        await buyer.Send(seller.Id, await app.Listing(seller)).Refused(HttpStatusCode.Forbidden, "EMAIL_NOT_VERIFIED");
        Assert.Equal(0, await seller.Unread());
    }

    [Fact]
    public async Task A_message_has_1_to_2000_characters_and_says_something()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        foreach (var content in (string[])["", " ", "\n\t \u00a0", new('x', 2_001), "NUL \0 in it"])
            Assert.Equal(["content"], (await buyer.Send(seller.Id, listing, content).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        Assert.Equal(["receiverId", "listingId", "content"], (await buyer.Http.PostAsync("/api/messages", Http.Raw("""{"receiverId":"x","content":["Hi"]}""")).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        Assert.Empty(await buyer.Conversations());

        var longest = string.Concat(Enumerable.Repeat("kōrero 🚗 ", 200)); // 2,000 as JavaScript counts; the last is a space
        foreach (var content in (string[])["x", longest]) await buyer.Write(seller.Id, listing, content);
        Assert.Equal([longest.Trim(), "x"], await seller.Said((await seller.Conversations())[0].Id()));
    }

    [Fact]
    public async Task The_same_message_under_a_key_is_sent_once_and_answered_again()
    {
        var (seller, buyer, other) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        using var first = await buyer.Send(seller.Id, listing, "Once", "key-1");
        using var again = await buyer.Send(seller.Id, listing, "Once", "key-1");
        var body = await first.Json(HttpStatusCode.Created);
        Assert.Equal(body.GetRawText(), (await again.Json(HttpStatusCode.Created)).GetRawText());
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        await buyer.Send(seller.Id, listing, "Twice", "key-1").Refused(HttpStatusCode.UnprocessableEntity, "IDEMPOTENCY_KEY_REUSED");
        await buyer.Send(seller.Id, listing, "Once", "not a key").Refused(HttpStatusCode.BadRequest, "BAD_REQUEST");
        Assert.Equal(["Once"], await seller.Said(body.GetProperty("conversationId").GetGuid()));

        // Other people's keys are other keys; and a new key is a new message, in the same words or not.
        await (await other.Send(seller.Id, listing, "Once", "key-1")).Json(HttpStatusCode.Created);
        await (await buyer.Send(seller.Id, listing, "Once", "key-2")).Json(HttpStatusCode.Created);
        Assert.Equal(["Once", "Once"], await seller.Said(body.GetProperty("conversationId").GetGuid()));
        Assert.Equal(3, await seller.Unread());
    }

    [Fact]
    public async Task Of_ten_twins_one_is_sent()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        for (var round = 0; round < 10; round++)
        {
            var listing = await app.Listing(seller);
            if (round % 2 == 1) await buyer.Write(seller.Id, listing, "The conversation is there already");
            var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => buyer.Send(seller.Id, listing, "Only once", $"round-{round}")));
            var sent = new HashSet<Sent>();
            foreach (var answer in answers)
            {
                if (answer.StatusCode == HttpStatusCode.Created) sent.Add(Sent.Of(await answer.Json(HttpStatusCode.Created)));
                else await Task.FromResult(answer).Refused(HttpStatusCode.Conflict, "IDEMPOTENCY_KEY_IN_USE");
            }
            Assert.Single(await buyer.Said(Assert.Single(sent).ConversationId), said => said == "Only once");
        }
    }

    [Fact]
    public async Task Ten_first_messages_at_once_begin_one_conversation_and_none_is_lost()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        for (var round = 0; round < 10; round++)
        {
            var listing = await app.Listing(seller);
            var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i => (Text: $"First {i}", Answer: await buyer.Send(seller.Id, listing, $"First {i}"))));
            var conversation = Assert.Single(await seller.Conversations(), c => c.GetProperty("listing").Id() == listing);
            Assert.Equal(answers.Select(a => a.Text).Order(StringComparer.Ordinal), (await seller.Said(conversation.Id())).Order(StringComparer.Ordinal));
            Assert.Equal(answers.Length, conversation.GetProperty("unreadCount").GetInt32());
            foreach (var answer in answers) Assert.Equal(conversation.Id(), Sent.Of(await answer.Answer.Json(HttpStatusCode.Created)).ConversationId);
        }
    }
}
