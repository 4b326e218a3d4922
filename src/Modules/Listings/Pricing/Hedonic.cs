namespace KiwiCar.Listings.Pricing;

/// <summary>
/// What each property of a car adds to the logarithm of its price. Curves of year, mileage and engine hold for the whole market;
/// makes, families, models and their combinations with year, fuel and so on deviate from that, each as far as its cars prove it
/// (a random effect, shrunk by σ²/τ², with τ² learned from the market itself). Cars far off count little (Student's t).
/// </summary>
internal sealed class Hedonic
{
    private const int Rounds = 12;
    private const double Freedom = 4; // of Student's t

    private static readonly double[] Quantiles = [0.005, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 0.995];
    private static readonly Measure[] Curved = [Measure.Year, Measure.Mileage, Measure.Engine];

    private readonly Curve[] curves;
    private readonly Effect[] effects;
    private double[] line = [];

    private Hedonic(Coded[] cars)
    {
        curves = Array.ConvertAll(Curved, m => new Curve(cars.Select(c => c[m]), Quantiles));
        effects = Effect.All(curves[0], curves[1], curves[2]);
    }

    /// <summary>The standard deviation of what stays unexplained, without the cars far off.</summary>
    public double Sigma { get; private set; } = 1;

    /// <param name="prices">Natural logarithms.</param>
    /// <param name="chosen">The cars to learn from.</param>
    public static Hedonic Fit(Coded[] cars, double[] prices, double[] weights, int[] chosen)
    {
        var model = new Hedonic(Array.ConvertAll(chosen, i => cars[i]));
        var rows = new Rows(model, cars, prices, weights, chosen);
        for (var round = 0; round < Rounds; round++) rows.Improve(first: round == 0);
        foreach (var effect in model.effects) effect.Seal();
        return model;
    }

    public double Predict(Coded car)
    {
        Span<double> x = stackalloc double[Width];
        Fill(car, x);
        var sum = Dot(x, line);
        foreach (var effect in effects) sum += effect.Of(car);
        return sum;
    }

    /// <summary>How many cars of a make that was never seen, and of a new model of a known one, are believed by half: σ²/τ².</summary>
    public (double Make, double Model) Shrinkage
    {
        get
        {
            var model = effects[1].Variance + effects[2].Variance;
            return (Sigma * Sigma / (effects[0].Variance + model), Sigma * Sigma / model);
        }
    }

    private int Width => 1 + curves.Sum(c => c.Knots) + curves.Length;

    // A constant, the shares of the knots, and for each measure whether it is unknown.
    private void Fill(Coded car, Span<double> x)
    {
        x[0] = 1;
        var at = 1;
        for (var c = 0; c < curves.Length; c++)
        {
            var value = car[Curved[c]];
            curves[c].Shares(value, x.Slice(at, curves[c].Knots));
            at += curves[c].Knots;
            x[at++] = double.IsNaN(value) ? 1 : 0;
        }
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>The fitting: the line and each effect in turn, given all others.</summary>
    private sealed class Rows
    {
        private readonly Hedonic model;
        private readonly double[] weights, factors, residuals, x;
        private readonly Effect.Members[] members;
        private readonly int n, width;

        public Rows(Hedonic model, Coded[] cars, double[] prices, double[] weights, int[] chosen)
        {
            (this.model, n, width) = (model, chosen.Length, model.Width);
            (this.weights, factors, residuals) = (Array.ConvertAll(chosen, i => weights[i]), new double[n], Array.ConvertAll(chosen, i => prices[i]));
            x = new double[n * width];
            for (var i = 0; i < n; i++) model.Fill(cars[chosen[i]], x.AsSpan(i * width, width));
            var learned = Array.ConvertAll(chosen, i => cars[i]);
            members = Array.ConvertAll(model.effects, e => e.Join(learned));
            model.line = new double[width];
            this.weights.CopyTo(factors, 0);
        }

        public void Improve(bool first)
        {
            FitLine();
            if (first) Weigh(); // before the effects have a chance to follow a car far off
            foreach (var effect in members) effect.Fit(residuals, factors, model.Sigma);
            Weigh();
        }

        private void FitLine()
        {
            var (a, b) = (new double[width, width], new double[width]);
            for (var i = 0; i < n; i++)
            {
                var row = x.AsSpan(i * width, width);
                for (var j = 0; j < width; j++)
                {
                    var f = row[j] * factors[i];
                    if (f == 0) continue;
                    b[j] += f * residuals[i];
                    for (var k = 0; k <= j; k++) a[j, k] += f * row[k];
                }
            }
            // Held back a little by where the line is: a knot without cars stays where it was.
            for (var j = 0; j < width; j++) a[j, j] += 1e-3 + 1e-6 * n;
            var step = Cholesky.Solve(a, b);
            for (var j = 0; j < width; j++) model.line[j] += step[j];
            for (var i = 0; i < n; i++) residuals[i] -= Dot(x.AsSpan(i * width, width), step);
        }

        private void Weigh()
        {
            for (var turn = 0; turn < 3; turn++)
            {
                var (sum, total) = (0.0, 0.0);
                var variance = model.Sigma * model.Sigma;
                for (var i = 0; i < n; i++)
                {
                    var squared = residuals[i] * residuals[i];
                    factors[i] = weights[i] * (Freedom + 1) / (Freedom + squared / variance);
                    sum += factors[i] * squared;
                    total += weights[i];
                }
                model.Sigma = Math.Max(1e-3, Math.Sqrt(sum / total));
            }
        }
    }
}
