namespace KiwiCar.Listings.Pricing;

/// <summary>What a car of this model and age usually is: stands in for what was not said, and is what a car is compared with.</summary>
internal static class Typical
{
    private const int Looked = 100;
    private const int Years = 1;

    public static readonly Word[] Words = [Word.FuelType, Word.Transmission, Word.BodyType, Word.Trim, Word.Region, Word.Seats];
    public static readonly Measure[] Measures = [Measure.Mileage, Measure.Engine];

    /// <summary>The car, with the usual in place of what is not known; where the market does not know it either, it stays so.</summary>
    public static Point Fill(Point point, ModelCars same, Guid? own)
    {
        List<Comparable>? like = null;
        foreach (var word in Words)
            if (point[word] is null && Usual(like ??= Like(point, same, own), word) is { } usual) point = point.With(word, usual);
        foreach (var measure in Measures)
            if (double.IsNaN(point[measure]) && Median(like ??= Like(point, same, own), measure) is var usual && !double.IsNaN(usual)) point = point.With(measure, usual);
        return point;
    }

    /// <summary>The usual car of this model and year.</summary>
    public static Point Of(Point point, ModelCars same, Guid? own)
    {
        var like = Like(point, same, own);
        foreach (var word in Words)
            if (point[word] is not null && Usual(like, word) is { } usual) point = point.With(word, usual);
        foreach (var measure in Measures)
            if (Median(like, measure) is var median && !double.IsNaN(median)) point = point.With(measure, median);
        return point;
    }

    /// <summary>Cars of the same model and nearly the same year, the latest to come first; all years where there are too few.</summary>
    private static List<Comparable> Like(Point point, ModelCars same, Guid? own)
    {
        var near = new List<Comparable>(Looked);
        for (var i = same.Count - 1; i >= 0 && near.Count < Looked; i--)
            if (!(Math.Abs(same.Years[i] - point[Measure.Year]) > Years) && same[i].Advert.Id != own) near.Add(same[i]);
        return near.Count >= 5 ? near : [.. same.Last(Looked, own)];
    }

    // Only where most say it: else "not said" is the usual.
    private static string? Usual(List<Comparable> like, Word word) =>
        like.Count == 0 ? null : like.GroupBy(c => c.Point[word]).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).First().Key;

    private static double Median(List<Comparable> like, Measure measure)
    {
        var known = like.Select(c => c.Point[measure]).Where(double.IsFinite).Order().ToArray();
        return 2 * known.Length > like.Count ? known[known.Length / 2] : double.NaN;
    }
}
