using System.Net;
using System.Net.Http.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.IntegrationTests.Identity;
using KiwiCar.Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Messaging;

/// <summary>Who leaves takes their words along, and nobody else's.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class WhenAccountClosedTests(KiwiCarApp app)
{
    [Fact]
    public async Task What_the_buyer_wrote_is_gone_from_the_tables_and_from_the_log_and_the_rest_stays()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var asked = await buyer.Write(seller.Id, listing, "My wife would like to see it");
        await seller.Write(buyer.Id, listing, "Any time after five");
        await buyer.Write(seller.Id, listing, "Then we come");
        Assert.Equal(["Then we come", "Any time after five", "My wife would like to see it"], await InLog(asked.ConversationId));

        await Close(buyer);
        Assert.Equal(["", "Any time after five", ""], await seller.Said(asked.ConversationId));
        var entry = Assert.Single(await seller.Conversations());
        Assert.Equal(("Deleted user", "", 2), (entry.GetProperty("otherUser").GetProperty("nickname").GetString(), entry.GetProperty("lastMessage").GetProperty("content").GetString(), entry.GetProperty("unreadCount").GetInt32()));
        Assert.Equal(["", "Any time after five", ""], await InLog(asked.ConversationId));
        await using (var db = await app.Database.Open(default))
            Assert.Equal(0, await db.Single<long>("SELECT COUNT(*) FROM messages WHERE senderId = @Id AND content <> ''", new { buyer.Id }, default));

        await seller.Send(buyer.Id, listing, "Are you coming?").Refused(HttpStatusCode.Conflict, "RECEIVER_LEFT");
        Assert.Equal(0, (await (await seller.Read(asked.ConversationId)).Json()).GetProperty("unreadCount").GetInt32());
        await app.RebuildChangesNoMessage();
        Assert.Equal(["", "Any time after five", ""], await seller.Said(asked.ConversationId));
    }

    [Fact]
    public async Task When_the_seller_leaves_the_buyer_keeps_their_own_words_and_learns_that_the_advert_is_down()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var id = (await buyer.Write(seller.Id, listing, "Is it still there?")).ConversationId;
        await seller.Write(buyer.Id, listing, "Until Friday");
        await Close(seller);
        await Eventually(async () => (await buyer.Conversation(id)).GetProperty("listing").GetProperty("status").GetString() == "REMOVED");

        var shown = await buyer.Conversation(id);
        Assert.Equal(["", "Is it still there?"], await buyer.Said(id));
        Assert.Equal("Deleted user", shown.GetProperty("otherUser").GetProperty("nickname").GetString());
        // What the advert said went with the seller: that it says nothing now is no change of the car.
        Assert.Equal(["status"], shown.GetProperty("listingChanges").EnumerateArray().Select(c => c.GetProperty("field").GetString()));
        await buyer.Send(seller.Id, listing, "Friday has come").Refused(HttpStatusCode.Conflict, "RECEIVER_LEFT");
        await app.RebuildChangesNoMessage();
    }

    [Fact]
    public async Task Whom_they_had_blocked_and_who_had_blocked_them_is_forgotten()
    {
        var (leaving, one, two) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        foreach (var (who, whom) in ((Member, Member)[])[(leaving, one), (two, leaving), (two, one)]) (await who.Http.PutAsync($"/api/messages/blocks/{whom.Id}", null)).EnsureSuccessStatusCode();
        await Close(leaving);
        await Eventually(async () =>
        {
            await using var db = await app.Database.Open(default);
            return await db.Single<long>("SELECT COUNT(*) FROM member_blocks WHERE blockerId = @Id OR blockedId = @Id", new { leaving.Id }, default) == 0;
        });
        Assert.Equal(one.Id, Assert.Single((await two.Http.GetJson("/api/messages/blocks")).GetProperty("data").EnumerateArray()).GetProperty("user").Id());
    }

    [Fact]
    public async Task No_word_comes_after_it()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var id = (await buyer.Write(seller.Id, listing, "First")).ConversationId;
        var sending = Enumerable.Range(0, 10).Select(i => buyer.Send(seller.Id, listing, $"And {i}")).ToList();
        await Close(buyer);
        foreach (var answer in await Task.WhenAll(sending)) Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.Created, HttpStatusCode.Unauthorized, HttpStatusCode.Conflict });
        await app.CaughtUp();
        Assert.All(await seller.Said(id), said => Assert.Empty(said));
        Assert.All(await InLog(id), said => Assert.Empty(said));
    }

    private async Task Close(Member member)
    {
        await (await member.Http.SendAsync(new HttpRequestMessage(HttpMethod.Delete, "/api/users/me") { Content = JsonContent.Create(new { password = AccountClient.Password }) })).Json();
        await app.CaughtUp();
    }

    private async Task<List<string>> InLog(Guid conversation)
    {
        var said = new List<string>();
        await foreach (var e in app.Services.GetRequiredService<EventStore>().ReadStream(conversation, default))
            if (e.Data is MessageSent sent) said.Insert(0, sent.Content);
        return said;
    }

    // Other modules follow a moment later than the answer.
    private static async Task Eventually(Func<Task<bool>> isSo)
    {
        for (var i = 0; i < 50; i++)
        {
            if (await isSo()) return;
            await Task.Delay(100);
        }
        Assert.Fail("not within 5 s");
    }
}
