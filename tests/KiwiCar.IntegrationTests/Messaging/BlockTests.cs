using System.Net;

namespace KiwiCar.IntegrationTests.Messaging;

[Collection(nameof(KiwiCarCollection))]
public sealed class BlockTests(KiwiCarApp app)
{
    [Fact]
    public async Task Between_two_of_whom_one_has_blocked_the_other_no_message_passes()
    {
        var (seller, buyer, other) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var id = (await buyer.Write(seller.Id, listing, "Would you take $50?")).ConversationId;
        await Block(seller, buyer.Id);
        await buyer.Send(seller.Id, listing, "$60?").Refused(HttpStatusCode.Forbidden, "BLOCKED");
        await buyer.Send(seller.Id, await app.Listing(seller)).Refused(HttpStatusCode.Forbidden, "BLOCKED"); // in any conversation
        await seller.Send(buyer.Id, listing, "No.").Refused(HttpStatusCode.Forbidden, "YOU_BLOCKED_THEM");
        await other.Write(seller.Id, listing);

        // What was written stays, for both.
        Assert.Equal(["Would you take $50?"], await buyer.Said(id));
        Assert.Equal(["Would you take $50?"], await seller.Said(id));
        Assert.Equal(0, (await (await seller.Read(id)).Json()).GetProperty("unreadCount").GetInt32());

        await Unblock(seller, buyer.Id);
        await buyer.Write(seller.Id, listing, "$70?");
        await seller.Write(buyer.Id, listing, "No.");
    }

    [Fact]
    public async Task Where_both_have_blocked_each_is_told_of_their_own()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        await Block(seller, buyer.Id);
        await Block(buyer, seller.Id);
        await buyer.Send(seller.Id, listing).Refused(HttpStatusCode.Forbidden, "YOU_BLOCKED_THEM");
        await seller.Send(buyer.Id, listing).Refused(HttpStatusCode.Forbidden, "YOU_BLOCKED_THEM");
        await Unblock(buyer, seller.Id);
        await buyer.Send(seller.Id, listing).Refused(HttpStatusCode.Forbidden, "BLOCKED");
    }

    [Fact]
    public async Task Whom_one_has_blocked_is_listed_the_latest_first_and_only_for_oneself()
    {
        var (me, one, two) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        await (await two.Http.Put("/api/users/me", new { nickname = "Tama" })).Json();
        await Block(me, one.Id);
        await Task.Delay(2); // the list is ordered by the millisecond
        await Block(me, two.Id);
        var before = await Blocked(me);
        Assert.Equal([two.Id, one.Id], before.Select(b => b.User));
        await Block(me, one.Id); // again
        Assert.Equal(before, await Blocked(me));
        Assert.Empty(await Blocked(one));
        var entry = (await me.Http.GetJson("/api/messages/blocks")).GetProperty("data")[0];
        Assert.Equal(["user", "blockedAt"], entry.Names());
        Assert.Equal(["id", "nickname", "avatarUrl"], entry.GetProperty("user").Names());
        Assert.Equal("Tama", entry.GetProperty("user").GetProperty("nickname").GetString());

        await Unblock(me, two.Id);
        await Unblock(me, two.Id);
        await Unblock(me, Guid.NewGuid());
        Assert.Equal([one.Id], (await Blocked(me)).Select(b => b.User));
    }

    [Fact]
    public async Task Nobody_blocks_themselves_or_nobody()
    {
        var me = await app.SignUp();
        await me.Http.PutAsync($"/api/messages/blocks/{me.Id}", null).Refused(HttpStatusCode.BadRequest, "BAD_REQUEST");
        await me.Http.PutAsync($"/api/messages/blocks/{Guid.NewGuid()}", null).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.Empty(await Blocked(me));
    }

    private static async Task Block(Member who, Guid whom) => Assert.Equal(HttpStatusCode.NoContent, (await who.Http.PutAsync($"/api/messages/blocks/{whom}", null)).StatusCode);

    private static async Task Unblock(Member who, Guid whom) => Assert.Equal(HttpStatusCode.NoContent, (await who.Http.DeleteAsync($"/api/messages/blocks/{whom}")).StatusCode);

    private static async Task<List<(Guid User, DateTimeOffset At)>> Blocked(Member member) =>
        [.. (await member.Http.GetJson("/api/messages/blocks")).GetProperty("data").EnumerateArray().Select(b => (b.GetProperty("user").Id(), b.GetProperty("blockedAt").GetDateTimeOffset()))];
}
