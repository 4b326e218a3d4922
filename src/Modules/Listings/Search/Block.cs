using System.Numerics;

namespace KiwiCar.Listings.Search;

/// <summary>
/// 4,096 rows in columns: small enough that a query's passes over one block stay in the cache. A row is written once;
/// it is overwritten only when no search can see it any more (<see cref="Snapshots"/>).
/// </summary>
internal sealed class Block
{
    public const int Rows = 4096;

    /// <summary>64 rows to a word in a bitmap.</summary>
    public const int Words = Rows / 64;

    public readonly Measure<long> Published = new();
    public readonly Measure<int> Prices = new();
    public readonly Measure<int> Mileages = new();
    public readonly Measure<short> Years = new();
    public readonly int[] ListedPrices = new int[Rows];
    public readonly int[] Makes = new int[Rows];
    public readonly int[] Models = new int[Rows];
    public readonly int[] Regions = new int[Rows];
    public readonly int[] BodyTypes = new int[Rows];
    public readonly int[] Colors = new int[Rows];
    public readonly int[] Sellers = new int[Rows];
    public readonly byte[] FuelTypes = new byte[Rows];
    public readonly byte[] Transmissions = new byte[Rows];
    public readonly Guid[] Ids = new Guid[Rows];
    public readonly Guid[] Covers = new Guid[Rows];
    public readonly long[] Created = new long[Rows];
    public readonly byte[][] Texts = new byte[Rows][];

    public Row this[int at]
    {
        get => new(
            Ids[at], Sellers[at], Makes[at], Models[at], Years[at], Mileages[at], Prices[at], ListedPrices[at], Regions[at], FuelTypes[at],
            Transmissions[at], BodyTypes[at], Colors[at], Texts[at], Covers[at], Created[at], Published[at]);
        set => (
            Ids[at], Sellers[at], Makes[at], Models[at], Years[at], Mileages[at], Prices[at], ListedPrices[at], Regions[at], FuelTypes[at],
            Transmissions[at], BodyTypes[at], Colors[at], Texts[at], Covers[at], Created[at], Published[at]) = value;
    }

    public static (int Block, int At) Place(int row) => (row / Rows, row % Rows);
}

/// <summary>One listing as the columns hold it: labels and the seller as numbers of <see cref="ListingLabels"/>.</summary>
/// <param name="Price">NZ cents, like <paramref name="ListedPrice"/>.</param>
/// <param name="Text">Its words, as <see cref="TextIndex"/> packs them.</param>
/// <param name="Cover">All zeros where there is none.</param>
/// <param name="Created">UTC ticks, like <paramref name="Published"/>.</param>
internal readonly record struct Row(
    Guid Id, int Seller, int Make, int Model, short Year, int Mileage, int Price, int ListedPrice, int Region, byte FuelType,
    byte Transmission, int BodyType, int Color, byte[] Text, Guid Cover, long Created, long Published);

/// <summary>A column that is compared. Its bounds hold for all that was ever written to it, so that whole blocks can be passed over.</summary>
internal sealed class Measure<T> where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
{
    public readonly T[] Values = new T[Block.Rows];
    private T _least = T.MaxValue, _most = T.MinValue;

    public Bounds<T> Bounds => new(_least, _most);

    public T this[int at]
    {
        get => Values[at];
        set => (Values[at], _least, _most) = (value, T.Min(_least, value), T.Max(_most, value));
    }
}

/// <summary>From the least to the most, both included.</summary>
internal readonly record struct Bounds<T>(T Least, T Most) where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
{
    public static Bounds<T> All => new(T.MinValue, T.MaxValue);

    public bool Overlap(Bounds<T> other) => Least <= other.Most && other.Least <= Most;

    public bool Cover(Bounds<T> other) => Least <= other.Least && other.Most <= Most;
}
