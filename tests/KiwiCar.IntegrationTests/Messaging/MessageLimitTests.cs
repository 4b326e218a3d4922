using System.Net;
using KiwiCar.IntegrationTests.Web;

namespace KiwiCar.IntegrationTests.Messaging;

[Collection(nameof(LimitedAppCollection))]
public sealed class MessageLimitTests(LimitedApp limited)
{
    [Fact]
    public async Task Who_writes_too_much_must_wait_and_others_need_not()
    {
        var app = await limited.Start(new() { ["RATE_LIMIT_MESSAGE"] = "4/1h", ["RATE_LIMIT_REGISTER"] = "off", ["RATE_LIMIT_LOGIN"] = "off" });
        var (seller, buyer, other) = (await app.SignUp(), await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        for (var i = 0; i < 4; i++)
        {
            // What is refused counts as well: it is guessing that the limit is there for.
            var answer = i == 2 ? await buyer.Send(other.Id, listing) : await buyer.Send(seller.Id, listing, $"{i}");
            Assert.Equal(i == 2 ? HttpStatusCode.Forbidden : HttpStatusCode.Created, answer.StatusCode);
            Assert.Equal(("4", $"{3 - i}"), (answer.Headers.GetValues("RateLimit-Limit").Single(), answer.Headers.GetValues("RateLimit-Remaining").Single()));
        }
        var refused = await buyer.Send(seller.Id, listing, "Buy my pills");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 3_500, 3_600);
        await Task.FromResult(refused).Refused(HttpStatusCode.TooManyRequests, "RATE_LIMIT_EXCEEDED");
        var id = (await other.Write(seller.Id, listing)).ConversationId;
        await seller.Write(other.Id, listing);
        await (await other.Read(id)).Json(); // reading is no writing
        Assert.Equal(["3", "1", "0"], await buyer.Said(Assert.Single(await buyer.Conversations()).Id()));
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Thirty_a_minute_are_enough_for_anybody()
    {
        var app = await limited.Start(new() { ["RATE_LIMIT_REGISTER"] = "off", ["RATE_LIMIT_LOGIN"] = "off" });
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        for (var i = 0; i < 30; i++) await buyer.Write(seller.Id, listing, $"{i}");
        await buyer.Send(seller.Id, listing, "30").Refused(HttpStatusCode.TooManyRequests, "RATE_LIMIT_EXCEEDED");
        await app.DisposeAsync();
    }
}
