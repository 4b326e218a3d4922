namespace KiwiCar.Listings.Pricing;

/// <summary>The cars of one leaf, summed by column and byte; from it follows the best division of the leaf.</summary>
internal sealed class Histogram
{
    private const double WordCaution = 10;

    private readonly double[] sums, weights;
    private readonly int[] counts;
    private readonly int columns;

    private Histogram(int columns) =>
        (this.columns, sums, weights, counts) = (columns, new double[columns * Columns.Bins], new double[columns * Columns.Bins], new int[columns * Columns.Bins]);

    public static Histogram Of(Table cars, ReadOnlySpan<int> members, float[] targets, float[] weights)
    {
        var histogram = new Histogram(cars.Width);
        foreach (var i in members)
        {
            var weight = weights[i];
            var row = cars[i];
            var sum = targets[i] * weight;
            for (var c = 0; c < row.Length; c++)
            {
                var bin = c * Columns.Bins + row[c];
                histogram.sums[bin] += sum;
                histogram.weights[bin] += weight;
                histogram.counts[bin]++;
            }
        }
        return histogram;
    }

    /// <summary>Takes a part of the cars out.</summary>
    public Histogram Less(Histogram part)
    {
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] -= part.sums[i];
            weights[i] -= part.weights[i];
            counts[i] -= part.counts[i];
        }
        return this;
    }

    public (double Sum, double Weight, int Count) Total
    {
        get
        {
            var (sum, weight, count) = (0.0, 0.0, 0);
            for (var bin = 0; bin < Columns.Bins; bin++)
            {
                sum += sums[bin];
                weight += weights[bin];
                count += counts[bin];
            }
            return (sum, weight, count);
        }
    }

    /// <param name="least">Cars that each side must have.</param>
    /// <param name="caution">As many cars as a side needs to be believed by half.</param>
    public Split Best(int least, double caution, Func<int, bool> allowed)
    {
        var (sum, weight, count) = Total;
        var best = Split.None;
        if (count < 2 * least) return best;
        Span<int> bins = stackalloc int[Columns.Bins];
        Span<double> means = stackalloc double[Columns.Bins];
        for (var column = 0; column < columns; column++)
        {
            if (!allowed(column)) continue;
            var found = 0;
            var first = column * Columns.Bins;
            for (var bin = 0; bin < Columns.Bins; bin++)
            {
                if (counts[first + bin] == 0) continue;
                means[found] = sums[first + bin] / (weights[first + bin] + WordCaution);
                bins[found++] = bin;
            }
            if (found < 2) continue;
            var extra = Columns.IsWord(column) ? WordCaution : 0; // with many words one of them always happens to fit
            if (extra > 0) means[..found].Sort(bins[..found]);
            var (leftSum, leftWeight, leftCount, here) = (0.0, 0.0, 0, caution + extra);
            var whole = sum * sum / (weight + caution);
            var (gain, at) = (best.Gain, -1);
            for (var b = 0; b < found - 1; b++)
            {
                var bin = first + bins[b];
                (leftSum, leftWeight, leftCount) = (leftSum + sums[bin], leftWeight + weights[bin], leftCount + counts[bin]);
                if (leftCount < least) continue;
                if (count - leftCount < least) break;
                var rightSum = sum - leftSum;
                var now = leftSum * leftSum / (leftWeight + here) + rightSum * rightSum / (weight - leftWeight + here) - whole;
                if (now > gain) (gain, at) = (now, b);
            }
            if (at < 0) continue;
            var left = default(BinSet);
            for (var b = 0; b <= at; b++) left = left.With((byte)bins[b]);
            best = new(column, left, gain);
        }
        return best;
    }
}
