using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KiwiCar.Listings.Search;

/// <summary>Sets of rows, a bit for each, and the vectorised passes over columns that narrow them.</summary>
internal static class Bitmap
{
    public static int Count(ReadOnlySpan<ulong> rows)
    {
        var count = 0;
        foreach (var word in rows) count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>Leaves the rows that the others have too. Whole blocks, equally many.</summary>
    public static void And(Span<ulong> rows, ReadOnlySpan<ulong> others)
    {
        var left = MemoryMarshal.Cast<ulong, Vector<ulong>>(rows);
        var right = MemoryMarshal.Cast<ulong, Vector<ulong>>(others);
        for (var i = 0; i < left.Length; i++) left[i] &= right[i];
    }

    /// <summary>Adds the others, as far as there is room. Whole blocks.</summary>
    public static void Or(Span<ulong> rows, ReadOnlySpan<ulong> others)
    {
        var left = MemoryMarshal.Cast<ulong, Vector<ulong>>(rows);
        var right = MemoryMarshal.Cast<ulong, Vector<ulong>>(others);
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++) left[i] |= right[i];
    }

    /// <summary>Leaves the rows of a block whose value lies within the bounds.</summary>
    public static void Keep<T>(Span<ulong> rows, Measure<T> column, Bounds<T> bounds) where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (bounds.Cover(column.Bounds)) return;
        if (!bounds.Overlap(column.Bounds)) rows.Clear();
        for (var word = 0; word < rows.Length; word++)
            if (rows[word] != 0)
                rows[word] &= Within(column.Values.AsSpan(word * 64, 64), bounds);
    }

    /// <summary>Leaves the rows of a block whose value is one of a few.</summary>
    public static void Keep<T>(Span<ulong> rows, T[] column, ReadOnlySpan<T> values) where T : struct, IBinaryInteger<T>
    {
        for (var word = 0; word < rows.Length; word++)
            if (rows[word] != 0)
                rows[word] &= AnyOf(column.AsSpan(word * 64, 64), values);
    }

    /// <summary>Leaves the rows of a block whose value is below that of another column.</summary>
    public static void KeepBelow(Span<ulong> rows, int[] column, int[] other)
    {
        for (var word = 0; word < rows.Length; word++)
            if (rows[word] != 0)
                rows[word] &= Below(column.AsSpan(word * 64, 64), other.AsSpan(word * 64, 64));
    }

    /// <summary>A bit for each of 64 values: whether it lies within the bounds.</summary>
    public static ulong Within<T>(ReadOnlySpan<T> values, Bounds<T> bounds) where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var (least, most) = (Vector256.Create(bounds.Least), Vector256.Create(bounds.Most));
        ref var first = ref MemoryMarshal.GetReference(values);
        ulong rows = 0;
        for (var i = 0; i < 64; i += Vector256<T>.Count)
        {
            var some = Vector256.LoadUnsafe(ref first, (nuint)i);
            var within = Vector256.GreaterThanOrEqual(some, least) & Vector256.LessThanOrEqual(some, most);
            rows |= (ulong)within.ExtractMostSignificantBits() << i;
        }
        return rows;
    }

    private static ulong Below(ReadOnlySpan<int> values, ReadOnlySpan<int> others)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        ref var other = ref MemoryMarshal.GetReference(others);
        ulong rows = 0;
        for (var i = 0; i < 64; i += Vector256<int>.Count)
            rows |= (ulong)Vector256.LessThan(Vector256.LoadUnsafe(ref first, (nuint)i), Vector256.LoadUnsafe(ref other, (nuint)i)).ExtractMostSignificantBits() << i;
        return rows;
    }

    /// <summary>A bit for each of 64 values: whether it is one of a few.</summary>
    public static ulong AnyOf<T>(ReadOnlySpan<T> values, ReadOnlySpan<T> wanted) where T : struct
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        ulong rows = 0;
        for (var i = 0; i < 64; i += Vector256<T>.Count)
        {
            var some = Vector256.LoadUnsafe(ref first, (nuint)i);
            var equal = Vector256<T>.Zero;
            foreach (var value in wanted) equal |= Vector256.Equals(some, Vector256.Create(value));
            rows |= (ulong)equal.ExtractMostSignificantBits() << i;
        }
        return rows;
    }
}
