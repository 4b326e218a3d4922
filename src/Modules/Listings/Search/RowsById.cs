namespace KiwiCar.Listings.Search;

/// <summary>
/// Finds rows by listing id: a hash table of row numbers alone (open addressing, 5 to 16 bytes a listing), since the ids
/// are in the rows. One writer; readers see any moment of it, and <see cref="Snapshot.Has"/> tells them which row counts.
/// </summary>
/// <param name="idOf">The id of a row that is in the table.</param>
internal sealed class RowsById(Func<int, Guid> idOf)
{
    private const int Free = 0, Left = -1;
    private int[] _slots = new int[64];
    private int _rows, _used;

    /// <summary>The row of this id that counts in the snapshot, or <see cref="Snapshot.None"/>.</summary>
    public int Find(Guid id, Snapshot snapshot)
    {
        var slots = Volatile.Read(ref _slots);
        for (var i = Home(id, slots); slots[i] != Free; i = Next(i, slots))
            if (slots[i] - 1 is >= 0 and var row && snapshot.Has(row) && idOf(row) == id)
                return row;
        return Snapshot.None;
    }

    public void Add(int row)
    {
        if (_used >= _slots.Length / 4 * 3) Rebuild();
        Put(row, _slots);
        _used++;
        _rows++;
    }

    public void Remove(int row)
    {
        var i = Home(idOf(row), _slots);
        while (_slots[i] != row + 1) i = Next(i, _slots);
        _slots[i] = Left;
        _rows--;
    }

    /// <summary>Twice as long if rows fill it, as long as before if the places of rows that left do.</summary>
    private void Rebuild()
    {
        var slots = new int[_rows > _slots.Length / 2 ? _slots.Length * 2 : _slots.Length];
        foreach (var slot in _slots)
            if (slot > 0)
                Put(slot - 1, slots);
        _used = _rows;
        Volatile.Write(ref _slots, slots);
    }

    private void Put(int row, int[] slots)
    {
        var i = Home(idOf(row), slots);
        while (slots[i] != Free) i = Next(i, slots);
        slots[i] = row + 1;
    }

    /// <summary>Spread over the table by its upper bits (Fibonacci hashing).</summary>
    private static int Home(Guid id, int[] slots) =>
        (int)((uint)id.GetHashCode() * 2654435769u >> (32 - int.Log2(slots.Length)));

    private static int Next(int i, int[] slots) => (i + 1) & (slots.Length - 1);
}
