namespace KiwiCar.Listings.Pricing;

/// <summary>Gives every word of the market a number. Learned once, in the order of the cars, and never changed.</summary>
internal sealed class Codes
{
    /// <summary>The word is not given.</summary>
    public const int Missing = 0;

    /// <summary>No car that was learned from had this word.</summary>
    public const int Unknown = -1;

    private readonly Dictionary<string, int>[] codes = [.. Enumerable.Range(0, Point.Words).Select(_ => new Dictionary<string, int>(StringComparer.Ordinal))];

    public Codes(IEnumerable<Point> points)
    {
        foreach (var point in points)
            for (var w = 0; w < Point.Words; w++)
                if (point[(Word)w] is { } text) codes[w].TryAdd(text, codes[w].Count + 1);
    }

    /// <summary>How many numbers a word can have, <see cref="Missing"/> among them.</summary>
    public int Count(Word word) => codes[(int)word].Count + 1;

    public int[] Of(Point point)
    {
        var numbers = new int[Point.Words];
        for (var w = 0; w < numbers.Length; w++)
            numbers[w] = point[(Word)w] is not { } text ? Missing : codes[w].GetValueOrDefault(text, Unknown);
        return numbers;
    }
}

/// <summary>A car in numbers: the codes of its words, and its measures.</summary>
internal readonly record struct Coded(int[] Words, Point Point)
{
    public int this[Word word] => Words[(int)word];

    public double this[Measure measure] => Point[measure];
}
