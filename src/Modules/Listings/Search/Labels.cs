using System.Collections.Concurrent;

namespace KiwiCar.Listings.Search;

/// <summary>
/// The different values of one column, numbered from 0 as they appear, so that rows hold numbers. A number keeps its
/// value for ever: searches read while the one writer adds.
/// </summary>
/// <param name="keysOf">The spellings a value is found by, see <see cref="Spelling"/>; values whose last one is the same are one thing, written differently.</param>
internal sealed class Labels<T>(Func<T, string[]> keysOf) where T : notnull
{
    private readonly ConcurrentDictionary<T, int> _numbers = new();
    private readonly ConcurrentDictionary<string, int[]> _spelled = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _things = new(StringComparer.Ordinal);
    private T[] _values = new T[16];
    private int[] _thingOf = new int[16];
    private int _count;

    public T this[int number] => Volatile.Read(ref _values)[number];

    /// <summary>How many values there are; those of a snapshot that was taken before are among them.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>What the value is, however it is written: the number of its first spelling.</summary>
    public int ThingOf(int number) => Volatile.Read(ref _thingOf)[number];

    /// <summary>For the writer: the value's number, a new one if it is new.</summary>
    public int Number(T value)
    {
        if (_numbers.TryGetValue(value, out var known)) return known;
        var (number, keys) = (_count, keysOf(value));
        if (number == _values.Length)
        {
            Volatile.Write(ref _values, Grown(_values));
            Volatile.Write(ref _thingOf, Grown(_thingOf));
        }
        _values[number] = value;
        _thingOf[number] = Thing(keys, number);
        Volatile.Write(ref _count, number + 1);
        _numbers[value] = number;
        foreach (var key in keys)
            _spelled.AddOrUpdate(key, _ => [number], (_, others) => [.. others, number]);
        return number;
    }

    public int? NumberIfKnown(T value) => _numbers.TryGetValue(value, out var number) ? number : null;

    /// <summary>The numbers of all values so spelled.</summary>
    public int[] Spelled(string label) => _spelled.GetValueOrDefault(Spelling.Key(label), []);

    /// <summary>The numbers of all spellings of this one thing.</summary>
    public int[] Alike(T value) => keysOf(value) is [.., var own] ? Array.FindAll(_spelled.GetValueOrDefault(own, []), number => keysOf(this[number])[^1] == own) : [];

    private int Thing(string[] keys, int number)
    {
        if (keys is not [.., var own] || _things.TryAdd(own, number)) return number;
        return _things[own];
    }

    private static TAny[] Grown<TAny>(TAny[] values)
    {
        var larger = new TAny[values.Length * 2];
        values.CopyTo(larger, 0);
        return larger;
    }
}

/// <summary>What the numbers in the rows stand for.</summary>
internal sealed class ListingLabels
{
    public readonly Labels<string> Makes = new(ByKey);

    /// <summary>A model is one of its make: Mazda's 3 is not BYD's.</summary>
    public readonly Labels<(string Make, string Model)> Models = new(x => Spelling.KeysOfModel(x.Make, x.Model) is var keys ? [keys.Bare, keys.Full] : []);
    public readonly Labels<string> Regions = new(ByKey);
    public readonly Labels<string> BodyTypes = new(ByKey);
    public readonly Labels<string> Colors = new(ByKey);
    public readonly Labels<Guid> Sellers = new(_ => []);

    private static string[] ByKey(string label) => [Spelling.Key(label)];
}
