using KiwiCar.Listings.Search;

namespace KiwiCar.Listings.Pricing;

/// <summary>The words of a car. The first three are nested: a family is the first word of the model's name.</summary>
internal enum Word { Make, Family, Model, FuelType, Transmission, Region, BodyType, Trim, Seats }

/// <summary>The measures of a car.</summary>
internal enum Measure { Year, Mileage, Engine, Seats }

/// <summary>A car as the model looks at it: words in one spelling (see <see cref="Spelling"/>), measures as numbers with NaN for "not known".</summary>
internal sealed class Point
{
    public const int Words = 9, Measures = 4;

    /// <summary>An old car that shows nothing on the clock has no known mileage.</summary>
    private const int OldEnoughToHaveDriven = 3;

    private readonly string?[] words;
    private readonly double[] measures;

    private Point(string?[] words, double[] measures) => (this.words, this.measures) = (words, measures);

    public static Point Of(Vehicle car, int newest)
    {
        var (make, model) = (Spelling.Key(car.Make), Spelling.KeysOfModel(car.Make, car.Model).Bare);
        double year = car.Year is { } y && y >= 1900 && y <= newest ? y : double.NaN;
        var mileage = car.Mileage is { } m && m >= 0 && double.IsFinite(m) && (m > 0 || !(newest - year > OldEnoughToHaveDriven)) ? m : double.NaN;
        var engine = car.EngineCc is { } cc && cc > 0 && double.IsFinite(cc) ? cc : double.NaN;
        var family = Spelling.Key(car.Model.Trim().Split(' ', 2)[0]);
        return new(
            [
                make, make + "|" + family, make + "|" + model, Key(car.FuelType), Key(car.Transmission), Key(car.Region),
                Key(car.BodyType), Key(car.Trim), car.Seats?.ToString(),
            ],
            [year, mileage, engine, car.Seats ?? double.NaN]);
    }

    public string? this[Word word] => words[(int)word];

    public double this[Measure measure] => measures[(int)measure];

    /// <summary>The same car with one word changed.</summary>
    public Point With(Word word, string? value)
    {
        var changed = (string?[])words.Clone();
        changed[(int)word] = value;
        return new(changed, measures);
    }

    /// <summary>The same car with one measure changed.</summary>
    public Point With(Measure measure, double value)
    {
        var changed = (double[])measures.Clone();
        changed[(int)measure] = value;
        return new(words, changed);
    }

    /// <summary>A number that stands for a word; the same for equal words, in every run.</summary>
    public int Mark(Word word)
    {
        var hash = 2166136261u;
        foreach (var c in words[(int)word] ?? "") hash = (hash ^ c) * 16777619;
        return (int)hash;
    }

    private static string? Key(string? text) => string.IsNullOrWhiteSpace(text) ? null : Spelling.Key(text);
}
