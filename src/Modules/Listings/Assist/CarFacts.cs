using System.Text.Json.Serialization;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Assist;

/// <summary>What a seller says of a car, and so all that a description of it may claim. Mileage in km; dates are civil days in New Zealand.</summary>
/// <param name="Features">Equipment and other facts in the seller's words.</param>
/// <param name="Owners">How many the car has had.</param>
/// <param name="ServiceHistory">Whether the seller has its full service history.</param>
internal sealed record CarFacts(
    string Make, string Model, int Year, int Mileage, FuelType? FuelType, Transmission? Transmission, string? Color, string? BodyType, int? EngineCc, string? Region,
    DateOnly? WofExpiry, DateOnly? RegoExpiry, int? Owners, bool? ServiceHistory, IReadOnlyList<string> Features)
{
    /// <summary>The texts that come from outside, in which numbers and words may stand that are no claims of a writer's.</summary>
    [JsonIgnore]
    public IEnumerable<string> Words => new[] { Make, Model, Color, BodyType, Region }.OfType<string>().Concat(Features);
}
