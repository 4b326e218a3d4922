using System.Runtime.InteropServices;

namespace KiwiCar.Listings.Pricing;

/// <summary>A regression tree over the bytes of <see cref="Columns"/>.</summary>
internal sealed class Tree
{
    private readonly List<Node> nodes = [new()];

    /// <summary>What the tree says about this car.</summary>
    public double Of(ReadOnlySpan<byte> row)
    {
        var node = nodes[0];
        while (node.Column >= 0) node = nodes[node.GoesLeft(row) ? node.Left : node.Left + 1];
        return node.Value;
    }

    /// <returns>The left leaf; the right one is the next.</returns>
    public int Split(int leaf, Split split)
    {
        nodes[leaf] = new() { Column = split.Column, Left = nodes.Count, Set = split.Left };
        nodes.Add(new());
        nodes.Add(new());
        return nodes.Count - 2;
    }

    public void SetValue(int leaf, double value) => nodes[leaf] = new() { Value = value };

    public bool GoesLeft(int node, ReadOnlySpan<byte> row) => nodes[node].GoesLeft(row);

    private sealed class Node
    {
        public int Column { get; init; } = -1;
        public int Left { get; init; }
        public double Value { get; init; }
        public BinSet Set { get; init; }

        public bool GoesLeft(ReadOnlySpan<byte> row) => Set.Has(row[Column]);
    }
}

/// <summary>Where a leaf is best divided.</summary>
/// <param name="Left">The bytes of the column that go to the left.</param>
/// <param name="Gain">By how much the squared error falls; 0 or less where no division is worth it.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Split(int Column, BinSet Left, double Gain)
{
    public static Split None => new(-1, default, 0);
}

/// <summary>A set of bytes.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct BinSet(ulong A, ulong B, ulong C, ulong D)
{
    public bool Has(byte bin) => ((bin >> 6) switch { 0 => A, 1 => B, 2 => C, _ => D } >> (bin & 63) & 1) != 0;

    public BinSet With(byte bin)
    {
        var bit = 1UL << (bin & 63);
        return (bin >> 6) switch
        {
            0 => this with { A = A | bit },
            1 => this with { B = B | bit },
            2 => this with { C = C | bit },
            _ => this with { D = D | bit },
        };
    }
}
