namespace KiwiCar.Listings.Pricing;

/// <summary>A line with bends: the share each of its knots has in a value. The knots stand where the cars are, so the unit does not matter.</summary>
internal sealed class Curve
{
    private readonly double[] knots;

    /// <param name="values">Of all cars; NaN is passed over.</param>
    public Curve(IEnumerable<double> values, ReadOnlySpan<double> quantiles)
    {
        var sorted = values.Where(double.IsFinite).Order().ToArray();
        if (sorted.Length == 0) sorted = [0];
        var at = new List<double>();
        foreach (var q in quantiles)
        {
            var knot = sorted[(int)(q * (sorted.Length - 1))];
            if (at.Count == 0 || knot > at[^1]) at.Add(knot);
        }
        knots = [.. at];
        (Middle, Spread) = (sorted[sorted.Length / 2], Math.Max(1e-9, (sorted[(int)(0.84 * (sorted.Length - 1))] - sorted[(int)(0.16 * (sorted.Length - 1))]) / 2));
    }

    public int Knots => knots.Length;

    public double Middle { get; }

    /// <summary>Half of what the middle two thirds of the cars span.</summary>
    public double Spread { get; }

    /// <summary>How many spreads from the middle, three at most; the middle where nothing is known.</summary>
    public double Standard(double value) => double.IsNaN(value) ? 0 : Math.Clamp((value - Middle) / Spread, -3, 3);

    /// <summary>Writes each knot's share, all of them together 1; nothing where the value is not known. Flat beyond the ends.</summary>
    public void Shares(double value, Span<double> shares)
    {
        shares.Clear();
        if (double.IsNaN(value)) return;
        var right = 0;
        while (right < knots.Length && knots[right] < value) right++;
        if (right == 0) shares[0] = 1;
        else if (right == knots.Length) shares[^1] = 1;
        else
        {
            var share = (value - knots[right - 1]) / (knots[right] - knots[right - 1]);
            (shares[right - 1], shares[right]) = (1 - share, share);
        }
    }
}
