using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.ReadModel;

/// <summary>
/// Keeps what a process remembers of plain rows as new as the table, within a second or so: what it changes itself it knows at once, what others change
/// it reads every second, by the rows' <c>updatedAt</c>.
/// </summary>
public static class ChangedRows
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(30); // a transaction shows its rows later than it stamped them, and hosts' clocks differ

    /// <summary>Runs until cancelled.</summary>
    /// <param name="what">For the log: "Which {what} other processes have changed cannot be read now".</param>
    /// <param name="take">Reads the rows changed since then; it may see one again.</param>
    public static async Task Follow(string what, Func<DateTimeOffset, CancellationToken, Task> take, TimeProvider clock, ILogger log, CancellationToken ct)
    {
        var complete = clock.GetUtcNow();
        while (!ct.IsCancellationRequested)
        {
            await Task.Delay(Every, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                var now = clock.GetUtcNow();
                await take(complete - Overlap, ct);
                complete = now;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested) { }
            catch (Exception e)
            {
                log.LogWarning("Which {What} other processes have changed cannot be read now: {Error}", what, e.Message);
            }
        }
    }
}
