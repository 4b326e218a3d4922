namespace KiwiCar.Listings.Pricing;

/// <summary>What was learned from a market at one time; it never changes, and is asked about cars that came later too.</summary>
internal sealed class Learned
{
    /// <summary>With fewer cars nothing can be learned.</summary>
    public const int LeastCars = 20;

    private const int FewCars = 2_000, JudgedCars = 8_000;

    /// <summary>A price this many times above or below the median is a slip or a placeholder.</summary>
    public const double MostTimesMedian = 500;

    private static readonly double[] Cautions = [3, 10, 30, 100];

    private readonly Codes codes;
    private readonly Fold[] folds;

    private Learned(Codes codes, Fold[] folds, int newest, double mileageUnit)
    {
        (this.codes, this.folds, Newest, MileageUnit) = (codes, folds, newest, mileageUnit);
        Sigma = folds.Average(f => f.Hedonic.Sigma);
        Shrinkage = (folds.Average(f => f.Hedonic.Shrinkage.Make), folds.Average(f => f.Hedonic.Shrinkage.Model));
    }

    /// <summary>The newest year a car can be of.</summary>
    public int Newest { get; }

    public double Sigma { get; }

    /// <summary>How many cars of a new make, of a new model of a known make, are believed by half.</summary>
    public (double Make, double Model) Shrinkage { get; }

    /// <summary>As much mileage as counts like a year.</summary>
    public double MileageUnit { get; }

    public double Caution { get; private set; } = 10;

    public Bands Bands { get; private set; } = Bands.None;

    public int Parts => folds.Length;

    /// <summary>Null where there are too few cars.</summary>
    /// <param name="newest">The newest year a car can be of; later ones are slips, and count as unknown.</param>
    /// <param name="threads">How many may work at the same time; 1 = the caller alone.</param>
    public static Market? From(IEnumerable<PricedCar> adverts, int newest, int threads, BoostingSettings? settings = null)
    {
        // In the order of the ids, so that the order in which they came does not matter.
        var cars = Plausible(adverts).OrderBy(c => c.Id).ToArray();
        if (cars.Length < LeastCars) return null;
        var points = Array.ConvertAll(cars, c => Point.Of(c.Car, newest));
        var numbers = new Codes(points);
        var coded = Array.ConvertAll(points, p => new Coded(numbers.Of(p), p));
        var prices = Array.ConvertAll(cars, c => Math.Log(c.Price));
        var parts = cars.Length < FewCars ? 10 : 5;
        var part = Array.ConvertAll(cars, c => PartOf(c.Id, parts));
        var (learnedFolds, predictions) = Fold.LearnAll(coded, prices, Array.ConvertAll(cars, c => c.Weight), part, parts, settings ?? new(), threads);
        var learned = new Learned(numbers, learnedFolds, newest, new Curve(points.Select(p => p[Measure.Mileage]), [0.5]).Spread / 2);
        var market = Market.Of(learned, Enumerable.Range(0, cars.Length)
            .Select(i => new Comparable(cars[i], points[i], prices[i], Array.ConvertAll(predictions, p => (float)p[i]), part[i])));
        learned.Judge(market, [.. Enumerable.Range(0, cars.Length).OrderBy(i => Scatter(cars[i].Id)).Take(JudgedCars).Select(i => cars[i])], threads);
        return market;
    }

    /// <summary>Leaves out prices that cannot be meant.</summary>
    public static IEnumerable<PricedCar> Plausible(IEnumerable<PricedCar> adverts)
    {
        var priced = adverts.Where(a => a.Price > 0 && double.IsFinite(a.Price)).ToArray();
        if (priced.Length == 0) return [];
        var median = priced.Select(a => a.Price).Order().ElementAt(priced.Length / 2);
        return priced.Where(a => a.Price < median * MostTimesMedian && a.Price > median / MostTimesMedian);
    }

    public Coded Code(Point point) => new(codes.Of(point), point);

    /// <summary>Whether there was a car with this word.</summary>
    public bool Knows(Point point, Word word) => codes.Of(point)[(int)word] > 0;

    /// <param name="judge">The fold to ask; negative = all of them, on average.</param>
    public double Predict(Point point, int judge)
    {
        var car = Code(point);
        return judge >= 0 ? folds[judge].Predict(car) : folds.Sum(f => f.Predict(car)) / folds.Length;
    }

    public Comparable Compare(PricedCar advert)
    {
        var point = Point.Of(advert.Car, Newest);
        var car = Code(point);
        return new(advert, point, Math.Log(advert.Price), Array.ConvertAll(folds, f => (float)f.Predict(car)), -1);
    }

    // How much the neighbours help, and how far estimates are off, is measured on cars as if they had just come.
    private void Judge(Market market, PricedCar[] cars, int threads)
    {
        var tuned = cars.Take(JudgedCars / 4).ToArray();
        Caution = Cautions.MinBy(caution =>
        {
            Caution = caution;
            return tuned.AsParallel().WithDegreeOfParallelism(threads).Sum(c => market.Appraise(c.Car, c.Id) is { } a ? Math.Round(1e6 * Math.Abs(Math.Log(c.Price) - a.Price)) : 0);
        });
        Bands = Bands.Fit([.. cars.AsParallel().AsOrdered().WithDegreeOfParallelism(threads).Select(c => (market.Appraise(c.Car, c.Id), Math.Log(c.Price), PartOf(c.Id, 2)))
            .Where(a => a.Item1 is not null).Select(a => (a.Item1!, a.Item2 - a.Item1!.Price, a.Item3))]);
    }

    /// <summary>The part of the cross-validation that an advert is in, and the fold that was not shown it.</summary>
    public int PartOf(Guid id) => PartOf(id, folds.Length);

    private static int PartOf(Guid id, int parts) => (int)(Scatter(id) % (uint)parts);

    private static uint Scatter(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes);
        var hash = 2166136261u; // FNV-1a: ids of one moment differ in few bytes
        foreach (var b in bytes) hash = (hash ^ b) * 16777619;
        return (hash ^ hash >> 15) * 2246822519 >> 3;
    }
}
