using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace KiwiCar.Host.Ops.Stories;

/// <summary>A buyer asks, the seller is told by mail and answers; what the advert says changes meanwhile, and the conversation shows it; somebody has enough.</summary>
internal static class BuyerAndSellerTalk
{
    private const decimal Price = 18_500, NewPrice = 17_900;

    public static async Task Play(Narrator story)
    {
        story.Chapter("Buyer and seller talk");
        var seller = await Person.Join(story, "Aroha", "sell her van");
        var buyer = await Person.Join(story, "Ben", "find one");
        var listing = await Offer(story, seller);

        story.Tell("Ben asks about it.");
        var first = await story.Post("/api/messages", Message(seller, listing, "Kia ora, is it still there? Does it tow?"), buyer, expect: 201);
        var conversation = (string?)first.Json?["conversationId"] ?? "";
        var (mail, waited) = await seller.Mail(story, "new-message");
        story.Must($"Aroha has mail, after {waited.TotalMilliseconds:0} ms", mail is not null, "a mail new-message", "none in 5 s");
        story.Show($"“{(string?)mail["subject"]}”");
        story.Check("what he wrote is not in it", !mail.ToJsonString().Contains("Does it tow", StringComparison.Ordinal), "only that there is a message", "its text");
        story.Check("it says how to get no more of them", (string?)mail["unsubscribeUrl"] is { Length: > 0 }, "an unsubscribeUrl", "none");

        await Unread(story, seller, conversation, 1);
        story.Tell("Ben writes once more. She has not read the first yet: no second mail.");
        await story.Post("/api/messages", Message(seller, listing, "I could come on Saturday."), buyer, expect: 201);
        await Unread(story, seller, conversation, 2);

        story.Tell("Meanwhile Aroha makes it cheaper. Ben's conversation shows what the advert says now and did not say when he first wrote.");
        await story.Put($"/api/listings/{listing}", new JsonObject { ["price"] = NewPrice }, seller);
        var change = (await story.Get($"/api/messages/conversations/{conversation}", buyer)).Json?["listingChanges"]?[0];
        story.Check("the price", "price", (string?)change?["field"]);
        story.Check($"from ${Price:N0} to ${NewPrice:N0}", $"{Price:0} {NewPrice:0}", $"{change?["from"]?.ToJsonString()} {change?["to"]?.ToJsonString()}");

        story.Tell("She opens the conversation, reads, answers.");
        var page = (await story.Get($"/api/messages/conversations/{conversation}", seller)).Json;
        story.Check("two messages, the newest first", "I could come on Saturday.", (string?)page?["data"]?[0]?["content"]);
        await story.Put($"/api/messages/conversations/{conversation}/read", [], seller);
        await story.Post("/api/messages", Message(buyer, listing, "It does, 1.5 tonnes braked. Saturday is fine."), seller, expect: 201);
        await Unread(story, seller, conversation, 0);
        await Unread(story, buyer, conversation, 1);
        story.Check("she was mailed once", 1, (await seller.Mails(story, "new-message")).Count);

        story.Tell("A stranger who is nobody's buyer cannot be written to; nor does anybody else see the conversation.");
        var stranger = await Person.Join(story, "Carl", "look around");
        await story.Post("/api/messages", Message(stranger, listing, "Buy my van!"), seller, expect: 403);
        await story.Get($"/api/messages/conversations/{conversation}", stranger, expect: 404);

        story.Tell("On Saturday they fall out. Aroha blocks Ben.");
        await story.Ask(HttpMethod.Put, $"/api/messages/blocks/{buyer.Id}", null, seller, 204);
        var refused = await story.Post("/api/messages", Message(seller, listing, "One more thing"), buyer, expect: 403);
        story.Check("he is told that she takes no messages from him", "BLOCKED", (string?)refused.Json?["error"]?["code"]);
    }

    private static JsonObject Message(Person to, string listing, string content) => new() { ["receiverId"] = to.Id, ["listingId"] = listing, ["content"] = content };

    private static async Task<string> Offer(Narrator story, Person seller)
    {
        var photos = await ListingToAlert.Photos(story, seller);
        var offered = await story.Post("/api/listings", new JsonObject
        {
            ["plateNumber"] = RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUWXYZ", 3) + RandomNumberGenerator.GetString("0123456789", 3),
            ["make"] = "Toyota", ["model"] = "HiAce", ["year"] = 2012, ["mileage"] = 168_000, ["price"] = Price,
            ["description"] = "Van with a 3.0-litre diesel engine, three seats in front, shelves in the back and a tow bar. Serviced in May.",
            ["region"] = "Otago", ["fuelType"] = "DIESEL", ["transmission"] = "MANUAL", ["bodyType"] = "Van", ["color"] = "White", ["images"] = photos,
        }, seller, expect: 201);
        return (string?)offered.Json?["id"] ?? "";
    }

    private static async Task Unread(Narrator story, Person who, string conversation, int expected)
    {
        story.Check($"unread of {who.Name}'s: {expected}", expected, (await story.Get("/api/messages/unread-count", who)).Json?["count"]);
        var entry = ((await story.Get("/api/messages/conversations", who)).Json?["data"] as JsonArray)?.FirstOrDefault(c => (string?)c?["id"] == conversation);
        story.Check("as many in their list of conversations", expected, entry?["unreadCount"]);
    }
}
