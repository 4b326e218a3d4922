namespace KiwiCar.Listings.Pricing;

/// <summary>The cars of one model, with all that is compared in arrays, since it is looked at for every car.</summary>
internal sealed class ModelCars(Comparable[] cars)
{
    /// <summary>The words that tell cars of one model apart, and by how many units.</summary>
    public static readonly (Word Word, float Units)[] Told =
        [(Word.FuelType, 2), (Word.Transmission, 1.5f), (Word.Trim, 1.5f), (Word.BodyType, 1.5f), (Word.Seats, 1), (Word.Region, 0.3f)];

    public static ModelCars None { get; } = new([]);

    public float[] Years { get; } = Array.ConvertAll(cars, c => (float)c.Point[Measure.Year]);

    public float[] Mileages { get; } = Array.ConvertAll(cars, c => (float)c.Point[Measure.Mileage]);

    /// <summary>Logarithms.</summary>
    public float[] Engines { get; } = Array.ConvertAll(cars, c => (float)Math.Log(c.Point[Measure.Engine]));

    /// <summary>One number for each of the words of <see cref="Told"/>, car by car.</summary>
    public int[] Marks { get; } = MarksOf(cars);

    public int Count => cars.Length;

    public Comparable this[int i] => cars[i];

    /// <summary>In the order they came.</summary>
    public ReadOnlySpan<Comparable> All => cars;

    public ModelCars With(Comparable car) => new([.. cars, car]);

    public ModelCars Without(Guid id) => Array.Exists(cars, c => c.Advert.Id == id) ? new(Array.FindAll(cars, c => c.Advert.Id != id)) : this;

    /// <summary>The last that came, but for one.</summary>
    public IEnumerable<Comparable> Last(int most, Guid? leaveOut) => cars.TakeLast(most).Where(c => c.Advert.Id != leaveOut);

    public static void Mark(Point point, Span<int> marks)
    {
        for (var w = 0; w < Told.Length; w++) marks[w] = point.Mark(Told[w].Word);
    }

    private static int[] MarksOf(Comparable[] cars)
    {
        var marks = new int[cars.Length * Told.Length];
        for (var i = 0; i < cars.Length; i++) Mark(cars[i].Point, marks.AsSpan(i * Told.Length, Told.Length));
        return marks;
    }
}
