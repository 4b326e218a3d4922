using System.Numerics;

namespace KiwiCar.Listings.Search;

/// <summary>The values of which a row must have one.</summary>
internal sealed class Choice<T>(T[] values) where T : struct, IBinaryInteger<T>
{
    /// <summary>Up to here it is faster to compare with each than to look into a table.</summary>
    private const int Few = 8;
    private readonly byte[] _table = values.Length <= Few ? [] : Table(values);

    public void Keep(Span<ulong> rows, T[] column)
    {
        if (values.Length <= Few) Bitmap.Keep(rows, column, values);
        else KeepByTable(rows, column);
    }

    private void KeepByTable(Span<ulong> rows, T[] column)
    {
        for (var word = 0; word < rows.Length; word++)
            if (rows[word] != 0)
                rows[word] &= InTable(column.AsSpan(word * 64, 64));
    }

    private ulong InTable(ReadOnlySpan<T> column)
    {
        ulong rows = 0;
        for (var i = 0; i < column.Length; i++)
            rows |= (ulong)_table[Math.Min(int.CreateTruncating(column[i]), _table.Length - 1)] << i;
        return rows;
    }

    /// <summary>A one for each of the values, and a zero after the greatest for all beyond.</summary>
    private static byte[] Table(T[] values)
    {
        var table = new byte[int.CreateTruncating(values.Max()) + 2];
        foreach (var value in values) table[int.CreateTruncating(value)] = 1;
        return table;
    }
}
