using System.CommandLine;
using System.Globalization;
using System.Text;

namespace KiwiCar.Listings.Pricing;

/// <summary><c>kiwicar estimate</c>: the price model of the API on any file of cars. It needs no server and knows no file by name.</summary>
internal static class EstimatePrices
{
    public static Command Command()
    {
        var evaluate = new Option<string?>("--evaluate") { Description = "A file of cars with prices: learn from four fifths, estimate the others, say how good that was", HelpName = "FILE" };
        var train = new Option<string?>("--train") { Description = "A file of cars with prices to learn from", HelpName = "FILE" };
        var test = new Option<string?>("--test") { Description = "A file of cars to estimate; a price in it is not looked at", HelpName = "FILE" };
        var predictions = new Option<string?>("--predictions") { Description = "Where to write id, price, min, max for each row of --test", HelpName = "FILE" };
        var fields = new Option<string>("--fields") { Description = "prd: make, model, year, mileage, region, fuelType, transmission; all: engineSize, trim, bodyType, seats too", DefaultValueFactory = _ => "all" };
        fields.AcceptOnlyFromAmong("prd", "all");
        var command = new Command("estimate", """
            Estimates prices with the model behind GET /api/ai/price-estimate, learned from a CSV file, plain or gzipped.

            Columns, in any order and case: make, model, year, price, mileage; id, region, fuelType, transmission, engineSize, trim,
            bodyType, seats where known. Prices may be in any currency, mileage and engine size in any unit. Equal rows count once.
            A row with too little to go by gets no price: its fields stay empty. Progress goes to standard error.

            kiwicar estimate --evaluate cars.csv.gz --fields prd
            kiwicar estimate --train known.csv --test unknown.csv --predictions out.csv
            """) { evaluate, train, test, predictions, fields };
        command.SetAction(parse =>
        {
            var all = parse.GetValue(fields) == "all";
            var (file, from, to, into) = (parse.GetValue(evaluate), parse.GetValue(train), parse.GetValue(test), parse.GetValue(predictions));
            if (file is not null && from is null && to is null && into is null) Evaluate(new(file, all));
            else if (file is null && from is not null && to is not null && into is not null) Predict(new(from, all), new(to, all), into);
            else throw new InvalidOperationException("Give either --evaluate FILE, or --train FILE, --test FILE and --predictions FILE. `kiwicar estimate --help` says more.");
        });
        return command;
    }

    private static void Evaluate(MarketFile file)
    {
        var rows = Read(file, priced: true);
        var median = rows.Count == 0 ? 0 : rows.Select(r => r.Price!.Value).Order().ElementAt(rows.Count / 2);
        var sound = rows.Where(r => r.Price < median * Learned.MostTimesMedian && r.Price > median / Learned.MostTimesMedian).ToList();
        var (market, learning) = Learn(sound.Where(r => !r.HeldBack).ToList());
        var held = sound.Where(r => r.HeldBack).ToList();
        var begin = TimeProvider.System.GetTimestamp();
        var answers = held.ConvertAll(r => (Row: r, Estimate: Estimate.Of(market, r.Car)));
        var each = TimeProvider.System.GetElapsedTime(begin).TotalMilliseconds / Math.Max(1, held.Count);
        var given = answers.Where(a => a.Estimate is not null).Select(a => (Price: a.Row.Price!.Value, Estimate: a.Estimate!)).ToList();
        if (given.Count == 0) throw new InvalidOperationException($"{file.Name} has too few cars to hold some back");
        var off = given.ConvertAll(a => Math.Abs(a.Estimate.Price / a.Price - 1));
        var inside = given.Count(a => a.Price >= a.Estimate.Min && a.Price <= a.Estimate.Max);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {file.Name}: {rows.Count:N0} rows with a price{(sound.Count < rows.Count ? $", {rows.Count - sound.Count} of them implausible and left out" : "")}
            learned from {market.Count:N0} cars in {learning.TotalSeconds:0.0} s; {held.Count:N0} held back, {each:0.00} ms for each estimate
            MAPE              {100 * off.Average(),6:0.00} %
            median error      {100 * off.Order().ElementAt(off.Count / 2),6:0.00} %
            within 10 %       {100.0 * off.Count(o => o <= 0.1) / off.Count,6:0.0} %
            in the 85 % band  {100.0 * inside / given.Count,6:0.0} %
            width of the band {100 * given.Average(a => (a.Estimate.Max - a.Estimate.Min) / a.Estimate.Price),6:0.0} % of the price
            no valuation      {held.Count - given.Count,6:N0}
            """));
    }

    private static void Predict(MarketFile train, MarketFile test, string path)
    {
        var (market, _) = Learn(Read(train, priced: true));
        var rows = Read(test, priced: false);
        var text = new StringBuilder("id,price,min,max\n");
        var none = 0;
        foreach (var row in rows)
        {
            var estimate = row.Car is { Make.Length: > 0, Model.Length: > 0 } ? Estimate.Quick(market, row.Car)?.Estimate : null;
            if (estimate is null) none++;
            text.Append(Quoted(row.Id)).Append(estimate is null ? ",,," : string.Create(CultureInfo.InvariantCulture, $",{estimate.Price:0.00},{estimate.Min:0.00},{estimate.Max:0.00}")).Append('\n');
        }
        File.WriteAllText(path, text.ToString());
        Console.WriteLine($"{path}: {rows.Count:N0} rows, {none:N0} of them without a valuation");
    }

    private static (Market Market, TimeSpan Took) Learn(List<MarketRow> rows)
    {
        Console.Error.WriteLine($"Learning from {rows.Count:N0} cars …");
        var begin = TimeProvider.System.GetTimestamp();
        var market = Learned.From(rows.Select(r => r.Priced), TimeProvider.System.GetUtcNow().Year + 1, Environment.ProcessorCount)
            ?? throw new InvalidOperationException($"{rows.Count} cars with a price are too few to learn from; it takes at least {Learned.LeastCars}");
        return (market, TimeProvider.System.GetElapsedTime(begin));
    }

    private static List<MarketRow> Read(MarketFile file, bool priced)
    {
        Console.Error.WriteLine($"Reading {file.Name} …");
        var rows = file.Read(priced);
        foreach (var (reason, count) in file.Notes) Console.Error.WriteLine($"  {count,9:N0} rows: {reason}");
        return rows;
    }

    private static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
