namespace KiwiCar.Listings.Pricing;

/// <summary>
/// Why a car costs what it costs: from the usual car of its model and year one property after the other becomes this car's own, and
/// each time the model is asked anew. The last step is what the cars most like it are offered at.
/// </summary>
internal static class Explanation
{
    private const int MostFactors = 8;
    private const double TooSmallToTell = 0.004; // of the price; such steps are told as one

    private static readonly Word[] Order = [Word.FuelType, Word.Transmission, Word.BodyType, Word.Trim, Word.Seats, Word.Region];

    public static IReadOnlyList<Factor> Of(Market market, Vehicle car, Appraisal appraisal, Guid? own, int recommended)
    {
        var (target, at) = (appraisal.Car.Point, Typical.Of(appraisal.Car.Point, appraisal.Same, own));
        var steps = new List<(string Text, double Price)>();
        var said = Point.Of(car, market.Learned.Newest);
        var name = $"{car.Make} {car.Model}".Trim();
        Step(double.IsNaN(target[Measure.Year]) ? $"Typical {name}" : $"Typical {car.Year} {name}");
        foreach (var measure in Typical.Measures)
        {
            if (Same(at[measure], target[measure])) continue;
            var text = Text(measure, at[measure], target[measure]);
            at = at.With(measure, target[measure]);
            Step(text);
        }
        foreach (var word in Order)
        {
            if (string.Equals(at[word], target[word], StringComparison.Ordinal)) continue;
            at = at.With(word, target[word]);
            if (said[word] is not null) Step(Text(word, car));
        }
        var last = Math.Exp(appraisal.Price);
        steps.Add((last >= steps[^1].Price ? "Similar cars are priced higher" : "Similar cars are priced lower", last));
        return Rounded(steps, recommended);

        void Step(string text) => steps.Add((text, Math.Exp(market.Learned.Predict(at, appraisal.Judge) + appraisal.Level)));
    }

    // Whole amounts whose sum is the whole price: the rest that is too small to tell goes into one factor.
    private static List<Factor> Rounded(List<(string Text, double Price)> steps, int recommended)
    {
        var factors = new List<Factor> { new(steps[0].Text, (int)Math.Round(steps[0].Price)) };
        var told = steps.Skip(1).Select((s, i) => (s.Text, Amount: (int)Math.Round(s.Price - steps[i].Price)))
            .Where(s => s.Amount != 0 && Math.Abs(s.Amount) >= TooSmallToTell * recommended)
            .OrderByDescending(s => Math.Abs(s.Amount)).Take(MostFactors - 2);
        factors.AddRange(told.Select(s => new Factor(s.Text, s.Amount)));
        var rest = recommended - factors.Sum(f => f.Amount);
        if (rest != 0) factors.Add(new("Everything else", rest));
        return factors;
    }

    private static bool Same(double a, double b) => double.IsNaN(a) && double.IsNaN(b) || a == b;

    private static string Text(Measure measure, double usual, double own) => measure switch
    {
        Measure.Mileage => double.IsNaN(own) ? "Mileage not known" : own < usual ? "Low mileage for year" : "High mileage for year",
        _ => double.IsNaN(own) ? "Engine size not known" : own > usual ? "Larger engine" : "Smaller engine",
    };

    private static string Text(Word word, Vehicle car) => word switch
    {
        Word.FuelType => $"{Capitalised(car.FuelType)} engine",
        Word.Transmission => $"{Capitalised(car.Transmission)} transmission",
        Word.BodyType => $"{car.BodyType} body",
        Word.Trim => $"{car.Trim} trim",
        Word.Seats => $"{car.Seats} seats",
        _ => $"{car.Region} location",
    };

    private static string Capitalised(string? text) => string.IsNullOrEmpty(text) ? "" : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();
}
