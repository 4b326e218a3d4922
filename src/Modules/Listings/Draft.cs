using System.Text.Json;
using System.Text.Json.Nodes;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings;

/// <summary>
/// What an advert says so far; null = nothing yet. A draft may be unfinished: the greatest lengths and values of the PRD's schema hold,
/// the least only when it is published.
/// </summary>
internal sealed record Draft(
    string? PlateNumber, string? Make, string? Model, int? Year, int? Mileage, decimal? Price, string? Description, string? Region,
    FuelType? FuelType, Transmission? Transmission, string? BodyType, string? Color, string? Vin, PhotoList Photos, string? AiDescription = null)
{
    public static readonly Draft Empty = new(null, null, null, null, null, null, null, null, null, null, null, null, null, new([]));

    public static Draft Of(DraftSaved x) => new(
        x.PlateNumber, x.Make, x.Model, x.Year, x.Mileage, x.Price, x.Description, x.Region, x.FuelType, x.Transmission, x.BodyType, x.Color, x.Vin, new(x.Photos, x.PhotoAddresses),
        x.AiDescription);

    public DraftSaved Saved(Guid id, Guid seller) => new(
        id, seller, PlateNumber, Make, Model, Year, Mileage, Price, Description, Region, FuelType, Transmission, BodyType, Color, Vin, Photos.Ids)
    {
        AiDescription = AiDescription, PhotoAddresses = Photos.Addresses,
    };

    /// <summary>The draft as a request leaves it: a field left out stays as in <paramref name="before"/>, null clears it.</summary>
    public static Draft Read(Input body, Draft before, DateTimeOffset now) => new(
        Text(body, "plateNumber", 7, before.PlateNumber), Text(body, "make", 50, before.Make), Text(body, "model", 50, before.Model),
        Value(body, "year", () => body.Whole("year", 0, now.Year + 1), before.Year), Value(body, "mileage", body.Mileage, before.Mileage),
        Value(body, "price", () => body.Money("price", 0, 10_000_000), before.Price), Text(body, "description", 5_000, before.Description), Text(body, "region", 191, before.Region),
        Value(body, "fuelType", () => body.OneOf<FuelType>("fuelType"), before.FuelType), Value(body, "transmission", () => body.OneOf<Transmission>("transmission"), before.Transmission),
        Text(body, "bodyType", 191, before.BodyType), Text(body, "color", 191, before.Color), Text(body, "vin", 17, before.Vin),
        !body.Has("images") ? before.Photos : body.IsNull("images") ? new([]) : before.Photos.With(body.Photos(least: 0)),
        Text(body, "aiDescription", 5_000, before.AiDescription));

    /// <summary>The draft as the body of a new advert, to be judged by the same rules.</summary>
    public Input ToAdvert()
    {
        var advert = JsonSerializer.SerializeToNode(this, ListingsJson.Default.Draft)!.AsObject();
        foreach (var missing in advert.Where(f => f.Value is null).Select(f => f.Key).ToList()) advert.Remove(missing);
        advert.Remove("photos");
        advert["images"] = new JsonArray([.. Photos.Ids.Select(id => JsonValue.Create(id.ToString("D")))]);
        return Input.Of(advert);
    }

    private static string? Text(Input body, string field, int most, string? before) =>
        !body.Has(field) ? before : body.IsNull(field) ? null : body.Text(field, 0, most);

    private static T? Value<T>(Input body, string field, Func<T> read, T? before) where T : struct =>
        !body.Has(field) ? before : body.IsNull(field) ? null : read();
}
