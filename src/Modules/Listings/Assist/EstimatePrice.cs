using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Pricing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings.Assist;

internal static class EstimatePrice
{
    /// <param name="ListingId">The car's own advert, if it has one: nothing of it is used.</param>
    public sealed record Request(Vehicle Car, Guid? ListingId);

    /// <param name="PriceMin">NZD, whole; between it and <paramref name="PriceMax"/> the price of such a car lies …</param>
    /// <param name="Confidence">… in this share of cases, measured on cars that were held back.</param>
    /// <param name="Factors">Their amounts add up to <paramref name="PriceRecommended"/>.</param>
    public sealed record Response(
        int PriceMin, int PriceMax, int PriceRecommended, double Confidence, IReadOnlyList<Reason> Factors, Comparison MarketComparison);

    /// <param name="Impact">The amount for people: <c>+$1,500</c>.</param>
    /// <param name="Amount">NZD.</param>
    public sealed record Reason(string Factor, string Impact, int Amount);

    /// <summary>Cars of the same model, at most two years older or newer; where there are none, of all years.</summary>
    /// <param name="SimilarListings">How many; of them <paramref name="SoldPrices"/> were sold, the others' prices are asked.</param>
    public sealed record Comparison(int SimilarListings, int? AveragePrice, int? MedianPrice, int SoldPrices);

    private const int YearsApart = 2;

    public static Request Validate(Query q, DateTimeOffset now)
    {
        var (make, model) = (q.RequiredText("make", 50), q.RequiredText("model", 50));
        var (year, mileage) = (q.RequiredWhole("year", 1900, now.Year + 1), q.RequiredWhole("mileage", 0, 1_000_000));
        return new(new Vehicle(make, model, year, mileage)
        {
            Region = q.Text("region", 50), FuelType = q.Name<FuelType>("fuelType")?.ToString(), Transmission = q.Name<Transmission>("transmission")?.ToString(),
            BodyType = q.Text("bodyType", 50), Trim = q.Text("trim", 50), EngineCc = q.Whole("engineCc", 1, 20_000), Seats = q.Whole("seats", 1, 100),
        }, q.Id("listingId"));
    }

    public static Ok<Response> Handle(Query q, Prices prices, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var (car, own) = q.Read(query => Validate(query, now));
        if (!prices.Ready) throw Rejection.Unavailable("The price model is still being learned", retryAfter: 5);
        if (prices.Market is not { } market || Estimate.Of(market, car, own) is not { } estimate)
            throw new Rejection(StatusCodes.Status404NotFound, "NO_VALUATION", "Too few cars like this one are known to name a price. Check make and model, or try again when there are more.");
        return TypedResults.Ok(new Response(
            (int)Math.Round(estimate.Min), (int)Math.Round(estimate.Max), estimate.Recommended, estimate.Confidence,
            [.. estimate.Factors.Select((f, i) => new Reason(f.Text, Money(f.Amount, signed: i > 0), f.Amount))], Compare(market, car, own)));
    }

    private static Comparison Compare(Market market, Vehicle car, Guid? own)
    {
        var point = Point.Of(car, market.Learned.Newest);
        var (same, near) = (market.Of(point), new List<PricedCar>());
        foreach (var c in same.All)
            if (c.Advert.Id != own && !(Math.Abs(c.Point[Measure.Year] - point[Measure.Year]) > YearsApart)) near.Add(c.Advert);
        if (near.Count == 0) near.AddRange(same.Last(int.MaxValue, own).Select(c => c.Advert));
        if (near.Count == 0) return new(0, null, null, 0);
        var prices = near.Select(c => c.Price).Order().ToArray();
        return new(near.Count, (int)Math.Round(prices.Average()), (int)Math.Round((prices[(prices.Length - 1) / 2] + prices[prices.Length / 2]) / 2), near.Count(c => c.Sold));
    }

    private static string Money(int amount, bool signed) => $"{(amount < 0 ? "-" : signed ? "+" : "")}${Math.Abs(amount):N0}";
}
