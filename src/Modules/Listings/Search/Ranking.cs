using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace KiwiCar.Listings.Search;

/// <summary>
/// The rows of one page of results, in order, without sorting all that match: it keeps the best rows seen so far, and passes
/// over the column for those that are better than the worst of them.
/// </summary>
/// <param name="column">What is sorted by.</param>
internal sealed class Ranking<T>(Func<Block, Measure<T>> column, bool descending) where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
{
    /// <summary>With more rows than these before the page, they are counted away first instead of being kept.</summary>
    private const int Deep = 512;

    /// <summary>Row numbers, the first on the page first.</summary>
    /// <param name="matches">A bitmap over all blocks of the snapshot.</param>
    /// <param name="skip">Rows before the page: fewer than match.</param>
    /// <param name="take">Rows on the page; fewer come back if fewer are left.</param>
    public int[] Page(Snapshot snapshot, ReadOnlySpan<ulong> matches, int skip, int take)
    {
        var floor = skip > Deep ? Floor(snapshot, matches, ref skip) : long.MinValue;
        var room = ArrayPool<Candidate>.Shared.Rent(Best.RoomFor(skip + take));
        try
        {
            var best = new Best(room, skip + take);
            for (var block = snapshot.Blocks.Length - 1; block >= 0; block--)
                Offer(block, snapshot.Blocks[block], matches.Slice(block * Block.Words, Block.Words), floor, ref best);
            return best.After(skip);
        }
        finally
        {
            ArrayPool<Candidate>.Shared.Return(room);
        }
    }

    /// <summary>Backwards, since later rows tend to be newer: the sooner the best are found, the fewer are looked at.</summary>
    private void Offer(int number, Block block, ReadOnlySpan<ulong> matches, long floor, ref Best best)
    {
        var measure = column(block);
        if (!Between(floor, best.Worst).Overlap(measure.Bounds)) return;
        for (var word = matches.Length - 1; word >= 0; word--)
        {
            if (matches[word] == 0) continue;
            var better = matches[word] & Bitmap.Within(measure.Values.AsSpan(word * 64, 64), Between(floor, best.Worst));
            while (better != 0)
            {
                var bit = BitOperations.Log2(better);
                better ^= 1UL << bit;
                var at = word * 64 + bit;
                best.Offer(new(Rank(measure[at]), Candidate.TieOf(block.Ids[at], descending), number * Block.Rows + at));
            }
        }
    }

    /// <summary>The lower, the nearer to the first page.</summary>
    private long Rank(T value) => long.CreateTruncating(descending ? ~value : value);

    /// <summary>The column's values of these ranks.</summary>
    private Bounds<T> Between(long rank, long otherRank)
    {
        var (least, most) = (T.CreateSaturating(rank), T.CreateSaturating(otherRank));
        return descending ? new(~most, ~least) : new(least, most);
    }

    /// <summary>
    /// A rank that the page cannot lie before, found by counting the ranks of all matches in 4,096 steps, and once more
    /// within a step while that leaves too many.
    /// </summary>
    /// <param name="skip">Becomes the rows between the floor and the page.</param>
    private long Floor(Snapshot snapshot, ReadOnlySpan<ulong> matches, ref int skip)
    {
        Span<int> steps = stackalloc int[4096];
        var (from, to) = Extent(snapshot);
        while (skip > Deep && from < to)
        {
            var shift = Math.Max(0, 64 - BitOperations.LeadingZeroCount((ulong)(to - from)) - 12);
            steps.Clear();
            CountSteps(snapshot, matches, from, to, shift, steps);
            var step = 0;
            while (skip >= steps[step]) skip -= steps[step++];
            from += (long)step << shift;
            to = Math.Min(to, from + (1L << shift) - 1);
        }
        return from;
    }

    private void CountSteps(Snapshot snapshot, ReadOnlySpan<ulong> matches, long from, long to, int shift, Span<int> steps)
    {
        for (var word = 0; word < matches.Length; word++)
        {
            var values = column(snapshot.Blocks[word / Block.Words]).Values.AsSpan(word % Block.Words * 64, 64);
            for (var left = matches[word]; left != 0; left &= left - 1)
                if (Rank(values[BitOperations.TrailingZeroCount(left)]) is var rank && rank >= from && rank <= to)
                    steps[(int)((rank - from) >> shift)]++;
        }
    }

    private (long From, long To) Extent(Snapshot snapshot)
    {
        var (from, to) = (long.MaxValue, long.MinValue);
        foreach (var block in snapshot.Blocks)
        {
            var bounds = column(block).Bounds;
            var (one, other) = (Rank(bounds.Least), Rank(bounds.Most));
            (from, to) = (Math.Min(from, Math.Min(one, other)), Math.Max(to, Math.Max(one, other)));
        }
        return (from, to);
    }
}

/// <summary>A row that may be on the page: the lower rank comes first, among equals the lower tie.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Candidate(long Rank, UInt128 Tie, int Row)
{
    /// <summary>By id, as its text is ordered.</summary>
    public static UInt128 TieOf(Guid id, bool descending)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var order = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return descending ? ~order : order;
    }
}

/// <summary>The least of all candidates offered: collected until the room is full, then sorted, and all but the wanted ones dropped.</summary>
internal ref struct Best(Span<Candidate> room, int wanted)
{
    private readonly Span<Candidate> _room = room;
    private int _count;

    /// <summary>No rank above it can be among the wanted any more.</summary>
    public long Worst { get; private set; } = long.MaxValue;

    public static int RoomFor(int wanted) => wanted + Math.Max(wanted, 64);

    public void Offer(Candidate candidate)
    {
        if (candidate.Rank > Worst) return;
        _room[_count++] = candidate;
        if (_count == _room.Length) Settle();
    }

    /// <summary>The wanted rows in order, without the first ones.</summary>
    public int[] After(int skip)
    {
        Settle();
        var rows = new int[Math.Max(0, _count - skip)];
        for (var i = 0; i < rows.Length; i++) rows[i] = _room[skip + i].Row;
        return rows;
    }

    private void Settle()
    {
        _room[.._count].Sort(static (a, b) => a.Rank != b.Rank ? a.Rank.CompareTo(b.Rank) : a.Tie.CompareTo(b.Tie));
        if (_count < wanted) return;
        _count = wanted;
        Worst = _room[wanted - 1].Rank;
    }
}
