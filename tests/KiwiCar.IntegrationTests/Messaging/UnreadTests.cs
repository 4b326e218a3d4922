using System.Net;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Messaging;

/// <summary>What somebody has not read yet, to the message.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class UnreadTests(KiwiCarApp app, ITestOutputHelper output)
{
    private const int Buyers = 4, MessagesEach = 25;

    [Fact]
    public async Task Reading_up_to_a_message_leaves_what_came_after_it()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var sent = new List<Sent>();
        for (var i = 0; i < 5; i++) sent.Add(await buyer.Write(seller.Id, listing, $"{i}"));
        var id = sent[0].ConversationId;
        Assert.Equal((5, 0), (await seller.Unread(), await buyer.Unread()));

        var answer = await (await seller.Read(id, sent[2].Id)).Json();
        Assert.Equal(["id", "unreadCount"], answer.Names());
        Assert.Equal((id, 2), (answer.Id(), answer.GetProperty("unreadCount").GetInt32()));
        Assert.Equal([false, false, true, true, true], (await buyer.Conversation(id)).GetProperty("data").EnumerateArray().Select(m => m.GetProperty("isRead").GetBoolean()));
        Assert.Equal(2, Assert.Single(await seller.Conversations()).GetProperty("unreadCount").GetInt32());
        Assert.Equal(2, (await (await seller.Read(id, sent[1].Id)).Json()).GetProperty("unreadCount").GetInt32()); // that much was read already
        Assert.Equal(2, (await (await seller.Read(id, Guid.NewGuid())).Json()).GetProperty("unreadCount").GetInt32());
        Assert.Equal(2, (await (await seller.Http.Put($"/api/messages/conversations/{id}/read", new { upTo = sent[1].Id, unknown = true })).Json()).GetProperty("unreadCount").GetInt32());

        Assert.Equal(0, (await (await seller.Read(id)).Json()).GetProperty("unreadCount").GetInt32());
        Assert.Equal(0, (await (await seller.Read(id)).Json()).GetProperty("unreadCount").GetInt32());
        Assert.Equal((0, 0), (await seller.Unread(), await buyer.Unread()));
    }

    [Fact]
    public async Task To_read_all_one_may_send_no_body_an_empty_one_or_null()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        foreach (var body in (string?[])[null, "{}", """{"upTo":null}"""])
        {
            var id = (await buyer.Write(seller.Id, listing)).ConversationId;
            Assert.Equal(0, (await (await seller.Http.PutAsync($"/api/messages/conversations/{id}/read", body is null ? null : Http.Raw(body))).Json()).GetProperty("unreadCount").GetInt32());
        }
        var conversation = (await buyer.Write(seller.Id, listing)).ConversationId;
        Assert.Equal(["upTo"], (await seller.Http.Put($"/api/messages/conversations/{conversation}/read", new { upTo = "all" }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
        await seller.Http.PutAsync($"/api/messages/conversations/{conversation}/read", Http.Raw("[]")).Refused(HttpStatusCode.BadRequest, "BAD_REQUEST");
        Assert.Equal(1, await seller.Unread());
    }

    [Fact]
    public async Task Each_conversation_counts_its_own_and_what_one_wrote_oneself_counts_nowhere()
    {
        var (seller, one, two) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var mine = await one.Write(seller.Id, listing);
        await two.Write(seller.Id, listing, "1");
        await two.Write(seller.Id, listing, "2");
        await seller.Write(one.Id, listing, "3");
        Assert.Equal([1, 2], (await seller.Conversations()).Select(c => c.GetProperty("unreadCount").GetInt32()));
        await (await seller.Read(mine.ConversationId)).Json();
        Assert.Equal([0, 2], (await seller.Conversations()).Select(c => c.GetProperty("unreadCount").GetInt32()));
        Assert.Equal((2, 1, 0), (await seller.Unread(), await one.Unread(), await two.Unread()));
    }

    [Fact]
    public async Task Counts_are_exact_when_many_write_while_one_reads()
    {
        var seller = await app.SignUp();
        var buyers = await Task.WhenAll(Enumerable.Range(0, Buyers).Select(_ => app.SignUp()));
        var listing = await app.Listing(seller);
        var begun = (await Task.WhenAll(buyers.Select(b => b.Write(seller.Id, listing, "0")))).Select(s => s.ConversationId).ToArray();
        var (seed, sent) = (Random.Shared.Next(), new int[Buyers]);
        output.WriteLine($"seed {seed}");
        using var written = new CancellationTokenSource();
        var reading = Task.WhenAll(Enumerable.Range(0, 2).Select(r => ReadUntil(seller, begun, new Random(seed + r), written.Token))); // on two devices
        await Task.WhenAll(buyers.Select(async (buyer, b) =>
        {
            for (var i = 1; i <= MessagesEach; i++)
            {
                using var answer = await buyer.Send(seller.Id, listing, $"{i}");
                if (answer.StatusCode == HttpStatusCode.Created) sent[b]++;
                else await Task.FromResult(answer).Refused(HttpStatusCode.Conflict, "CONCURRENT_CHANGE");
            }
        }));
        await written.CancelAsync();
        await reading;

        output.WriteLine($"sent {string.Join(", ", sent)} of {MessagesEach} each");

        // What is unread by now differs from run to run; that the log, the pages, the list and the sum agree on it does not.
        var expected = new List<int>();
        foreach (var (b, id) in begun.Index())
        {
            var (state, _) = await app.Services.GetRequiredService<EventStore>().Fold(Conversation.Decider, id, default);
            var messages = (await seller.Conversation(id, "?limit=100")).GetProperty("data").EnumerateArray().ToList();
            Assert.Equal(1 + sent[b], messages.Count);
            Assert.Equal(state.UnreadBySeller, messages.Where(m => !m.GetProperty("isRead").GetBoolean()).Select(m => m.Id()).Reverse());
            expected.Add(state.UnreadBySeller.Count);
        }
        var listed = (await seller.Conversations()).ToDictionary(c => c.Id(), c => c.GetProperty("unreadCount").GetInt32());
        Assert.Equal(expected, begun.Select(id => listed[id]));
        Assert.Equal(expected.Sum(), await seller.Unread());

        foreach (var id in begun) await (await seller.Read(id)).Json();
        Assert.Equal(0, await seller.Unread());
        await Task.WhenAll(buyers.Select((buyer, b) => buyer.Write(seller.Id, listing, "last")));
        Assert.Equal(Buyers, await seller.Unread());
    }

    private static async Task ReadUntil(Member seller, Guid[] conversations, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var id = conversations[random.Next(conversations.Length)];
            Guid? upTo = null;
            if (random.Next(3) > 0)
            {
                var messages = (await seller.Conversation(id)).GetProperty("data");
                upTo = messages[random.Next(messages.GetArrayLength())].Id();
            }
            using var answer = await seller.Read(id, upTo);
            if (!answer.IsSuccessStatusCode) await Task.FromResult(answer).Refused(HttpStatusCode.Conflict, "CONCURRENT_CHANGE");
        }
    }
}
