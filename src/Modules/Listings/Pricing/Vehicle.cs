namespace KiwiCar.Listings.Pricing;

/// <summary>A car as far as its price depends on it. Whatever is null or empty is not known, and the estimate does without.</summary>
/// <param name="Mileage">Any unit, as long as the whole market uses the same one; here kilometres.</param>
internal sealed record Vehicle(string Make, string Model, int? Year, double? Mileage)
{
    public string? Region { get; init; }
    public string? FuelType { get; init; }
    public string? Transmission { get; init; }
    public string? BodyType { get; init; }
    public string? Trim { get; init; }

    /// <summary>Any unit, like the mileage; here cubic centimetres. 0 is "not known".</summary>
    public double? EngineCc { get; init; }
    public int? Seats { get; init; }
}

/// <summary>A car with its price: what the model learns from, and what it compares with.</summary>
/// <param name="Id">The advert's: it is left out when its own car is priced, and decides in which part of the cross-validation it is.</param>
/// <param name="Price">In the market's currency, whatever that is; above 0.</param>
/// <param name="Weight">1 for an asking price, more for one that was paid.</param>
internal sealed record PricedCar(Guid Id, Vehicle Car, double Price, double Weight = 1)
{
    public bool Sold => Weight > 1;
}
