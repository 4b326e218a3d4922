namespace KiwiCar.Listings.Pricing;

/// <summary>The prices as learned from all cars but one part of them: an honest judge of the cars of that part.</summary>
internal sealed class Fold
{
    private const double CapInSigmas = 1.5;

    private readonly Hedonic hedonic;
    private readonly Columns columns;
    private readonly Boosting trees;

    private Fold(Hedonic hedonic, Columns columns, Boosting trees) => (this.hedonic, this.columns, this.trees) = (hedonic, columns, trees);

    public Hedonic Hedonic => hedonic;

    /// <summary>The price of a car, as a logarithm.</summary>
    public double Predict(Coded car)
    {
        Span<double> price = [hedonic.Predict(car)];
        Span<byte> row = stackalloc byte[columns.Count];
        columns.Fill(car, price, row);
        return price[0] + trees.Of(row);
    }

    /// <summary>Learns all parts side by side; they agree on how many trees are best on held-back cars.</summary>
    /// <param name="part">Which part each car is in, from 0.</param>
    /// <returns>The folds, and what each of them says about each car.</returns>
    public static (Fold[] Folds, double[][] Predictions) LearnAll(Coded[] cars, double[] prices, double[] weights, int[] part, int parts, BoostingSettings settings, int threads)
    {
        var drafts = new Draft[parts];
        Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = threads }, k => drafts[k] = Draft.Of(cars, prices, weights, part, k, settings));
        var longest = drafts.Min(d => d.Trees.Losses.Count);
        var best = Enumerable.Range(0, longest).MinBy(trees => drafts.Sum(d => d.Held * d.Trees.Losses[trees]));
        foreach (var draft in drafts) draft.Trees.Keep(best, draft.Table);
        return (Array.ConvertAll(drafts, d => new Fold(d.Hedonic, d.Columns, d.Trees)), Array.ConvertAll(drafts, d => d.Predictions(prices)));
    }

    private sealed record Draft(Hedonic Hedonic, Columns Columns, Table Table, Boosting Trees, int Held)
    {
        public static Draft Of(Coded[] cars, double[] prices, double[] weights, int[] part, int held, BoostingSettings settings)
        {
            var all = Enumerable.Range(0, cars.Length).ToArray();
            var (chosen, watched) = (Array.FindAll(all, i => part[i] != held), Array.FindAll(all, i => part[i] == held));
            var hedonic = Hedonic.Fit(cars, prices, weights, chosen);
            var extras = Array.ConvertAll(cars, car => new[] { hedonic.Predict(car) });
            var columns = new Columns(cars, extras, chosen);
            var table = new Table(columns, cars, extras);
            var left = Array.ConvertAll(all, i => prices[i] - extras[i][0]);
            var trees = Boosting.Fit(table, left, weights, chosen, watched, CapInSigmas * hedonic.Sigma, (ulong)held + 1, settings);
            return new(hedonic, columns, table, trees, watched.Length);
        }

        public double[] Predictions(double[] prices)
        {
            var left = Trees.Left;
            return Array.ConvertAll(Enumerable.Range(0, prices.Length).ToArray(), i => prices[i] - left[i]);
        }
    }
}
