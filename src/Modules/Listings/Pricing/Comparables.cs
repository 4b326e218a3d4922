using System.Runtime.InteropServices;

namespace KiwiCar.Listings.Pricing;

/// <summary>A car on the market, with what the model says about it.</summary>
/// <param name="Price">As a logarithm.</param>
/// <param name="Predictions">What each fold says, as logarithms.</param>
/// <param name="Part">The part it was in when the model learned from it; negative = it came later.</param>
internal sealed record Comparable(PricedCar Advert, Point Point, double Price, float[] Predictions, int Part)
{
    /// <summary>How much dearer it is than one who never saw it says.</summary>
    /// <param name="judge">The fold to ask; negative = the one that was not shown this car.</param>
    public double Residual(int judge)
    {
        if (judge < 0) judge = Part;
        if (judge >= 0) return Price - Predictions[judge];
        var sum = 0.0;
        foreach (var p in Predictions) sum += p;
        return Price - sum / Predictions.Length;
    }
}

/// <summary>How far a comparable may be from a car, and how many of them it takes to be believed by half.</summary>
/// <param name="Width">Years; and in the same measure mileage, engine and words.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Closeness(double Width, double Caution);

/// <summary>What the cars of the same model say beyond the model's price.</summary>
/// <param name="Correction">To be added to the logarithm of the price.</param>
/// <param name="Spread">How far they are off on average.</param>
/// <param name="Weight">As how many cars just like this one they count.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Neighbourhood(double Correction, double Spread, double Weight);

internal static class Neighbours
{
    private const double CapInSigmas = 3, MostExponent = 4.5;

    /// <summary>Weighs the cars by closeness; where they are few, what holds for all of them (<paramref name="prior"/>) goes on holding.</summary>
    public static Neighbourhood Ask(ModelCars cars, Point point, Guid? leaveOut, int judge, double prior, double sigma, double mileageUnit, Closeness closeness)
    {
        var (sum, off, total, cap, scale) = (0.0, 0.0, 0.0, CapInSigmas * sigma, 1 / (2 * closeness.Width * closeness.Width));
        var (year, mileage) = ((float)point[Measure.Year], (float)point[Measure.Mileage]);
        Span<int> marks = stackalloc int[ModelCars.Told.Length];
        ModelCars.Mark(point, marks);
        var engine = (float)Math.Log(point[Measure.Engine]);
        for (var i = 0; i < cars.Count; i++)
        {
            // Most are told apart by year and mileage; all that is compared stands in arrays.
            var distance = Squared(year, cars.Years[i], 1, 2, 9) + Squared(mileage, cars.Mileages[i], (float)mileageUnit, 1.5f, 9);
            if (distance * scale > MostExponent) continue;
            distance += Squared(engine, cars.Engines[i], 0.08f, 0.7f, 2);
            for (var w = 0; w < marks.Length; w++)
                if (marks[w] != cars.Marks[i * marks.Length + w]) distance += ModelCars.Told[w].Units * ModelCars.Told[w].Units;
            var exponent = distance * scale;
            if (exponent > MostExponent) continue;
            var car = cars[i];
            if (car.Advert.Id == leaveOut) continue;
            var weight = car.Advert.Weight * Math.Exp(-exponent);
            var residual = Math.Clamp(car.Residual(judge) - prior, -cap, cap);
            sum += weight * residual;
            off += weight * Math.Abs(residual);
            total += weight;
        }
        return new(prior + sum / (total + closeness.Caution), (off + 2 * 0.8 * sigma) / (total + 2), total);
    }

    private static float Squared(float a, float b, float unit, float unknown, float most)
    {
        var apart = float.IsNaN(a) || float.IsNaN(b) ? float.IsNaN(a) == float.IsNaN(b) ? 0 : unknown : Math.Min(most, Math.Abs(a - b) / unit);
        return apart * apart;
    }
}
