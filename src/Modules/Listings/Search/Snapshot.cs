namespace KiwiCar.Listings.Search;

/// <summary>The index at one instant: the rows that count, never changed. A row number is its place in the blocks, one after the other.</summary>
/// <param name="live">A bitmap for each block.</param>
internal sealed class Snapshot(Block[] blocks, ulong[][] live, int count)
{
    /// <summary>No row.</summary>
    public const int None = -1;

    /// <summary>Searches that still look at it.</summary>
    public int Readers;

    public ReadOnlySpan<Block> Blocks => blocks;

    public int Count => count;

    public ReadOnlySpan<ulong> Live(int block) => live[block];

    public bool Has(int row)
    {
        var (block, at) = Block.Place(row);
        return block < live.Length && (live[block][at / 64] >> at & 1) != 0;
    }

    /// <summary>The same with one row more, or one less, or one for another.</summary>
    /// <param name="blocksNow">These blocks, or these and new ones.</param>
    public Snapshot Change(int added, int dropped, Block[] blocksNow)
    {
        var next = new ulong[blocksNow.Length][];
        live.CopyTo(next, 0);
        for (var block = live.Length; block < next.Length; block++) next[block] = new ulong[Block.Words];
        if (added != None) Flip(next, added);
        if (dropped != None) Flip(next, dropped);
        return new(blocksNow, next, count + (added == None ? 0 : 1) - (dropped == None ? 0 : 1));
    }

    private static void Flip(ulong[][] live, int row)
    {
        var (block, at) = Block.Place(row);
        live[block] = [.. live[block]];
        live[block][at / 64] ^= 1UL << at;
    }
}

/// <summary>
/// Lets searches read while the writer writes, and nobody waits. A change makes a new row and a new snapshot and publishes it
/// in one step; a search stays with the snapshot it began with. A dropped row is given back for reuse when all
/// searches that began before it was dropped have ended.
/// </summary>
/// <param name="giveBack">Takes a row that no search can see any more.</param>
internal sealed class Snapshots(Action<int> giveBack)
{
    private readonly Queue<(Snapshot Snapshot, int Dropped)> _superseded = new();
    private Snapshot _current = new([], [], 0);

    /// <summary>For the writer and for single values; who looks at rows takes <see cref="Read"/>.</summary>
    public Snapshot Current => Volatile.Read(ref _current);

    /// <summary>
    /// The current snapshot, kept until disposal. It counts itself in and then looks whether that was still in time: either
    /// it sees the writer's new snapshot here, or the writer sees the reader in <see cref="Publish"/>.
    /// </summary>
    public Reading Read()
    {
        while (true)
        {
            var snapshot = Current;
            Interlocked.Increment(ref snapshot.Readers);
            if (ReferenceEquals(snapshot, Current)) return new(snapshot);
            Interlocked.Decrement(ref snapshot.Readers);
        }
    }

    /// <param name="dropped">The row that <paramref name="next"/> has no more, or <see cref="Snapshot.None"/>.</param>
    public void Publish(Snapshot next, int dropped)
    {
        _superseded.Enqueue((Interlocked.Exchange(ref _current, next), dropped));
        while (_superseded.TryPeek(out var oldest) && Volatile.Read(ref oldest.Snapshot.Readers) == 0)
        {
            _superseded.Dequeue();
            if (oldest.Dropped != Snapshot.None) giveBack(oldest.Dropped);
        }
    }

    internal readonly ref struct Reading(Snapshot snapshot)
    {
        public Snapshot Snapshot => snapshot;

        public void Dispose() => Interlocked.Decrement(ref snapshot.Readers);
    }
}
