using System.Buffers.Binary;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace KiwiCar.Host.Ops.Stories;

/// <summary>The main job: a car is offered with photos, found, wanted, becomes cheaper, whoever waits for that hears of it, it is sold.</summary>
internal static class ListingToAlert
{
    private const decimal Price = 12_990, Target = 12_000, NewPrice = 11_750;
    private const string SameCars = "/api/listings?make=Mazda&model=Demio&minPrice=11000&maxPrice=13000&limit=100";

    public static async Task Play(Narrator story)
    {
        story.Chapter("Two people join");
        var seller = await Person.Join(story, "Mere", "sell her car");
        var buyer = await Person.Join(story, "Tom", "find one");

        story.Chapter("A car is offered");
        var car = Car();
        var before = await CountOf(story, car);
        await BadInput(story, seller);
        var photos = await Photos(story, seller);
        var id = await Offer(story, seller, car, photos);
        await Detail(story, seller, id, car, photos);

        story.Chapter("It is found");
        await Find(story, id, car, before + 1);

        story.Chapter("It becomes cheaper");
        await Want(story, buyer, id);
        await Lower(story, seller, buyer, id);

        story.Chapter("It is sold");
        await Sell(story, seller, id, car, before);
    }

    // A word of its own in the description, so that a search for it must find this car and no other.
    private static JsonObject Car()
    {
        var mark = "tour" + RandomNumberGenerator.GetString("bcdfghklmnprstwz", 8);
        return new JsonObject
        {
            ["plateNumber"] = RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUWXYZ", 3) + RandomNumberGenerator.GetInt32(1, 1000).ToString("000", CultureInfo.InvariantCulture),
            ["make"] = "Mazda", ["model"] = "Demio", ["year"] = 2016, ["mileage"] = 84_300, ["price"] = Price,
            ["description"] = $"Hatchback with a 1.3-litre petrol engine and five seats, imported from Japan in 2020. Two keys, new battery in March. Reference {mark}.",
            ["region"] = "Wellington", ["fuelType"] = "PETROL", ["transmission"] = "AUTOMATIC", ["bodyType"] = "Hatchback", ["color"] = "Blue",
        };
    }

    private static string MarkOf(JsonObject car) => ((string)car["description"]!).Split(' ')[^1].TrimEnd('.');

    private static async Task<long> CountOf(Narrator story, JsonObject car)
    {
        story.Tell($"How many {(string?)car["make"]} {(string?)car["model"]} between $11,000 and $13,000 are there already?");
        return Total(await story.Get(SameCars));
    }

    private static async Task BadInput(Narrator story, Person seller)
    {
        story.Tell("Mere hurries and gets much of it wrong: the answer names every broken field at once.");
        var answer = await story.Post("/api/listings", new JsonObject
        {
            ["plateNumber"] = "abc 123", ["make"] = "Mazda", ["model"] = "", ["year"] = "2016", ["mileage"] = -5, ["price"] = 12.345, ["description"] = "Nice car",
            ["region"] = "Wellington", ["fuelType"] = "petrol", ["bodyType"] = "Hatchback", ["color"] = "Blue", ["images"] = new JsonArray(),
        }, seller, expect: 400);
        var details = answer.Json?["error"]?["details"] as JsonArray ?? [];
        foreach (var problem in details) story.Show($"{(string?)problem?["path"],-13} {(string?)problem?["message"]}");
        story.Check("the code is VALIDATION_ERROR", "VALIDATION_ERROR", answer.Json?["error"]?["code"]);
        var named = string.Join(", ", details.Select(d => (string?)d?["path"]).Order(StringComparer.Ordinal));
        story.Check("all nine are named", "description, fuelType, images, mileage, model, plateNumber, price, transmission, year", named);
    }

