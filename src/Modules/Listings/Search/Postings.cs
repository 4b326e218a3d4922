namespace KiwiCar.Listings.Search;

/// <summary>
/// The rows that have one word: a list while they are few (4 bytes a row), a bitmap once that is smaller. Both change in place under the
/// eyes of searches: a place is written whole, filled before the row counts, emptied when no search can see the row.
/// </summary>
/// <param name="number">What the listings' packed words call it.</param>
/// <param name="followers">See <see cref="Vocabulary"/>.</param>
internal sealed class Postings(string word, int number, Postings?[] followers)
{
    private const int Hole = -1;

    /// <summary>An <c>int[]</c> of rows and holes, or a <c>ulong[]</c> with a bit for each row of as many blocks as it needed.</summary>
    private object _rows = Array.Empty<int>();
    private int _end;

    public string Word => word;

    public int Number => number;

    /// <summary>Rows that have the word.</summary>
    public int Count { get; private set; }

    public int Levels => followers.Length;

    /// <summary>The listing that last had the word, so that it is taken once.</summary>
    public int LastListing { get; set; }

    public Postings? Follower(int level) => Volatile.Read(ref followers[level]);

    public void Follow(int level, Postings? next) => Volatile.Write(ref followers[level], next);

    /// <param name="rows">The rows of all blocks.</param>
    public void Add(int row, int rows)
    {
        if (_rows is int[] list && _end == list.Length) MakeRoom(list, rows);
        if (_rows is int[] few) few[_end++] = row;
        else Mark(row);
        Count++;
    }

    public void Remove(int row)
    {
        if (_rows is int[] few) few[few.AsSpan(0, _end).IndexOf(row)] = Hole;
        else ((ulong[])_rows)[row / 64] &= ~(1UL << row);
        Count--;
    }

    /// <summary>Adds the rows to a bitmap, as far as it goes.</summary>
    public void AddTo(Span<ulong> bitmap)
    {
        var rows = Volatile.Read(ref _rows);
        if (rows is ulong[] many) Bitmap.Or(bitmap, many);
        else
            foreach (var row in (int[])rows)
                if (row != Hole && row / 64 < bitmap.Length)
                    bitmap[row / 64] |= 1UL << row;
    }

    private void MakeRoom(int[] list, int rows)
    {
        if (Count >= rows / 32)
        {
            var bits = new ulong[rows / 64];
            foreach (var row in list)
                if (row != Hole)
                    bits[row / 64] |= 1UL << row;
            Volatile.Write(ref _rows, bits);
            return;
        }
        var larger = new int[Count + Count / 4 + 1];
        _end = 0;
        foreach (var row in list)
            if (row != Hole)
                larger[_end++] = row;
        larger.AsSpan(_end).Fill(Hole);
        Volatile.Write(ref _rows, larger);
    }

    private void Mark(int row)
    {
        var bits = (ulong[])_rows;
        if (row / 64 >= bits.Length)
        {
            Array.Resize(ref bits, (row / Block.Rows + 1 + bits.Length / Block.Words / 8) * Block.Words);
            Volatile.Write(ref _rows, bits);
        }
        bits[row / 64] |= 1UL << row;
    }
}
