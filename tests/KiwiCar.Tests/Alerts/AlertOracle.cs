namespace KiwiCar.Tests.Alerts;

/// <summary>The rules of price alerts, told plainly over a whole history; shared with the tests of the running host.</summary>
public static class AlertOracle
{
    /// <summary>What one watcher is mailed, in order: from which price, to which.</summary>
    /// <param name="listed">When the advert came up, at this price.</param>
    /// <param name="changes">The prices that followed, oldest first.</param>
    public static IReadOnlyList<(decimal From, decimal To)> Mails(
        DateTimeOffset listed, decimal price, IReadOnlyList<(DateTimeOffset At, decimal Price)> changes, decimal? target, TimeSpan pause)
    {
        var mails = new List<(decimal From, decimal To)>();
        (DateTimeOffset At, decimal Price)? mailed = null;
        DateTimeOffset? waitsUntil = null;
        var current = price;
        for (var i = 0; i < changes.Count; i++)
        {
            var (at, next) = changes[i];
            if (waitsUntil <= at) TellWhatWaits();
            var lowest = LowestInTheDayBefore(i);
            if (next < lowest && !(next > target))
            {
                if (mailed is null || at - mailed.Value.At >= pause)
                {
                    mails.Add((lowest, next));
                    mailed = (at, next);
                }
                else waitsUntil ??= mailed.Value.At + pause;
            }
            current = next;
        }
        if (waitsUntil is not null) TellWhatWaits();
        return mails;

        void TellWhatWaits()
        {
            if (current < mailed!.Value.Price && !(current > target))
            {
                mails.Add((mailed.Value.Price, current));
                mailed = (waitsUntil!.Value, current);
            }
            waitsUntil = null;
        }

        // Every price that was asked at some moment of the 24 hours before the change.
        decimal LowestInTheDayBefore(int change)
        {
            var begin = changes[change].At - TimeSpan.FromDays(1);
            var lowest = decimal.MaxValue;
            for (var i = -1; i < change; i++)
            {
                var (asked, until) = (i < 0 ? price : changes[i].Price, changes[i + 1].At);
                if (until > begin || i == change - 1) lowest = Math.Min(lowest, asked);
            }
            return lowest;
        }
    }
}
