using System.Diagnostics;
using System.Globalization;
using System.Text;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Search;

namespace KiwiCar.Bench;

/// <summary>The search index alone, on made-up markets of 100,000 and 1,000,000 cars: what a query, a change, a listing cost.</summary>
internal static class SearchIndexBench
{
    private const int Seed = 20260131;
    private const int TimesRoom = 200_000;

    private static readonly (string Name, ListingQuery Query)[] Kinds =
    [
        ("nothing, newest", new()),
        ("nothing, page 2", new() { Page = 2 }),
        ("nothing, dearest, page 5", new() { Sort = SortOrder.PriceDesc, Page = 5 }),
        ("make", new() { Makes = ["toyota"] }),
        ("make, model, cheapest", new() { Makes = ["toyota"], Models = ["corolla"], Sort = SortOrder.PriceAsc }),
        ("2 makes, region", new() { Makes = ["toyota", "mazda"], Regions = ["auckland"] }),
        ("price band, cheapest", new() { MinPrice = 5_000, MaxPrice = 15_000, Sort = SortOrder.PriceAsc }),
        ("price band, 2 regions, page 3", new() { MinPrice = 10_000, MaxPrice = 20_000, Regions = ["wellington", "canterbury"], Page = 3 }),
        ("body, year, price, dearest", new() { BodyTypes = ["suv"], MinYear = 2018, MaxPrice = 40_000, Sort = SortOrder.PriceDesc }),
        ("mileage, least driven, page 4", new() { MaxMileage = 60_000, Sort = SortOrder.MileageAsc, Page = 4 }),
        ("fuel, gearbox, region, page 2", new() { FuelTypes = [FuelType.HYBRID], Transmissions = [Transmission.AUTOMATIC], Regions = ["auckland"], Page = 2 }),
        ("every filter", new()
        {
            Text = "towbar", Makes = ["toyota", "ford"], Models = ["hilux", "ranger"], Regions = ["auckland", "waikato"], FuelTypes = [FuelType.DIESEL],
            Transmissions = [Transmission.AUTOMATIC], BodyTypes = ["ute"], Colors = ["white"], MinYear = 2010, MaxYear = 2022, MinPrice = 5_000,
            MaxPrice = 60_000, MinMileage = 10_000, MaxMileage = 250_000, Sort = SortOrder.PriceAsc,
        }),
        ("20 models", new() { Models = [.. Market.Models.Take(20).Select(x => x.Model)] }),
        ("q: towbar", new() { Text = "towbar" }),
        ("q: one owner, region", new() { Text = "one owner", Regions = ["otago"] }),
        ("q: cx-5", new() { Text = "cx-5" }),
        ("q: c (one letter)", new() { Text = "c" }),
        ("100 on a page", new() { Makes = ["toyota"], Limit = 100 }),
        ("reduced, since a month", new() { Reduced = true, ListedSince = new(2025, 2, 20, 0, 0, 0, TimeSpan.Zero) }),
        ("newest, past the middle", new() { Page = int.MaxValue }),
        ("cheapest, past the middle", new() { Page = int.MaxValue, Sort = SortOrder.PriceAsc }),
    ];

    private static readonly (string Name, ListingQuery Query)[] Options =
    [
        ("options: make", new() { Makes = ["toyota"] }),
        ("options: make, model", new() { Makes = ["suzuki"], Models = ["swift"] }),
        ("options: year, nearly all", new() { MinYear = 2001 }),
        ("options: price, region, body", new() { MinPrice = 5_000, MaxPrice = 30_000, Regions = ["auckland", "waikato"], BodyTypes = ["suv", "hatchback"] }),
        ("options: q, fuel", new() { Text = "one owner", FuelTypes = [FuelType.PETROL] }),
        ("options: every filter", Kinds.Single(x => x.Name == "every filter").Query),
    ];

    public static void Run(TextWriter output)
    {
        Run(TextWriter.Null, 10_000); // lets the runtime compile for speed, unseen
        foreach (var size in (int[])[100_000, 1_000_000]) Run(output, size);
    }

