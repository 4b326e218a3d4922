using System.Collections.Immutable;

namespace KiwiCar.Listings.Pricing;

/// <summary>A price before anybody has said how sure it is.</summary>
/// <param name="Price">As a logarithm.</param>
/// <param name="Judge">The fold that was asked; negative = all.</param>
/// <param name="Level">What the model or make as a whole adds, the neighbours not yet counted.</param>
/// <param name="Same">Cars of the same model.</param>
internal sealed record Appraisal(Coded Car, double Price, int Judge, double Level, Neighbourhood Neighbours, ModelCars Same);

/// <summary>
/// The cars on the market, and what was learned from them. It never changes: each car that comes or goes makes a new market that shares
/// all the rest with the old one, so an answer sees one instant and nobody waits.
/// </summary>
internal sealed class Market
{
    private const int LeastOfModel = 3, LeastOfMake = 8, EnoughOfModel = 30, MostLooked = 300;
    private const double CautionForKnown = 50;

    private readonly ImmutableDictionary<string, ImmutableDictionary<string, ModelCars>> makes;

    private Market(Learned learned, ImmutableDictionary<string, ImmutableDictionary<string, ModelCars>> makes, int count) =>
        (Learned, this.makes, Count) = (learned, makes, count);

    public Learned Learned { get; }

    public int Count { get; }

    public static Market Of(Learned learned, IEnumerable<Comparable> cars)
    {
        var list = cars.ToList();
        return new(learned, list.GroupBy(c => c.Point[Word.Make]!, StringComparer.Ordinal).ToImmutableDictionary(m => m.Key,
            m => m.GroupBy(c => c.Point[Word.Model]!, StringComparer.Ordinal).ToImmutableDictionary(g => g.Key, g => new ModelCars([.. g]), StringComparer.Ordinal), StringComparer.Ordinal), list.Count);
    }

    /// <summary>With this car, in place of what was known of it.</summary>
    public Market With(PricedCar advert) => Without(advert).Add(Learned.Compare(advert));

    /// <param name="advert">Of which id, make and model are looked at.</param>
    public Market Without(PricedCar advert)
    {
        var point = Point.Of(advert.Car, Learned.Newest);
        var cars = Of(point);
        var left = cars.Without(advert.Id);
        return left == cars ? this : Change(point, left);
    }

    /// <summary>The cars of the same model.</summary>
    public ModelCars Of(Point point) =>
        makes.TryGetValue(point[Word.Make]!, out var models) && models.TryGetValue(point[Word.Model]!, out var cars) ? cars : ModelCars.None;

    /// <summary>What the car would cost, by all that is known but for the advert <paramref name="own"/>; null where that is too little.</summary>
    public Appraisal? Appraise(Vehicle car, Guid? own = null)
    {
        var given = Point.Of(car, Learned.Newest);
        var same = Of(given);
        var others = same.Count - (own is null ? 0 : 1);
        if (others < LeastOfModel && OfMake(given, own).Take(LeastOfMake).Count() < LeastOfMake) return null;
        var judge = own is { } id ? Learned.PartOf(id) : -1; // that fold was not shown the advert
        var point = Typical.Fill(given, same, own);
        var level = Level(point, same, others, own, judge);
        var neighbours = Neighbours.Ask(same, point, own, judge, level, Learned.Sigma, Learned.MileageUnit, new(0.5, Learned.Caution));
        return new(Learned.Code(point), Learned.Predict(point, judge) + neighbours.Correction, judge, level, neighbours, same);
    }

    /// <summary>What came after the learning, or too seldom to be learned: how far the make, and in it the model, is off as a whole.</summary>
    private double Level(Point point, ModelCars same, int others, Guid? own, int judge)
    {
        var known = Learned.Knows(point, Word.Model);
        if (known && others >= EnoughOfModel) return 0;
        var ofMake = others >= EnoughOfModel ? 0 : Mean(OfMake(point, own).Take(MostLooked), judge, 0, Learned.Knows(point, Word.Make) ? CautionForKnown : Learned.Shrinkage.Make);
        return Mean(same.Last(MostLooked, own), judge, ofMake, known ? CautionForKnown : Learned.Shrinkage.Model);
    }

    private double Mean(IEnumerable<Comparable> cars, int judge, double prior, double caution)
    {
        var residuals = cars.Select(c => (Value: c.Residual(judge), c.Advert.Weight)).OrderBy(r => r.Value).ToArray();
        if (residuals.Length == 0) return prior;
        var (middle, cap) = (residuals[residuals.Length / 2].Value, 3 * Learned.Sigma); // one slip must not move a make of ten cars
        var (sum, total) = (0.0, 0.0);
        foreach (var (value, weight) in residuals)
        {
            sum += weight * (Math.Clamp(value, middle - cap, middle + cap) - prior);
            total += weight;
        }
        return prior + sum / (total + caution);
    }

    private IEnumerable<Comparable> OfMake(Point point, Guid? own) =>
        makes.TryGetValue(point[Word.Make]!, out var models) ? models.Values.SelectMany(cars => cars.Last(MostLooked, own)) : [];

    private Market Add(Comparable car) => Change(car.Point, Of(car.Point).With(car));

    private Market Change(Point point, ModelCars cars)
    {
        var models = makes.GetValueOrDefault(point[Word.Make]!, ImmutableDictionary<string, ModelCars>.Empty.WithComparers(StringComparer.Ordinal));
        var count = Count + cars.Count - models.GetValueOrDefault(point[Word.Model]!, ModelCars.None).Count;
        models = cars.Count > 0 ? models.SetItem(point[Word.Model]!, cars) : models.Remove(point[Word.Model]!);
        return new(Learned, models.IsEmpty ? makes.Remove(point[Word.Make]!) : makes.SetItem(point[Word.Make]!, models), count);
    }
}
