namespace KiwiCar.Listings.Pricing;

/// <summary>How an asking price compares with what the car should cost.</summary>
/// <param name="Rating">great, good, fair, above market.</param>
/// <param name="Reason">For people, with the numbers it follows from.</param>
internal sealed record DealRating(string Rating, string Reason)
{
    /// <summary>Below the band is great, above it is above market; in it, good is the third of the way from the estimate down.</summary>
    public static DealRating Of(decimal price, decimal min, decimal recommended, decimal max)
    {
        var rating = price < min ? "great" : price <= recommended - (recommended - min) / 3 ? "good" : price <= max ? "fair" : "above market";
        var off = decimal.Round(price - recommended);
        var where = off == 0 ? "Exactly the estimate" : $"${Math.Abs(off):N0} {(off < 0 ? "below" : "above")} the estimate";
        return new(rating, $"{where} of ${recommended:N0}; most cars like this one are offered between ${min:N0} and ${max:N0}");
    }
}
