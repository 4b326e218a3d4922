namespace KiwiCar.Bench;

/// <summary>Times in milliseconds, and what is told of them.</summary>
internal sealed class Figures
{
    private readonly List<double> milliseconds = [];

    public void Add(TimeSpan time)
    {
        lock (milliseconds) milliseconds.Add(time.TotalMilliseconds);
    }

    public override string ToString()
    {
        milliseconds.Sort();
        return milliseconds.Count == 0 ? "nothing measured" : $"p50 {At(0.50):0.00} ms, p99 {At(0.99):0.00} ms, max {milliseconds[^1]:0.00} ms ({milliseconds.Count} samples)";
    }

    private double At(double share) => milliseconds[(int)(share * (milliseconds.Count - 1))];
}
