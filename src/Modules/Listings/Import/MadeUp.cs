using System.Collections.Frozen;
using System.Globalization;
using KiwiCar.Listings.Search;

namespace KiwiCar.Listings.Import;

/// <summary>
/// What an advert needs and the file does not have. Drawn from the row's key, so that every run makes up the same; the description holds
/// what the row says and nothing else.
/// </summary>
internal sealed class MadeUp(RowKey key)
{
    private const string Letters = "ABCDEFGHJKLMNPQRSTUWXYZ"; // no I, O and V on New Zealand plates
    private const decimal MpgTimesLitresPer100Km = 282.481m;  // imperial gallons

    /// <summary>ABC123, the 000 left out.</summary>
    private const uint Plates = 23 * 23 * 23 * 999;

    /// <summary>Shares no factor with <see cref="Plates"/>, so that stepping by it meets every plate once.</summary>
    private const ulong PlateStep = 7_654_321;

    private static readonly string[] Regions = Weighted(
        ("Auckland", 33), ("Canterbury", 13), ("Wellington", 11), ("Waikato", 10), ("Bay of Plenty", 7), ("Manawatū-Whanganui", 5), ("Otago", 5),
        ("Northland", 4), ("Hawke's Bay", 4), ("Taranaki", 3), ("Southland", 2), ("Nelson", 1), ("Tasman", 1), ("Marlborough", 1), ("Gisborne", 1), ("West Coast", 1));

    private static readonly string[] Colors = Weighted(
        ("White", 24), ("Silver", 18), ("Grey", 16), ("Black", 14), ("Blue", 12), ("Red", 9), ("Green", 3), ("Orange", 1), ("Yellow", 1), ("Brown", 1), ("Gold", 1), ("Purple", 1));

    private static readonly string[] UnknownBodies = ["Hatchback", "Sedan", "SUV", "Station Wagon"];

