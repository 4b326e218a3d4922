namespace KiwiCar.Listings.Pricing;

/// <summary>A car as the trees see it: a byte a column. A measure becomes the number of its quantile, a word the rank of its frequency; 0 is "not known" or "rare".</summary>
internal sealed class Columns
{
    public const int Bins = 256;
    private const int Cuts = 100, LeastCars = 5, Sample = 20_000;

    private static readonly Word[] Named = [Word.Make, Word.Family, Word.Model, Word.FuelType, Word.Transmission, Word.Region, Word.BodyType, Word.Trim];

    private readonly Dictionary<int, byte>[] ranks;
    private readonly double[][] cuts;

    /// <param name="extras">Further numbers of each car, as many as it has; what they mean is the caller's matter.</param>
    /// <param name="chosen">The cars to learn from.</param>
    public Columns(Coded[] cars, double[][] extras, int[] chosen)
    {
        ranks = Array.ConvertAll(Named, word => chosen.Select(i => cars[i][word]).Where(code => code > 0).CountBy(code => code)
            .Where(g => g.Value >= LeastCars).OrderByDescending(g => g.Value).ThenBy(g => g.Key).Take(Bins - 1)
            .Select((g, rank) => (g.Key, rank)).ToDictionary(g => g.Key, g => (byte)(g.rank + 1)));
        var sample = chosen.Where((_, at) => at % Math.Max(1, chosen.Length / Sample) == 0).ToArray();
        cuts = new double[Point.Measures + (chosen.Length > 0 ? extras[chosen[0]].Length : 0)][];
        for (var m = 0; m < cuts.Length; m++)
        {
            var values = Array.FindAll(Array.ConvertAll(sample, i => Number(cars[i], extras[i], m)), double.IsFinite);
            Array.Sort(values);
            cuts[m] = values.Length == 0 ? [] : [.. Enumerable.Range(0, Cuts).Select(q => values[(long)q * values.Length / Cuts]).Distinct()];
        }
    }

    public int Count => Named.Length + cuts.Length;

    public static bool IsWord(int column) => column < Named.Length;

    /// <param name="row">One byte for each column.</param>
    public void Fill(Coded car, ReadOnlySpan<double> extras, Span<byte> row)
    {
        for (var w = 0; w < Named.Length; w++) row[w] = ranks[w].GetValueOrDefault(car[Named[w]]);
        for (var m = 0; m < cuts.Length; m++) row[Named.Length + m] = Bin(cuts[m], Number(car, extras, m));
    }

    private static double Number(Coded car, ReadOnlySpan<double> extras, int m) => m < Point.Measures ? car[(Measure)m] : extras[m - Point.Measures];

    private static byte Bin(double[] cuts, double value)
    {
        if (double.IsNaN(value)) return 0;
        var at = Array.BinarySearch(cuts, value);
        return (byte)(at >= 0 ? at + 1 : ~at);
    }
}

/// <summary>The bytes of all cars, car by car.</summary>
internal sealed class Table
{
    private readonly byte[] bytes;

    public Table(Columns columns, Coded[] cars, double[][] extras)
    {
        (Width, bytes) = (columns.Count, new byte[cars.Length * columns.Count]);
        for (var i = 0; i < cars.Length; i++) columns.Fill(cars[i], extras[i], bytes.AsSpan(i * Width, Width));
    }

    public int Width { get; }

    public ReadOnlySpan<byte> this[int car] => bytes.AsSpan(car * Width, Width);
}
