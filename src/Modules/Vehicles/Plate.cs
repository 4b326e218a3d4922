using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Vehicles;

/// <summary>A New Zealand plate: one to six characters on cars of today, seven allowed by the PRD; capital letters and digits.</summary>
internal static class Plate
{
    /// <summary>As people write it: case, spaces and hyphens are forgiven.</summary>
    /// <exception cref="Rejection">400: it is no plate.</exception>
    public static string Parse(string text)
    {
        var plate = Normalised(text);
        return plate.Length is >= 1 and <= 7 && plate.All(char.IsAsciiLetterOrDigit) ? plate
            : throw Rejection.Invalid("plateNumber", "must be 1 to 7 letters and digits, as ABC123");
    }

    public static string Normalised(string text) => text.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();
}
