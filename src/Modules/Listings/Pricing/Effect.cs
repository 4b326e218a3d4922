namespace KiwiCar.Listings.Pricing;

/// <summary>
/// One kind of deviation from the market, with a value for each group of cars (each make, each model of a year …), times a slope where it has one.
/// </summary>
/// <param name="key">The group of a car; negative where it has none.</param>
/// <param name="slope">What the group's value is multiplied with; null = 1.</param>
internal sealed class Effect(Func<Coded, long> key, Func<Coded, double>? slope = null)
{
    private const double FirstGuess = 0.04; // τ², before the market has said otherwise

    private readonly Dictionary<long, int> groups = [];
    private double[] values = [];

    /// <summary>τ²: how different the groups are, as far as the market tells.</summary>
    public double Variance { get; private set; } = FirstGuess;

    /// <summary>The kinds there are. The first three are make, family and model.</summary>
    public static Effect[] All(Curve year, Curve mileage, Curve engine)
    {
        double Year(Coded c) => year.Standard(c[Measure.Year]);
        double Mileage(Coded c) => mileage.Standard(c[Measure.Mileage]);
        double Engine(Coded c) => engine.Standard(c[Measure.Engine]);
        double Bend(Coded c) => Year(c) * Year(c);
        return
        [
            new(c => Of(c, Word.Make)), new(c => Of(c, Word.Family)), new(c => Of(c, Word.Model)),
            new(c => Of(c, Word.FuelType)), new(c => Of(c, Word.Transmission)), new(c => Of(c, Word.Region)), new(c => Of(c, Word.BodyType)),
            new(c => Of(c, Word.Seats)), new(c => Of(c, Word.Trim)), new(YearOf),
            new(c => Of(c, Word.Make), Year), new(c => Of(c, Word.Family), Year), new(c => Of(c, Word.Model), Year), new(c => Of(c, Word.Model), Bend),
            new(c => Of(c, Word.Make), Mileage), new(c => Of(c, Word.Model), Mileage), new(c => Of(c, Word.Make), Engine), new(c => Of(c, Word.Model), Engine),
            new(c => Both(Of(c, Word.Make), YearOf(c))), new(c => Both(Of(c, Word.Model), YearOf(c))),
            new(c => Both(Of(c, Word.Make), Of(c, Word.FuelType))), new(c => Both(Of(c, Word.Make), Of(c, Word.Transmission))),
            new(c => Both(Of(c, Word.Model), Of(c, Word.FuelType))), new(c => Both(Of(c, Word.Model), Of(c, Word.Transmission))),
            new(c => Both(Of(c, Word.Model), Of(c, Word.BodyType))), new(c => Both(Of(c, Word.Make), Of(c, Word.Trim))), new(c => Both(Of(c, Word.Model), Of(c, Word.Trim))),
            new(c => Both(Of(c, Word.Model), EngineOf(c))), new(c => Both(Of(c, Word.FuelType), YearOf(c))),
            new(c => Of(c, Word.FuelType), Mileage), new(c => Of(c, Word.FuelType), Year), new(c => Of(c, Word.BodyType), Year), new(c => Of(c, Word.Trim), Year),
        ];
    }

    public double Of(Coded car)
    {
        var group = key(car);
        return group >= 0 && groups.TryGetValue(group, out var at) ? values[at] * (slope?.Invoke(car) ?? 1) : 0;
    }

    /// <summary>The groups of the cars to learn from.</summary>
    public Members Join(Coded[] cars)
    {
        var member = Array.ConvertAll(cars, car =>
        {
            var group = key(car);
            if (group < 0) return -1;
            if (!groups.TryGetValue(group, out var at)) groups.Add(group, at = groups.Count);
            return at;
        });
        values = new double[groups.Count];
        return new(this, member, slope is null ? null : Array.ConvertAll(cars, car => slope(car)));
    }

    public void Seal() => groups.TrimExcess();

    private static long Of(Coded car, Word word) => car[word] > 0 ? car[word] : -1;

    private static long YearOf(Coded car) => double.IsNaN(car[Measure.Year]) ? -1 : (long)car[Measure.Year];

    private static long EngineOf(Coded car) => double.IsNaN(car[Measure.Engine]) ? -1 : (long)car[Measure.Engine];

    private static long Both(long one, long other) => one < 0 || other < 0 ? -1 : one << 32 | other;

    /// <param name="member">The group of each car.</param>
    internal sealed class Members(Effect effect, int[] member, double[]? slopes)
    {
        private readonly double[] sums = new double[effect.values.Length], totals = new double[effect.values.Length];

        /// <summary>Fits the values to what is left, given all else, and takes what they explain off it.</summary>
        public void Fit(double[] residuals, double[] factors, double sigma)
        {
            var (values, shrinkage) = (effect.values, sigma * sigma / effect.Variance);
            if (values.Length == 0) return;
            Array.Clear(sums);
            Array.Clear(totals);
            for (var i = 0; i < member.Length; i++)
            {
                if (member[i] < 0) continue;
                var slope = slopes?[i] ?? 1;
                sums[member[i]] += factors[i] * slope * (residuals[i] + values[member[i]] * slope);
                totals[member[i]] += factors[i] * slope * slope;
            }
            var squares = 0.0;
            for (var g = 0; g < values.Length; g++)
            {
                (sums[g], values[g]) = (values[g], sums[g] / (totals[g] + shrinkage));
                squares += values[g] * values[g] + sigma * sigma / (totals[g] + shrinkage);
            }
            effect.Variance = Math.Max(1e-7, (squares + 2e-4) / (values.Length + 2));
            for (var i = 0; i < member.Length; i++)
                if (member[i] >= 0) residuals[i] -= (values[member[i]] - sums[member[i]]) * (slopes?[i] ?? 1);
        }
    }
}
