using System.Runtime.InteropServices;

namespace KiwiCar.Listings.Pricing;

/// <summary>How far the trees may go. All counts are of cars, so the same settings serve small and large markets.</summary>
internal sealed record BoostingSettings
{
    public int Trees { get; init; } = 400;
    public int Leaves { get; init; } = 31;
    public int LeastCars { get; init; } = 12;
    public double Rate { get; init; } = 0.1;
    public double Caution { get; init; } = 5;
    public double Share { get; init; } = 0.7;
    public double ColumnShare { get; init; } = 0.7;

    /// <summary>Trees without any betterment on the held-back cars after which to stop.</summary>
    public int Patience { get; init; } = 30;
}

/// <summary>Gradient-boosted trees on what the hedonic price leaves unexplained. Errors beyond <c>cap</c> pull no harder than that.</summary>
internal sealed class Boosting
{
    private readonly List<Tree> trees = [];

    private Boosting(double[] left) => Left = left;

    /// <summary>How far the held-back cars were off on average, after no tree, one tree, two …</summary>
    public List<double> Losses { get; } = [];

    /// <summary>What all trees together say about this car.</summary>
    public double Of(ReadOnlySpan<byte> row)
    {
        var sum = 0.0;
        foreach (var tree in CollectionsMarshal.AsSpan(trees)) sum += tree.Of(row);
        return sum;
    }

    /// <summary>What is left of each car's target, after <see cref="Keep"/> as well.</summary>
    public double[] Left { get; }

    /// <summary>Forgets all but the first trees.</summary>
    public void Keep(int count, Table cars)
    {
        foreach (var tree in trees.Skip(count))
            for (var i = 0; i < Left.Length; i++) Left[i] += tree.Of(cars[i]);
        if (count < trees.Count) trees.RemoveRange(count, trees.Count - count);
    }

    /// <param name="targets">What to explain, a number for each car.</param>
    /// <param name="chosen">The cars to learn from.</param>
    /// <param name="held">The cars to watch.</param>
    public static Boosting Fit(Table cars, double[] targets, double[] weights, int[] chosen, int[] held, double cap, ulong seed, BoostingSettings settings)
    {
        var model = new Boosting((double[])targets.Clone());
        var random = new Random64(seed);
        var (left, gradients) = (model.Left, new float[targets.Length]);
        var heaviness = Array.ConvertAll(weights, w => (float)w);
        model.Losses.Add(Loss(left, held));
        var best = 0;
        while (model.trees.Count < settings.Trees && model.Losses.Count - 1 - best < settings.Patience)
        {
            foreach (var i in chosen) gradients[i] = (float)Math.Clamp(left[i], -cap, cap);
            var sample = settings.Share < 1 ? Array.FindAll(chosen, _ => random.Next() < settings.Share) : chosen;
            var grown = new Growth(cars, gradients, heaviness, (int[])sample.Clone(), settings, random).Grow();
            model.trees.Add(grown);
            for (var i = 0; i < left.Length; i++) left[i] -= grown.Of(cars[i]);
            model.Losses.Add(Loss(left, held));
            if (model.Losses[^1] < model.Losses[best]) best = model.Losses.Count - 1;
        }
        return model;
    }

    private static double Loss(double[] left, int[] held) => held.Length == 0 ? 0 : held.Sum(i => Math.Abs(left[i])) / held.Length;
}

/// <summary>The growing of one tree: always the leaf whose division gains most.</summary>
internal sealed class Growth(Table cars, float[] targets, float[] weights, int[] members, BoostingSettings settings, Random64 random)
{
    private readonly Tree tree = new();
    private readonly List<Leaf> leaves = [];
    private readonly bool[] allowed = [.. Enumerable.Range(0, cars.Width).Select(_ => random.Next() < settings.ColumnShare)];

    public Tree Grow()
    {
        leaves.Add(Looked(0, 0, members.Length, Histogram.Of(cars, members, targets, weights)));
        while (leaves.Count < settings.Leaves && leaves.MaxBy(l => l.Best.Gain) is { Best.Gain: > 0 } leaf)
        {
            leaves.Remove(leaf);
            Divide(leaf);
        }
        foreach (var leaf in leaves)
        {
            var (sum, weight, _) = leaf.Sums.Total;
            tree.SetValue(leaf.Node, settings.Rate * sum / (weight + settings.Caution));
        }
        return tree;
    }

    private void Divide(Leaf leaf)
    {
        var left = tree.Split(leaf.Node, leaf.Best);
        var (from, to) = (leaf.From, leaf.To - 1);
        while (from <= to)
        {
            if (tree.GoesLeft(leaf.Node, cars[members[from]])) from++;
            else
            {
                (members[from], members[to]) = (members[to], members[from]);
                to--;
            }
        }
        // The smaller half is counted, the larger is what remains.
        var leftIsSmaller = from - leaf.From < leaf.To - from;
        var small = Histogram.Of(cars, leftIsSmaller ? members.AsSpan(leaf.From, from - leaf.From) : members.AsSpan(from, leaf.To - from), targets, weights);
        var large = leaf.Sums.Less(small);
        leaves.Add(Looked(left, leaf.From, from, leftIsSmaller ? small : large));
        leaves.Add(Looked(left + 1, from, leaf.To, leftIsSmaller ? large : small));
    }

    private Leaf Looked(int node, int from, int to, Histogram sums) => new(node, from, to, sums, sums.Best(settings.LeastCars, settings.Caution, c => allowed[c]));

    /// <summary>The cars <paramref name="From"/> … <paramref name="To"/> (exclusive) of the members.</summary>
    private sealed record Leaf(int Node, int From, int To, Histogram Sums, Split Best);
}

/// <summary>Numbers that look like chance and are the same in every run (SplitMix64).</summary>
internal sealed class Random64(ulong seed)
{
    private ulong state = seed;

    /// <summary>From 0 to below 1.</summary>
    public double Next()
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return ((z ^ z >> 31) >> 11) * (1.0 / (1UL << 53));
    }
}
