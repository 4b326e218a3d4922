using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace KiwiCar.Host.Ops.Stories;

/// <summary>From a plate to a price: the car is looked up, described, and valued.</summary>
internal static class PlateToPrice
{
    public static async Task Play(Narrator story)
    {
        story.Chapter("From a plate to a price");
        var seller = await Person.Join(story, "Mere", "sell her car");
        var car = await LookUp(story, seller);
        await Describe(story, seller, car);
        await Value(story, seller);
    }

    private static async Task<JsonNode> LookUp(Narrator story, Person seller)
    {
        story.Tell("She types the plate, and the form fills itself.");
        var plate = $"T{RandomNumberGenerator.GetInt32(10_000, 99_999)}";
        var car = (await story.Get($"/api/vehicles/{plate.ToLowerInvariant()}", seller)).Json!;
        story.Show($"{(int?)car["year"]} {(string?)car["make"]} {(string?)car["model"]}, {(string?)car["fuelType"]}; WOF {(string?)car["wofStatus"]}, registration {(string?)car["regoStatus"]}; told by {(string?)car["source"]}");
        story.Check("the plate as it is written on the car", plate, (string?)car["plateNumber"]);
        var again = (await story.Get($"/api/vehicles/{plate}", seller)).Json;
        story.Check("asked again, it comes from memory", true, again?["cached"]);
        var quota = (await story.Get("/api/users/me/lookup-quota", seller)).Json;
        story.Check("and counts once", 1, quota?["used"]);
        story.Tell("A plate that nobody has, and one of which the registry says nothing today.");
        await story.Get("/api/vehicles/NONE01", seller, expect: 404);
        await story.Get("/api/vehicles/DOWN01", seller, expect: 503);
        story.Check("what failed costs nothing", 2, (await story.Get("/api/users/me/lookup-quota", seller)).Json?["used"]);
        return car;
    }

    private static async Task Describe(Narrator story, Person seller, JsonNode car)
    {
        story.Tell("A description: only what is known of the car.");
        var facts = new JsonObject
        {
            ["make"] = (string?)car["make"], ["model"] = (string?)car["model"], ["year"] = (int?)car["year"], ["mileage"] = 84_000, ["fuelType"] = (string?)car["fuelType"], ["color"] = (string?)car["color"],
            ["wofExpiry"] = (string?)car["wofExpiry"], ["features"] = new JsonArray("Towbar", "Two keys"),
        };
        var answer = (await story.Post("/api/ai/generate-description", facts, seller)).Json;
        var text = (string?)answer?["description"] ?? "";
        story.Show(text.Replace("\n\n", " ", StringComparison.Ordinal));
        story.Check($"written by the {(string?)answer?["source"]}, with the mileage in it", text.Contains("84,000", StringComparison.Ordinal) || text.Contains("84000", StringComparison.Ordinal), "84,000 km", text);
        await story.Post("/api/ai/generate-description", new JsonObject(facts.Select(f => KeyValuePair.Create(f.Key, f.Value?.DeepClone()))) { ["imageUrls"] = new JsonArray("http://169.254.169.254/latest") }, seller, expect: 400);
    }

    private static async Task Value(Narrator story, Person seller)
    {
        story.Tell("And a price, from the adverts that are here.");
        var (answer, _) = await story.Send(HttpMethod.Get, "/api/ai/price-estimate?make=Volkswagen&model=Golf&year=2017&mileage=60000", null, seller);
        if (answer.Status == 404)
        {
            story.Check("the market says too little of such a car, and no number is made up", "NO_VALUATION", (string?)answer.Json?["error"]?["code"]);
            story.Show("`./dev import ../shared/data/uk_used_cars.csv.gz` brings a market");
            return;
        }
        var estimate = answer.Json!;
        story.Show($"${(int?)estimate["priceRecommended"]:N0}, between ${(int?)estimate["priceMin"]:N0} and ${(int?)estimate["priceMax"]:N0} in {(double?)estimate["confidence"]:P0} of cases");
        foreach (var factor in (estimate["factors"] as JsonArray ?? []).OfType<JsonNode>()) story.Show($"{(string?)factor["impact"],10}  {(string?)factor["factor"]}");
        story.Check("the factors add up", (int?)estimate["priceRecommended"] ?? -1, (estimate["factors"] as JsonArray ?? []).Sum(f => (int?)f?["amount"] ?? 0));
    }
}