    private static void Run(TextWriter output, int size)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var market = new Market(Seed);
        var index = new ListingIndex();
        var ids = new Guid[size];
        var loading = TimeSpan.Zero;
        for (var i = 0; i < size; i++)
        {
            var listing = market.Next();
            ids[i] = listing.Id;
            var start = Stopwatch.GetTimestamp();
            index.Put(listing);
            loading += Stopwatch.GetElapsedTime(start);
        }
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before - size * 16L) / (double)size;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{size:N0} listings: {bytes:N0} bytes each, loaded in {loading.TotalSeconds:N2} s ({loading.TotalMicroseconds / size:N1} us each)\n"));
        output.WriteLine($"{"query",-32}{"total",10}{"p50 us",10}{"p99 us",10}{"bytes",10}");
        foreach (var (name, query) in Kinds) Report(output, name, index, query.Page == int.MaxValue ? query with { Page = size / 40 + 1 } : query);
        foreach (var (name, query) in Options) Report(output, name, index.Search(query).Total, Timings(_ => index.Options(query)));
        Report(output, "options: nothing", size, Timings(_ => index.Options(new())));
        Report(output, "options: nothing, after a change", size, Timings(i => { index.SetPrice(ids[i % size], 10_000m); index.Options(new()); }));
        foreach (var number in (int[])[0, 1, 2]) Report(output, index.Find(ids[number])!, index);
        foreach (var (name, change) in Changes(index, ids, market)) Report(output, name, total: null, Timings(change));
    }

    private static void Report(TextWriter output, string name, ListingIndex index, ListingQuery query) =>
        Report(output, name, index.Search(query).Total, Timings(_ => index.Search(query)));

    private static void Report(TextWriter output, IndexedListing x, ListingIndex index)
    {
        var car = new Likened(x.Id, x.Make, x.Model, x.BodyType, x.Year, x.Mileage, x.Price);
        Report(output, $"similar: {x.Make} {x.Model}", index.Search(new() { Models = [$"{x.Make} {x.Model}"] }).Total, Timings(_ => index.Similar(car, 6)));
    }

    private static IEnumerable<(string Name, Action<int> Change)> Changes(ListingIndex index, Guid[] ids, Market market)
    {
        var random = new Random(Seed);
        yield return ("SetPrice", _ => index.SetPrice(ids[random.Next(ids.Length)], random.Next(1_000, 90_000)));
        var others = Enumerable.Range(0, 5_000).Select(_ => market.Next() with { Id = ids[random.Next(ids.Length)] }).ToArray();
        yield return ("Put, in place of another", i => index.Put(others[i % others.Length]));
        yield return ("Remove and Put", i => { index.Remove(others[i % others.Length].Id); index.Put(others[i % others.Length]); });
    }

    private static void Report(TextWriter output, string name, int? total, (double P50, double P99, long Bytes) x) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-32}{total,10:N0}{x.P50,10:N1}{x.P99,10:N1}{x.Bytes,10:N0}"));

    /// <summary>Microseconds and bytes allocated of one call among many, after as many to warm up.</summary>
    private static (double P50, double P99, long Bytes) Timings(Action<int> call)
    {
        Times(call);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var times = Times(call);
        var bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated - TimesRoom * sizeof(double)) / times.Count;
        times.Sort();
        return (times[times.Count / 2], times[times.Count * 99 / 100], bytes);
    }

    /// <summary>Of as many calls as fit into a fifth of a second.</summary>
    private static List<double> Times(Action<int> call)
    {
        var times = new List<double>(TimesRoom);
        var until = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 5;
        while (Stopwatch.GetTimestamp() < until)
        {
            var start = Stopwatch.GetTimestamp();
            call(times.Count);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }
        return times;
    }

    /// <summary>Listings like New Zealand's, always the same for a seed, the oldest first.</summary>
    private sealed class Market(int seed)
    {
        public static readonly (string Make, string Model, string Body)[] Models =
        [
            ("Toyota", "Corolla", "Hatchback"), ("Ford", "Ranger", "Ute"), ("Toyota", "Hilux", "Ute"), ("Mazda", "CX-5", "SUV"),
            ("Nissan", "Leaf", "Hatchback"), ("Toyota", "Aqua", "Hatchback"), ("Suzuki", "Swift", "Hatchback"), ("Mitsubishi", "Outlander", "SUV"),
            ("Mazda", "Demio", "Hatchback"), ("Honda", "Fit", "Hatchback"), ("Subaru", "Outback", "Wagon"), ("Toyota", "RAV4", "SUV"),
            ("Mazda", "Axela", "Hatchback"), ("Nissan", "X-Trail", "SUV"), ("Volkswagen", "Golf", "Hatchback"), ("Toyota", "Land Cruiser Prado", "SUV"),
            ("Hyundai", "Tucson", "SUV"), ("BMW", "320i", "Sedan"), ("Holden", "Commodore", "Sedan"), ("Kia", "Sportage", "SUV"),
            ("Mitsubishi", "Triton", "Ute"), ("Subaru", "Legacy", "Wagon"), ("Honda", "CR-V", "SUV"), ("Audi", "A4", "Sedan"),
            ("Mercedes-Benz", "C200", "Sedan"), ("Isuzu", "D-Max", "Ute"), ("Tesla", "Model 3", "Sedan"), ("Mazda", "Mazda3", "Hatchback"),
            ("Nissan", "Navara", "Ute"), ("Suzuki", "Jimny", "SUV"), ("Ford", "Focus", "Hatchback"), ("Lexus", "RX350", "SUV"),
            ("Land Rover", "Discovery", "SUV"), ("MG", "ZS", "SUV"), ("Volvo", "XC60", "SUV"), ("Peugeot", "308", "Hatchback"),
            ("BYD", "Atto 3", "SUV"), ("Porsche", "911", "Coupe"), ("MINI", "Cooper", "Hatchback"), ("LDV", "T60", "Ute"),
        ];

        private static readonly string[] Regions =
        [
            "Auckland", "Auckland", "Auckland", "Auckland", "Canterbury", "Wellington", "Waikato", "Bay of Plenty", "Manawatū-Whanganui", "Otago",
            "Northland", "Hawke's Bay", "Taranaki", "Southland", "Tasman", "Nelson", "Gisborne", "Marlborough", "West Coast",
        ];

        private static readonly string[] Colors = ["White", "White", "Silver", "Silver", "Black", "Grey", "Blue", "Red", "Green", "Pearl"];

        private static readonly string[] Sentences =
        [
            "Selling my much loved car.", "Tidy car looking for a new home.", "Excellent condition inside and out.", "One owner, NZ new.",
            "Fresh import, just landed and compliance done.", "Reliable, never let us down.", "Well maintained with full service history.",
            "WOF until June and rego until August 2026.", "Serviced every 10,000 km, all receipts available.", "Cambelt done at 100,000 km.",
            "Chain driven engine, no cambelt to replace.", "Towbar fitted and rated to 2,000 kg.", "Four new tyres last month.",
            "Reversing camera, Bluetooth and cruise control.", "Apple CarPlay and Android Auto.", "Heated leather seats and sunroof.",
            "Roof racks and weather shields included.", "Canopy and deck liner fitted.", "Non-smoker, no pets.", "Always garaged.",
            "A few small scratches on the rear bumper, see photos.", "Very economical around town.", "Perfect for the family and weekends at the bach.",
            "Alloy wheels and fog lights.", "Radar cruise control and lane assist.", "Finance and trade-ins welcome.", "No time wasters please.",
            "Price is negotiable, cash or bank transfer.", "Viewings welcome any evening or weekend.", "Sad to see it go, moving overseas.",
        ];

        private static readonly DateTimeOffset Start = new(2025, 1, 31, 0, 0, 0, TimeSpan.Zero);
        private readonly Random _random = new(seed);
        private int _made;

        public IndexedListing Next()
        {
            var (make, model, body) = Models[Skewed(Models.Length)];
            var age = (int)(26 * Math.Pow(_random.NextDouble(), 1.4));
            var published = Start.AddSeconds(30.0 * _made++);
            return new(
                NextGuid(), new Guid(Skewed(20_000), 0, 0, new byte[8]), make, model, 2026 - age, age * _random.Next(7_000, 17_000) + _random.Next(5_000),
                Math.Round(1_500 + 60_000 * (decimal)(Math.Pow(0.88, age) * (0.5 + _random.NextDouble())), 2), Pick(Regions),
                body == "Ute" ? FuelType.DIESEL : (FuelType)Skewed(4), (Transmission)Skewed(2), body, Pick(Colors), Description(make, model),
                NextGuid(), published, published) { ListedPrice = _made % 5 == 0 ? 90_000 : 1_000 };
        }

        /// <summary>Six sentences that everybody writes, six words of 50,000, the rarer the further back, and sometimes one that nobody else has.</summary>
        private string Description(string make, string model)
        {
            var said = Enumerable.Range(0, 6).Select(_ => Pick(Sentences));
            var own = Enumerable.Range(0, 6).Select(_ => Word(Skewed(50_000)));
            return $"{make} {model}. {string.Join(' ', said)} {string.Join(' ', own)}{(_random.Next(3) == 0 ? $" Call 021{_random.Next(10_000_000):D7}" : "")}";
        }

        private static string Word(int rank)
        {
            var word = new StringBuilder();
            for (var rest = rank * 7919 % 50_000 + 50; rest > 0; rest /= 60) word.Append("bcdfghjklmnp"[rest % 12]).Append("aeiou"[rest / 12 % 5]);
            return word.ToString();
        }

        private T Pick<T>(T[] values) => values[_random.Next(values.Length)];

        private int Skewed(int below) => (int)(below * Math.Pow(_random.NextDouble(), 3));

        private Guid NextGuid()
        {
            Span<byte> bytes = stackalloc byte[16];
            _random.NextBytes(bytes);
            return new(bytes);
        }
    }
}
