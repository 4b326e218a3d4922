using System.Diagnostics.CodeAnalysis;

namespace KiwiCar.BuildingBlocks;

/// <summary>Wakes one sleeper; many calls while it is awake count as one.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose of.")]
internal sealed class WakeUp
{
    private readonly SemaphoreSlim signal = new(0, 1);

    public void Set()
    {
        try { signal.Release(); }
        catch (SemaphoreFullException) { } // it is awake already, and will look again
    }

    /// <summary>Sleeps until <see cref="Set"/> or <paramref name="atMost"/>.</summary>
    public Task Wait(TimeSpan atMost, CancellationToken ct) => signal.WaitAsync(atMost, ct);
}
