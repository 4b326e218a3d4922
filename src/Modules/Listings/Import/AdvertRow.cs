using System.Globalization;
using System.Text.Json.Nodes;

namespace KiwiCar.Listings.Import;

/// <summary>One row of the file.</summary>
/// <param name="Values">What it says in each of <see cref="Columns"/>, without spaces around it; empty where it says nothing.</param>
/// <param name="Line">As it stands in the file.</param>
internal sealed record AdvertRow(RowKey Key, IReadOnlyList<string> Values, string Line)
{
    /// <summary>The columns an import knows; a file may have others. The first <see cref="Needed"/> must be there.</summary>
    public static readonly IReadOnlyList<string> Columns = ["make", "model", "year", "price", "transmission", "mileage", "fuelType", "tax", "mpg", "engineSize"];
    public const int Needed = 7;

    private const decimal KilometresAMile = 1.609344m;

    // Names that are more than a capital at the front.
    private static readonly Dictionary<string, string> Makes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["vw"] = "Volkswagen", ["hyundi"] = "Hyundai", ["merc"] = "Mercedes-Benz", ["mercedes"] = "Mercedes-Benz", ["bmw"] = "BMW", ["mg"] = "MG", ["byd"] = "BYD",
        ["ldv"] = "LDV", ["gwm"] = "GWM",
    };

    public string Make => Makes.TryGetValue(Values[0], out var name) ? name : Capitalised(Values[0]);

    public string Model => Values[1];

    public string Year => Values[2];

    public string Price => Values[3];

    public string Transmission => Values[4];

    /// <summary>The file's miles as whole kilometres; null where they are no number.</summary>
    public decimal? Kilometres => Number(Values[5]) is { } miles ? decimal.Round(miles * KilometresAMile) : null;

    public string FuelType => Values[6];

    /// <summary>Pounds a year.</summary>
    public decimal? Tax => Number(Values[7]);

    public decimal? MilesPerGallon => Number(Values[8]);

    public decimal? Litres => Number(Values[9]);

    /// <summary>The request a client would send for this advert. What the row has wrong stays wrong: it is not for the import to judge.</summary>
    public JsonObject ToRequest()
    {
        var madeUp = new MadeUp(Key);
        var request = new JsonObject
        {
            ["plateNumber"] = madeUp.Plate(),
            ["region"] = madeUp.Region(),
            ["color"] = madeUp.Color(),
            ["bodyType"] = MadeUp.BodyType(Make, Model),
            ["transmission"] = Transmission.Equals("Manual", StringComparison.OrdinalIgnoreCase) ? "MANUAL" : "AUTOMATIC",
            ["description"] = madeUp.Description(this),
            ["images"] = new JsonArray(),
        };
        Say("make", Make);
        Say("model", Model);
        Say("fuelType", FuelType.ToUpperInvariant());
        Say("year", Year, Number(Year));
        Say("price", Price, Number(Price));
        Say("mileage", Values[5], Kilometres);
        return request;

        // Nothing in the file is nothing in the request, and what should be a number and is none goes as the text it is.
        void Say(string field, string text, decimal? number = null)
        {
            if (text.Length > 0) request[field] = number is { } value ? JsonValue.Create(value) : JsonValue.Create(text);
        }
    }

    private static decimal? Number(string text) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        && Math.Abs(number) < 1_000_000_000_000 ? number : null;

    private static string Capitalised(string text) =>
        text.Length > 0 && !text.Any(char.IsUpper) ? char.ToUpperInvariant(text[0]) + text[1..] : text;
}
