using System.Text.Json.Serialization;

namespace KiwiCar.Vehicles;

/// <summary>What a registry says of a car under a plate. Dates are civil days in New Zealand.</summary>
/// <param name="Vin">For nobody but the car's owner: no answer carries it.</param>
/// <param name="Year">Of manufacture.</param>
/// <param name="FuelText">In the registry's words.</param>
/// <param name="FirstRegistered">In New Zealand.</param>
/// <param name="FirstRegisteredOverseas">Where it came used.</param>
/// <param name="RucPaidToKm">Road user charges, which diesel and electric cars pay: the odometer reading they are paid to.</param>
/// <param name="OdometerReadings">Newest first.</param>
internal sealed record RegisteredVehicle(
    string PlateNumber, string? Vin, string? Chassis, string Make, string Model, int Year, string? BodyStyle, string? Color, int? EngineCc, string? FuelText,
    DateOnly? WofExpiry, DateOnly? RegoExpiry, DateOnly? FirstRegistered, DateOnly? FirstRegisteredOverseas, string? ImportedFrom,
    string? CauseOfLatestRegistration, bool? Stolen, int? RucPaidToKm, IReadOnlyList<OdometerReading> OdometerReadings)
{
    /// <summary>Which car it is: plates move.</summary>
    [JsonIgnore]
    public string Car => Vin ?? Chassis ?? $"{PlateNumber} {Make} {Model} {Year}";

    /// <summary>The fuels that adverts know.</summary>
    [JsonIgnore]
    public Fuel? FuelKind => FuelText is null ? null : FuelOf(FuelText);

    private static Fuel FuelOf(string text)
    {
        var electric = Says("ELECTRIC") || Says("BATTERY");
        if (Says("HYBRID") || Says("PLUG") || Says("PHEV") || (electric && (Says("PETROL") || Says("DIESEL")))) return Fuel.HYBRID;
        if (electric) return Fuel.ELECTRIC;
        if (Says("LPG") || Says("CNG") || Says("GAS")) return Fuel.OTHER;
        return Says("DIESEL") ? Fuel.DIESEL : Says("PETROL") ? Fuel.PETROL : Fuel.OTHER;

        bool Says(string word) => text.Contains(word, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>The names that adverts use, too.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Fuel>))]
internal enum Fuel { PETROL, DIESEL, HYBRID, ELECTRIC, OTHER }

/// <param name="Reading">Kilometres.</param>
/// <param name="Unit">That of the odometer: <c>km</c>, <c>mi</c>.</param>
/// <param name="Source">Who read it: <c>WOF</c>, say.</param>
internal sealed record OdometerReading(DateOnly Date, int Reading, string Unit, string Source);
