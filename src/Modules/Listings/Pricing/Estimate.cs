namespace KiwiCar.Listings.Pricing;

/// <summary>What a car should cost, in the currency of the market.</summary>
/// <param name="Confidence">The share of held-back cars like this one whose price lay between <paramref name="Min"/> and <paramref name="Max"/>.</param>
/// <param name="Factors">Add up to the rounded <paramref name="Price"/>, exactly.</param>
internal sealed record Estimate(double Price, double Min, double Max, double Confidence, IReadOnlyList<Factor> Factors)
{
    public int Recommended => (int)Math.Round(Price);

    /// <summary>Null where too little is known for an honest answer.</summary>
    /// <param name="own">The car's own advert, of which nothing is used.</param>
    public static Estimate? Of(Market market, Vehicle car, Guid? own = null) =>
        Quick(market, car, own) is var (estimate, appraisal) ? estimate with { Factors = Explanation.Of(market, car, appraisal, own, estimate.Recommended) } : null;

    /// <summary>The same without factors.</summary>
    public static (Estimate Estimate, Appraisal Appraisal)? Quick(Market market, Vehicle car, Guid? own = null)
    {
        if (market.Appraise(car, own) is not { } appraisal) return null;
        var (low, high, confidence) = market.Learned.Bands.Around(appraisal);
        return (new(Math.Exp(appraisal.Price), Math.Exp(low), Math.Exp(high), Math.Round(confidence, 2), []), appraisal);
    }
}

/// <summary>One reason for a price.</summary>
/// <param name="Text">For people: <c>Low mileage for year</c>.</param>
/// <param name="Amount">What it adds, in whole units of the currency; the first is the price of the usual car.</param>
internal sealed record Factor(string Text, int Amount);
