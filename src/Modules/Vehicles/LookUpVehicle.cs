using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Vehicles;

/// <summary>A plate fills the form of an advert.</summary>
internal static class LookUpVehicle
{
    /// <param name="Year">Of manufacture.</param>
    /// <param name="FuelType"><c>Petrol</c>, <c>Diesel</c>, <c>Hybrid</c>, <c>Electric</c>, <c>Other</c>; in capitals what adverts take.</param>
    /// <param name="FuelText">In the registry's words.</param>
    /// <param name="WofStatus"><c>Current</c> or <c>Expired</c>, today in New Zealand; null where no date is known. The same with <paramref name="RegoStatus"/>.</param>
    /// <param name="FirstRegistered">In New Zealand.</param>
    /// <param name="RucPaidToKm">Road user charges, of diesel and electric cars: the reading they are paid to.</param>
    /// <param name="Stale">The registry does not answer; this is what it said at <paramref name="FetchedAt"/>.</param>
    /// <param name="Source"><c>nzta</c>; <c>sandbox</c> made the car up.</param>
    public sealed record Response(
        string PlateNumber, string Make, string Model, int Year, string? BodyStyle, string? Color, int? EngineCc, string? FuelType, string? FuelText,
        string? WofStatus, DateOnly? WofExpiry, string? RegoStatus, DateOnly? RegoExpiry, DateOnly? FirstRegistered, DateOnly? FirstRegisteredOverseas, string? ImportedFrom,
        string? CauseOfLatestRegistration, bool? Stolen, int? RucPaidToKm, IReadOnlyList<OdometerReading> OdometerReadings, bool Cached,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Stale, string Source, DateTimeOffset FetchedAt);

    public static async Task<Ok<Response>> Handle(
        string plateNumber, CurrentUser? user, KnownVehicles vehicles, LookupQuota quota, TimeProvider clock, HttpContext http, CancellationToken ct)
    {
        var plate = Plate.Parse(plateNumber);
        var place = await quota.Take(Asker.Of(user, http), plate, ct);
        Known known;
        try
        {
            known = await vehicles.Find(plate, ct);
        }
        catch
        {
            await place.GiveBack();
            throw;
        }
        if (known.Stale) await place.GiveBack();
        http.Response.Headers["X-Lookups-Remaining"] = $"{(known.Stale ? place.Standing.Remaining + 1 : place.Standing.Remaining)}";
        return known.Answer is { } answer ? TypedResults.Ok(Of(answer, known, NewZealand.DayOf(clock.GetUtcNow())))
            : throw Rejection.NotFound($"No vehicle has the plate {plate}; check it, or fill in the car yourself");
    }

    /// <summary>A warrant, a registration holds to the end of its last day.</summary>
    public static string? StatusOf(DateOnly? expiry, DateOnly today) => expiry is not { } last ? null : last >= today ? "Current" : "Expired";

    private static Response Of(KeptAnswer answer, Known known, DateOnly today)
    {
        var v = answer.Vehicle;
        return new(v.PlateNumber, v.Make, v.Model, v.Year, v.BodyStyle, v.Color, v.EngineCc, Label(v.FuelKind), v.FuelText,
            StatusOf(v.WofExpiry, today), v.WofExpiry, StatusOf(v.RegoExpiry, today), v.RegoExpiry, v.FirstRegistered, v.FirstRegisteredOverseas, v.ImportedFrom,
            v.CauseOfLatestRegistration, v.Stolen, v.RucPaidToKm, v.OdometerReadings, known.Cached, known.Stale, answer.Source, answer.FetchedAt);
    }

    private static string? Label(Fuel? fuel) => fuel is { } name ? $"{name}"[..1] + $"{name}"[1..].ToLowerInvariant() : null;
}
