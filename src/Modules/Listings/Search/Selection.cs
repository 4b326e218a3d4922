using System.Buffers;

namespace KiwiCar.Listings.Search;

/// <summary>The rows of one instant that a question is about, a bit for each: all that are there, until they are narrowed. Dispose it.</summary>
internal readonly ref struct Selection
{
    private readonly Snapshots.Reading _reading;
    private readonly ulong[] _room;

    public Selection(Snapshots snapshots)
    {
        _reading = snapshots.Read();
        _room = ArrayPool<ulong>.Shared.Rent(Snapshot.Blocks.Length * Block.Words);
        for (var block = 0; block < Snapshot.Blocks.Length; block++) Snapshot.Live(block).CopyTo(Of(block));
    }

    public Snapshot Snapshot => _reading.Snapshot;

    public Span<ulong> Rows => _room.AsSpan(0, Snapshot.Blocks.Length * Block.Words);

    public Span<ulong> Of(int block) => _room.AsSpan(block * Block.Words, Block.Words);

    /// <summary>Leaves these rows, as far as they are among them.</summary>
    public void KeepOnly(IEnumerable<int> rows)
    {
        var scratch = ArrayPool<ulong>.Shared.Rent(Rows.Length);
        var wanted = scratch.AsSpan(0, Rows.Length);
        wanted.Clear();
        foreach (var row in rows) wanted[row / 64] |= 1UL << row;
        Bitmap.And(Rows, wanted);
        ArrayPool<ulong>.Shared.Return(scratch);
    }

    public void Dispose()
    {
        ArrayPool<ulong>.Shared.Return(_room);
        _reading.Dispose();
    }
}