    private static readonly FrozenDictionary<string, string> Bodies = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Hatchback"] = "B-Max Fiesta Focus Ka Ka+ Escort Accent Amica Getz i10 i20 i30 ix20 Ioniq Auris Aygo Corolla iQ Prius Yaris Aqua Vitz Fox Golf Golf_SV Polo Up "
            + "Swift Demio Jazz Fit Leaf Note March Mazda2 Mazda3",
        ["Sedan"] = "Mondeo Fusion i40 Avensis Camry Arteon CC Jetta Passat Axela Atenza Mazda6 Civic",
        ["SUV"] = "EcoSport Edge Kuga Puma ix35 Kona Santa_Fe Terracan Tucson C-HR Land_Cruiser RAV4 Urban_Cruiser T-Cross T-Roc Tiguan Tiguan_Allspace Touareg "
            + "CX-3 CX-5 CX-9 Outlander ASX X-Trail Qashqai Sportage Forester XV CR-V",
        ["Ute"] = "Ranger Hilux Amarok Navara Triton D-Max BT-50 Colorado",
        ["Van"] = "Grand_Tourneo_Connect Tourneo_Connect Tourneo_Custom Transit_Tourneo Transit i800 Proace_Verso Caddy Caddy_Life Caddy_Maxi Caddy_Maxi_Life California "
            + "Caravelle Shuttle Hiace",
        ["Station Wagon"] = "C-Max Grand_C-Max Galaxy S-Max Verso Verso-S Sharan Touran Outback Legacy Fielder",
        ["Coupe"] = "Mustang GT86 Supra Scirocco Veloster Beetle",
        ["Convertible"] = "Streetka Eos MX-5",
    }.SelectMany(b => b.Value.Split(' ').Select(model => (Model: Spelling.Key(model.Replace('_', ' ')), Body: b.Key))).DistinctBy(m => m.Model).ToFrozenDictionary(m => m.Model, m => m.Body, StringComparer.Ordinal);

    private ulong state = key.Seed;

    /// <summary>No two rows of a file have the same (before twelve million of them).</summary>
    public string Plate()
    {
        var n = (uint)((key.FirstPlate + (ulong)key.Number * PlateStep) % Plates);
        var (letters, digits) = Math.DivRem(n, 999);
        return string.Create(CultureInfo.InvariantCulture, $"{Letters[(int)(letters / 529)]}{Letters[(int)(letters / 23 % 23)]}{Letters[(int)(letters % 23)]}{digits + 1:000}");
    }

    public string Region() => OneOf(Regions);

    public string Color() => OneOf(Colors);

    /// <summary>As the model usually is; the same for all cars of a model.</summary>
    public static string BodyType(string make, string model) =>
        Bodies.GetValueOrDefault(Spelling.Key(model)) ?? UnknownBodies[Spelling.Key(make + model).Aggregate(0u, (hash, c) => hash * 31 + c) % UnknownBodies.Length];

    /// <summary>Some 100 to 450 characters.</summary>
    public string Description(AdvertRow row) => string.Join(' ', new[]
    {
        Opening(row), Gearbox(row), Engine(row), Thirst(row), Tax(row),
        OneOf(
            $"Imported advert, number {key.Number} of its list; its plate, region, colour and body type are made up.",
            $"This advert was imported (number {key.Number} of its list). Plate, region, colour and body type are not from the list but made up."),
    }.Where(sentence => sentence.Length > 0));

    private string Opening(AdvertRow row)
    {
        var (car, km) = ($"{row.Make} {row.Model}", row.Kilometres is { } number ? $"{number:N0} km" : "no kilometres given");
        return OneOf(
            $"{row.Year} {car}, {km} on the clock.",
            $"{car} of {row.Year} for sale: {km}.",
            $"This {car} is from {row.Year}. Distance driven: {km}.",
            $"For sale is a {row.Year} {car}. It shows {km}.");
    }

    private string Gearbox(AdvertRow row) => row.Transmission.ToUpperInvariant() switch
    {
        "MANUAL" => OneOf("Manual gearbox.", "The gearbox is a manual one.", "You change the gears by hand."),
        "AUTOMATIC" => OneOf("Automatic gearbox.", "The gearbox is an automatic.", "It changes gears by itself."),
        "SEMI-AUTO" => OneOf("Semi-automatic gearbox.", "The list calls the gearbox semi-automatic."),
        _ => OneOf("", "The list does not say which kind of automatic gearbox it is."),
    };

    private string Engine(AdvertRow row)
    {
        var fuel = row.FuelType.ToLowerInvariant();
        if (fuel.Length == 0 || fuel == "other") fuel = "";
        if (row.Litres is not { } litres || litres is < 0.1m or > 10) return fuel.Length > 0 ? OneOf($"Fuel: {fuel}.", "") : "";
        var engine = $"{litres:0.0}-litre {fuel}".Trim();
        return OneOf($"Engine: {engine}.", $"It has a {engine} engine.", $"Under the bonnet is a {engine} engine.");
    }

    private string Thirst(AdvertRow row)
    {
        if (row.MilesPerGallon is not { } mpg || mpg is < 10 or > 300) return ""; // the list has some that no car can have
        var litres = $"{MpgTimesLitresPer100Km / mpg:0.0} litres per 100 km";
        return OneOf($"Fuel use as advertised: {mpg:0.#} mpg, that is {litres}.", $"The list gives {mpg:0.#} miles per gallon ({litres}).", $"It was advertised with {litres}.", "");
    }

    private string Tax(AdvertRow row) => row.Tax is not { } tax || tax < 0 ? ""
        : tax == 0 ? OneOf("Where it was advertised it paid no annual tax.", "")
        : OneOf($"Annual tax where it was advertised: {tax:0.##} pounds.", $"In the list it stands with an annual tax of {tax:0.##} pounds.", "");

    private string OneOf(params ReadOnlySpan<string> choices) => choices[(int)(Next() % (ulong)choices.Length)];

    // SplitMix64: the same numbers on every machine and under every .NET.
    private ulong Next()
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static string[] Weighted(params IEnumerable<(string Value, int Weight)> values) =>
        [.. values.SelectMany(v => Enumerable.Repeat(v.Value, v.Weight))];
}
