using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Search;

namespace KiwiCar.Listings;

/// <summary>The fields of an advert and their bounds (the PRD's zod schema, 5.4), shared by everything that takes one.</summary>
internal static partial class Fields
{
    public const int MostPhotos = 10, LeastPhotos = 3;

    private static readonly Dictionary<string, string> Regions = Known("Northland", "Auckland", "Waikato", "Bay of Plenty", "Gisborne", "Hawke's Bay",
        "Taranaki", "Manawatū-Whanganui", "Wellington", "Tasman", "Nelson", "Marlborough", "West Coast", "Canterbury", "Otago", "Southland");

    private static readonly Dictionary<string, string> BodyTypes = Known("Sedan", "Hatchback", "Station Wagon", "SUV", "Ute", "Van", "Coupe", "Convertible", "Other");

    private static readonly Dictionary<string, string> Colors = Known("White", "Silver", "Grey", "Black", "Blue", "Red", "Green", "Yellow", "Orange", "Brown", "Gold", "Purple");

    public static string PlateNumber(this Input body) =>
        body.Text("plateNumber", 1, 7, Plate(), "must be 1 to 7 capital letters and digits, without spaces");

    public static int Year(this Input body, DateTimeOffset now) => body.Whole("year", 1900, now.Year + 1);

    public static int Mileage(this Input body) => body.Whole("mileage", 0, 1_000_000);

    public static decimal Price(this Input body) => body.Money("price", 100, 10_000_000);

    public static string Description(this Input body) => ControlCharacters().Replace(body.Text("description", 50, 5_000), "");

    /// <summary>What a generator wrote; null takes it away.</summary>
    public static string? AiDescription(this Input body) =>
        body.IsNull("aiDescription") || !body.Has("aiDescription") ? null : ControlCharacters().Replace(body.Text("aiDescription", 0, 5_000), "");

    /// <summary>Why an advert told of more kilometres than the car has.</summary>
    public static string? MileageReason(this Input body) => body.Has("mileageReason") ? ControlCharacters().Replace(body.Text("mileageReason", 5, 200), "") : null;

    public static string Region(this Input body) => Canonical(Regions, body.Text("region"));

    public static string BodyType(this Input body) => Canonical(BodyTypes, body.Text("bodyType"));

    public static string Color(this Input body) => Canonical(Colors, body.Text("color"));

    public static IReadOnlyList<Guid> Photos(this Input body, int least = LeastPhotos) => body.Ids("images", least, MostPhotos);

    /// <summary>A VIN, or the chassis number of an import; null where none is given.</summary>
    public static string? Vin(this Input body) => !body.Has("vin") ? null
        : body.Text("vin", 6, 17, Chassis(), "must be a 17-character VIN (no I, O, Q) or a chassis number of 6 to 16 letters, digits and hyphens").ToUpperInvariant();

    /// <summary>The known spelling where there is one (case, macrons, apostrophes, hyphens forgiven), else the text as given.</summary>
    private static string Canonical(Dictionary<string, string> known, string text) => known.GetValueOrDefault(Spelling.Key(text), text);

    private static Dictionary<string, string> Known(params string[] labels) => labels.ToDictionary(Spelling.Key, StringComparer.Ordinal);

    private const int Milliseconds = 100; // for a match; the texts are short and the patterns straight

    [GeneratedRegex(@"\A[A-Z0-9]{1,7}\z", RegexOptions.ExplicitCapture, Milliseconds)]
    private static partial Regex Plate();

    [GeneratedRegex(@"\A([A-HJ-NPR-Z0-9]{17}|[A-Z0-9-]{6,16})\z", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, Milliseconds)]
    private static partial Regex Chassis();

    [GeneratedRegex(@"[\p{Cc}-[\r\n\t]]", RegexOptions.ExplicitCapture, Milliseconds)]
    private static partial Regex ControlCharacters();
}
