using System.Net;
using System.Text.Json;

namespace KiwiCar.IntegrationTests.Messaging;

/// <summary>The mail that somebody has written.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class WhenMessageSentTests(KiwiCarApp app)
{
    private const string Template = "new-message";

    [Fact]
    public async Task One_mail_tells_of_a_conversation_until_it_is_read()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        await (await buyer.Http.Put("/api/users/me", new { nickname = "Ngaio" })).Json();
        var listing = await app.Listing(seller);
        var first = await buyer.Write(seller.Id, listing, "My number is 021 555 1234");
        var mail = await app.MailTo(seller.Email, Template);
        var data = mail.GetProperty("data");
        Assert.Equal(("Ngaio", "2020 Toyota Corolla"), (data.GetProperty("senderName").GetString(), data.GetProperty("listingTitle").GetString()));
        Assert.EndsWith($"/messages/{first.ConversationId}", data.GetProperty("conversationUrl").GetString(), StringComparison.Ordinal);
        Assert.Equal("Ngaio wrote to you about the 2020 Toyota Corolla", mail.GetProperty("subject").GetString());
        Assert.DoesNotContain("555", mail.GetRawText(), StringComparison.Ordinal); // what was written stays with us

        await buyer.Write(seller.Id, listing, "Hello?");
        await buyer.Write(seller.Id, listing, "Hello??");
        await seller.Write(buyer.Id, listing, "Yes?"); // rings at the buyer's
        await app.MailTo(buyer.Email, Template);
        Assert.Single(await Mails(seller));

        await (await seller.Read(first.ConversationId)).Json();
        await buyer.Write(seller.Id, listing, "Are you there?");
        await Arrived(seller, 2);
        await buyer.Write(seller.Id, await app.Listing(seller)); // another conversation
        await Arrived(seller, 3);
        Assert.Single(await Mails(buyer));
    }

    [Fact]
    public async Task Its_link_ends_such_mails_and_no_others()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        var first = await buyer.Write(seller.Id, listing);
        var mail = await app.MailTo(seller.Email, Template);
        var url = mail.GetProperty("data").GetProperty("unsubscribeUrl").GetString()!;
        Assert.Equal(url, mail.GetProperty("unsubscribeUrl").GetString()); // of which the List-Unsubscribe header is made
        Assert.Contains(url, mail.GetProperty("text").GetString(), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, (await app.Http.PostAsync(new Uri(url).AbsolutePath, null)).StatusCode);
        var wanted = await seller.Http.GetJson("/api/users/me/notifications");
        Assert.Equal((false, true, true), (wanted.GetProperty("newMessages").GetBoolean(), wanted.GetProperty("priceAlerts").GetBoolean(), wanted.GetProperty("favoriteSold").GetBoolean()));
        await (await seller.Read(first.ConversationId)).Json();
        await buyer.Write(seller.Id, listing, "Still there?");
        await NothingMoreCame(seller, 1);
    }

    [Fact]
    public async Task Who_wants_none_gets_none_and_is_not_told_later()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var (one, two) = (await app.Listing(seller), await app.Listing(seller));
        await (await seller.Http.Put("/api/users/me/notifications", new { newMessages = false })).Json();
        await buyer.Write(seller.Id, one);
        await NothingMoreCame(seller, 0);
        await (await seller.Http.Put("/api/users/me/notifications", new { newMessages = true })).Json();
        await buyer.Write(seller.Id, two);
        await Arrived(seller, 1);
    }

    [Fact]
    public async Task An_address_that_is_not_verified_gets_none()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var listing = await app.Listing(seller);
        await using (var db = await app.Database.Open(default)) await db.Execute("UPDATE users SET isVerified = 0 WHERE id = @Id", new { seller.Id }, default);
        await buyer.Write(seller.Id, listing);
        await NothingMoreCame(seller, 0);
    }

    // A reaction takes messages in their order, and the outbox sends them so: when a later one's mail is here, an earlier one's would be.
    private async Task NothingMoreCame(Member member, int expected)
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        await buyer.Write(seller.Id, await app.Listing(seller));
        await app.MailTo(seller.Email, Template);
        Assert.Equal(expected, (await Mails(member)).Count);
    }

    private async Task Arrived(Member member, int expected)
    {
        for (var i = 0; i < 50 && (await Mails(member)).Count < expected; i++) await Task.Delay(100);
        Assert.Equal(expected, (await Mails(member)).Count);
    }

    private async Task<List<JsonElement>> Mails(Member member) => [.. (await app.MailsTo(member.Email)).Where(m => m.GetProperty("template").GetString() == Template)];
}
