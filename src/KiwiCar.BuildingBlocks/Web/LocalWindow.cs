using System.Runtime.InteropServices;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>How one limit stands for one key.</summary>
/// <param name="Wait">Until the next permit comes free.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Standing(int Limit, int Remaining, TimeSpan Wait, bool Refused)
{
    public int Seconds => Math.Max(1, (int)Math.Ceiling(Wait.TotalSeconds));
}

/// <summary>
/// One limit as this process sees it: when each key took its permits. What is full here is refused without asking Redis, and while Redis is away
/// this is all there is. Bounded: where very many keys come at once, those that have been silent longest are forgotten.
/// </summary>
internal sealed class LocalWindow(Limit limit, LimitSize size)
{
    private readonly Lock gate = new();
    private readonly int mostKeys = Math.Clamp(1_000_000 / size.Count, 100, 50_000); // a generation

    // Two generations do without a clean-up: what nobody touched for a whole window goes with the older one.
    private Dictionary<string, List<long>> young = new(StringComparer.Ordinal), old = new(StringComparer.Ordinal);
    private long youngSince = long.MinValue;

    public Limit Limit => limit;

    public LimitSize Size => size;

    /// <summary>How many keys are remembered now.</summary>
    internal int Keys => young.Count + old.Count;

    public string RedisKey(string key) => $"{RateLimits.Prefix}{limit.Name}:{key}";

    /// <param name="now">Milliseconds of a clock that never goes back.</param>
    public bool TryTake(string key, long now, out Standing standing)
    {
        lock (gate)
        {
            var taken = TakenBy(key, now);
            var granted = taken.Count < size.Count;
            if (granted) taken.Add(now);
            standing = new(size.Count, size.Count - taken.Count, TimeSpan.FromMilliseconds(taken[0] - now) + size.Window, !granted);
            return granted;
        }
    }

    /// <param name="at">When it was taken.</param>
    public void GiveBack(string key, long at)
    {
        lock (gate)
        {
            if (young.TryGetValue(key, out var taken) || old.TryGetValue(key, out taken)) taken.Remove(at);
        }
    }

    public void Forget()
    {
        lock (gate) (young, old) = (new(StringComparer.Ordinal), new(StringComparer.Ordinal));
    }

    private List<long> TakenBy(string key, long now)
    {
        var begin = now - (long)size.Window.TotalMilliseconds;
        if (youngSince <= begin || young.Count >= mostKeys) (young, old, youngSince) = (new(StringComparer.Ordinal), young, now);
        if (!young.TryGetValue(key, out var taken)) young[key] = taken = old.Remove(key, out var before) ? before : [];
        var gone = 0;
        while (gone < taken.Count && taken[gone] <= begin) gone++;
        taken.RemoveRange(0, gone);
        return taken;
    }
}