    public static async Task<JsonArray> Photos(Narrator story, Person seller)
    {
        story.Tell("She uploads three photos, 1600 x 1200.");
        using var form = new MultipartFormDataContent();
        foreach (var (i, png) in Photo.Three().Index())
            form.Add(new ByteArrayContent(png) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } }, "images", $"car-{i + 1}.png");
        var answer = await story.Ask(HttpMethod.Post, "/api/uploads/images", form, seller, expect: 200);
        var images = answer.Json?["images"] as JsonArray ?? [];
        story.Must("three pictures are there", images.Count == 3, "3 images", answer.Json?.ToJsonString() ?? "nothing");
        return new JsonArray([.. images.Select(i => i!["id"]!.DeepClone())]);
    }

    private static async Task<string> Offer(Narrator story, Person seller, JsonObject car, JsonArray photos)
    {
        story.Tell($"Now with everything right: {(int)car["year"]!} {(string?)car["make"]} {(string?)car["model"]}, plate {(string?)car["plateNumber"]}, ${Price:N0}.");
        var request = car.DeepClone().AsObject();
        request["images"] = photos.DeepClone();
        var answer = await story.Post("/api/listings", request, seller, expect: 201);
        var id = (string?)answer.Json?["id"];
        story.Must("the answer says which listing it is", Guid.TryParse(id, out _), "a UUID", id ?? "nothing");
        story.Check("it is at its first version", "\"1\"", answer.ETag ?? "no ETag");
        return id!;
    }

    private static async Task Detail(Narrator story, Person seller, string id, JsonObject car, JsonArray photos)
    {
        story.Tell("Her page is up at once, for anybody.");
        var page = (await story.Get($"/api/listings/{id}")).Json!;
        foreach (var (field, value) in car)
            if (!JsonNode.DeepEquals(Plain(page[field]), Plain(value))) story.Check($"{field} is as she said", Plain(value), Plain(page[field]));
        story.Check($"it says what she said: {car.Count} fields", car.Count(f => JsonNode.DeepEquals(Plain(page[f.Key]), Plain(f.Value))), car.Count);
        story.Check("it is on sale", "ACTIVE", page["status"]);
        story.Check("the seller is Mere, with one car on sale", $"{seller.Id} 1", $"{(string?)page["seller"]?["id"]} {page["seller"]?["listingsCount"]}");
        var images = page["images"] as JsonArray ?? [];
        story.Check("the photos are in her order", photos, new JsonArray([.. images.Select(i => i?["id"]?.DeepClone())]));
        if (images.Count == 0) return;
        await Picture(story, "the photo", (string?)images[0]?["url"], "1440 x 1080");
        await Picture(story, "its thumbnail", (string?)images[0]?["thumbnailUrl"], "400 x 300");
    }

    private static async Task Picture(Narrator story, string what, string? url, string size)
    {
        if (url is null) story.Must($"{what} has an address", holds: false, "a url", "none");
        var file = await story.Get(url);
        story.Check($"{what} is WebP, {size} ({file.Content.Length / 1024.0:0} kB)", $"WebP {size}", SizeOfWebP(file.Content));
    }

    private static async Task Find(Narrator story, string id, JsonObject car, long ofItsKind)
    {
        story.Tell("Somebody searches for a word of its description.");
        var byWord = await story.Get($"/api/listings?q={MarkOf(car)}");
        story.Check("one car has it", 1, Total(byWord));
        story.Check("it is this one", id, Ids(byWord).FirstOrDefault());
        var card = byWord.Json?["data"]?[0];
        story.Check("the card says what it is", $"2016 Mazda Demio, {Price:0}, Wellington", $"{(string?)card?["title"]}, {card?["price"]}, {(string?)card?["region"]}");
        story.Check("and shows a photo", card?["coverImage"] is not null, "a coverImage", "none");

        story.Tell("Others look for a Mazda Demio between $11,000 and $13,000, newest first, then cheapest first.");
        var newest = await story.Get(SameCars + "&sort=newest");
        story.Check("there is one more than before", ofItsKind, Total(newest));
        story.Check("the page holds them all, or a hundred", Math.Min(100, ofItsKind), Ids(newest).Count);
        story.Check("the new one comes first", id, Ids(newest).FirstOrDefault());
        var cheapest = await story.Get(SameCars + "&sort=price_asc");
        var prices = Cards(cheapest).Select(c => (decimal)c["price"]!).ToList();
        story.Check("the prices rise", prices.SequenceEqual(prices.Order()), "ascending prices", string.Join(", ", prices));
        story.Check("all between the bounds", prices.TrueForAll(p => p is >= 11_000 and <= 13_000), "11000 to 13000", string.Join(", ", prices));

        story.Tell("And among all cars, whatever they are?");
        story.Check("it is the newest of all", id, Ids(await story.Get("/api/listings?limit=1")).FirstOrDefault());
    }

    private static async Task Want(Narrator story, Person buyer, string id)
    {
        story.Tell($"Tom likes it, but not for more than ${Target:N0}.");
        var answer = await story.Post("/api/favorites", new JsonObject { ["listingId"] = id, ["priceAlert"] = true, ["targetPrice"] = Target }, buyer, expect: 201);
        story.Check("his favourite waits for that price", Target, answer.Json?["targetPrice"]);
    }

    private static async Task Lower(Narrator story, Person seller, Person buyer, string id)
    {
        story.Tell($"Mere reads her page and lowers the price to ${NewPrice:N0}.");
        var seen = (await story.Get($"/api/listings/{id}", seller)).ETag;
        var lowered = await story.Put($"/api/listings/{id}", new JsonObject { ["price"] = NewPrice }, seller, ifMatch: seen);
        var at = TimeProvider.System.GetTimestamp();
        story.Check("that makes a new version", lowered.ETag is not null && lowered.ETag != seen, $"an ETag other than {seen}", lowered.ETag ?? "none");
        story.Check("the next reader sees the new price", NewPrice, (await story.Get($"/api/listings/{id}")).Json?["price"]);
        await Alerted(story, buyer, id, at);

        story.Tell("In another window, which still shows the old price, Mere tries again: refused, she has not seen what it is now.");
        await story.Put($"/api/listings/{id}", new JsonObject { ["price"] = 9_999 }, seller, expect: 412, ifMatch: seen);
        await History(story, id, "The price history has both, oldest first.");

        story.Tell("A second later Tom looks into his mails once more.");
        await story.Pause(TimeSpan.FromSeconds(1));
        story.Check("he was told once", 1, (await buyer.Mails(story, "price-alert")).Count);
    }

    private static async Task Alerted(Narrator story, Person buyer, string id, long lowered)
    {
        story.Tell("Tom has mail.");
        var (mail, _) = await buyer.Mail(story, "price-alert");
        var after = TimeProvider.System.GetElapsedTime(lowered).TotalMilliseconds;
        story.Must("it came", mail is not null, "a mail price-alert", "none in 5 s");
        story.Show($"“{(string?)mail["subject"]}”");
        story.Check($"within a second: {after:0} ms after the price was lowered", after <= 1_000, "1000 ms at most", $"{after:0} ms");
        var data = mail["data"];
        story.Check("with the old and the new price", $"{Price:0.##}, {NewPrice:0.##}", $"{(string?)data?["oldPrice"]}, {(string?)data?["newPrice"]}");
        story.Check("and a link to the car", (string?)data?["listingUrl"] is { } url && url.EndsWith(id, StringComparison.Ordinal), $"an address that ends with {id}", (string?)data?["listingUrl"] ?? "none");
    }

    private static async Task Sell(Narrator story, Person seller, string id, JsonObject car, long before)
    {
        story.Tell("Tom comes, looks, buys. Mere closes the advert.");
        await story.Put($"/api/listings/{id}/status", new JsonObject { ["status"] = "SOLD", ["soldPrice"] = 11_500 }, seller);
        story.Check("no search finds it any more", 0, Total(await story.Get($"/api/listings?q={MarkOf(car)}")));
        story.Check("the others of its kind are as many as before", before, Total(await story.Get(SameCars)));
        var page = (await story.Get($"/api/listings/{id}")).Json!;
        story.Check("its page stays, and says so", "SOLD", page["status"]);
        story.Check("with the last asking price", NewPrice, page["price"]);
        await History(story, id, "And its history stays too.");
    }

    private static async Task History(Narrator story, string id, string sentence)
    {
        story.Tell(sentence);
        var history = (await story.Get($"/api/listings/{id}/price-history")).Json?["data"] as JsonArray ?? [];
        story.Check($"${Price:N0}, then ${NewPrice:N0}", $"{Price:0}, {NewPrice:0}", string.Join(", ", history.Select(h => h?["price"]?.ToJsonString())));
    }

    private static long Total(Answer answer) => (long?)answer.Json?["pagination"]?["total"] ?? -1;

    private static IEnumerable<JsonNode> Cards(Answer answer) => (answer.Json?["data"] as JsonArray ?? []).OfType<JsonNode>();

    private static List<string?> Ids(Answer answer) => [.. Cards(answer).Select(c => (string?)c["id"])];

    // A number made here and one that was read compare as text.
    private static JsonNode? Plain(JsonNode? value) => value is null ? null : JsonNode.Parse(value.ToJsonString());

    private static string SizeOfWebP(byte[] file)
    {
        if (file.Length < 30 || !file.AsSpan(0, 4).SequenceEqual("RIFF"u8) || !file.AsSpan(8, 4).SequenceEqual("WEBP"u8)) return "no WebP file";
        return Encoding.ASCII.GetString(file, 12, 4) switch
        {
            "VP8 " => $"WebP {BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(26)) & 0x3FFF} x {BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(28)) & 0x3FFF}",
            "VP8L" when BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(21)) is var bits => $"WebP {(bits & 0x3FFF) + 1} x {(bits >> 14 & 0x3FFF) + 1}",
            "VP8X" => $"WebP {1 + file[24] + (file[25] << 8) + (file[26] << 16)} x {1 + file[27] + (file[28] << 8) + (file[29] << 16)}",
            var other => $"WebP of the unknown kind {other}",
        };
    }
}
