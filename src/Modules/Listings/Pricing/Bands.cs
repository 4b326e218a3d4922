namespace KiwiCar.Listings.Pricing;

/// <summary>
/// How far from the estimate a car's price may be: a width for such a car, learned from how far held-back cars were off, and around it the
/// bounds within which 85 % of them fell (a conformal band). The share that is told is measured among cars of like width.
/// </summary>
internal sealed class Bands
{
    /// <summary>The share of cars that shall fall in the band.</summary>
    public const double Share = 0.85;

    private const int CarsABucket = 250;

    private static readonly BoostingSettings Settings = new() { Trees = 60, Leaves = 12, LeastCars = 40, Rate = 0.1, Caution = 20, Patience = 15 };

    public static Bands None { get; } = new([], 0.2);

    private readonly Half[] halves;
    private readonly double floor;
    private double low = -1, high = 1;
    private double[] widths = [], shares = [Share];

    private Bands(Half[] halves, double floor) => (this.halves, this.floor) = (halves, floor);

    /// <param name="judged">Held-back cars, by how much each was dearer than the estimate (a logarithm), and which half it is in: each half's widths are learned from the other.</param>
    public static Bands Fit((Appraisal Car, double Error, int Half)[] judged)
    {
        if (judged.Length == 0) return None;
        var cars = Array.ConvertAll(judged, j => j.Car.Car);
        var extras = Array.ConvertAll(judged, j => Extras(j.Car));
        var least = Math.Max(1e-3, judged.Select(j => Math.Abs(j.Error)).Order().ElementAt(judged.Length / 2) / 5);
        var sizes = Array.ConvertAll(judged, j => Math.Log(Math.Abs(j.Error) + least));
        var mean = sizes.Average();
        var learned = Array.ConvertAll(new[] { 0, 1 }, half => Half.Fit(cars, extras, Array.ConvertAll(sizes, s => s - mean), judged, half));
        var bands = new Bands(learned, Math.Exp(mean));
        bands.Calibrate(Array.ConvertAll(judged, j => (j.Error, bands.Width(j.Car, 1 - j.Half))));
        return bands;
    }

    /// <summary>The bounds around an estimate, as logarithms, and the share of cars that fall between them.</summary>
    public (double Low, double High, double Confidence) Around(Appraisal car)
    {
        var width = Width(car, -1);
        var bucket = Array.FindIndex(widths, w => width <= w);
        return (car.Price + low * width, car.Price + high * width, shares[bucket < 0 ? shares.Length - 1 : bucket]);
    }

    private void Calibrate((double Error, double Width)[] cars)
    {
        var ratios = cars.Select(c => c.Error / c.Width).Order().ToArray();
        var tail = (1 - Share) / 2;
        low = Math.Min(0, ratios[Math.Max(0, (int)Math.Floor(tail * (ratios.Length + 1)) - 1)]);
        high = Math.Max(0, ratios[Math.Min(ratios.Length - 1, (int)Math.Ceiling((1 - tail) * (ratios.Length + 1)) - 1)]);
        var buckets = cars.OrderBy(c => c.Width).Chunk(Math.Max(CarsABucket, cars.Length / 10)).ToList();
        if (buckets.Count > 1 && buckets[^1].Length < CarsABucket) (buckets[^2], buckets) = ([.. buckets[^2], .. buckets[^1]], buckets[..^1]);
        widths = [.. buckets.Select(b => b[^1].Width)];
        shares = [.. buckets.Select(b => (double)b.Count(c => c.Error >= low * c.Width && c.Error <= high * c.Width) / b.Length)];
    }

    private double Width(Appraisal car, int half)
    {
        if (halves.Length == 0) return floor;
        var extras = Extras(car);
        var size = half >= 0 ? halves[half].Of(car.Car, extras) : (halves[0].Of(car.Car, extras) + halves[1].Of(car.Car, extras)) / 2;
        return floor * Math.Exp(Math.Clamp(size, -2, 2));
    }

    // What tells a sure estimate from a daring one: how alike the neighbours' prices are, and how many there are.
    private static double[] Extras(Appraisal car) => [car.Price, car.Neighbours.Spread, car.Neighbours.Weight, Math.Log(1 + car.Same.Count)];

    private sealed record Half(Columns Columns, Boosting Trees)
    {
        public static Half Fit(Coded[] cars, double[][] extras, double[] sizes, (Appraisal Car, double Error, int Half)[] judged, int half)
        {
            var all = Enumerable.Range(0, cars.Length).ToArray();
            var (chosen, held) = (Array.FindAll(all, i => judged[i].Half == half), Array.FindAll(all, i => judged[i].Half != half));
            var columns = new Columns(cars, extras, chosen);
            var table = new Table(columns, cars, extras);
            var trees = Boosting.Fit(table, sizes, Array.ConvertAll(sizes, _ => 1.0), chosen, held, 3, 7, Settings);
            trees.Keep(trees.Losses.IndexOf(trees.Losses.Min()), table);
            return new(columns, trees);
        }

        public double Of(Coded car, double[] extras)
        {
            Span<byte> row = stackalloc byte[Columns.Count];
            Columns.Fill(car, extras, row);
            return Trees.Of(row);
        }
    }
}
