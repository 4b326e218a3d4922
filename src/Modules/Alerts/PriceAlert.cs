namespace KiwiCar.Alerts;

/// <summary>What somebody is told: it cost <paramref name="From"/>, and now costs <paramref name="To"/>.</summary>
internal sealed record Fall(decimal From, decimal To);

/// <summary>A change of an asking price.</summary>
/// <param name="Floor">The lowest price asked in the day before it: what costs as little as that again has not become cheaper.</param>
internal sealed record Change(decimal OldPrice, decimal NewPrice, decimal Floor, DateTimeOffset At);

/// <summary>
/// What was mailed about a favourite, and whether more is to be told. Pure: the same changes at the same times, the same mails, whenever they are handled.
/// </summary>
/// <param name="MailedPrice">The price last mailed.</param>
/// <param name="DueAt">A further fall waits until then; null where none does.</param>
/// <param name="Price">What is asked now; kept up to date while something waits.</param>
internal sealed record PriceAlert(DateTimeOffset MailedAt, decimal MailedPrice, DateTimeOffset? DueAt, decimal Price)
{
    /// <summary>The change as this favourite sees it.</summary>
    /// <param name="before">What was mailed so far; null where nothing was.</param>
    /// <param name="target">Only this and less is told; null: any fall.</param>
    /// <param name="pause">The first fall is told at once; further ones within this time wait, and become one.</param>
    public static (IReadOnlyList<Fall> Mails, PriceAlert? After) Decide(PriceAlert? before, decimal? target, Change change, TimeSpan pause)
    {
        var mails = new List<Fall>(1);
        var alert = before;
        if (alert?.DueAt <= change.At) alert = (alert with { Price = change.OldPrice }).Settle(target, mails); // what was due before this has been told
        if (change.NewPrice < change.Floor && (target is null || change.NewPrice <= target))
        {
            if (alert is null || change.At >= alert.MailedAt + pause)
            {
                mails.Add(new(change.Floor, change.NewPrice));
                alert = new(change.At, change.NewPrice, null, change.NewPrice);
            }
            else
            {
                alert = alert with { DueAt = alert.DueAt ?? alert.MailedAt + pause };
            }
        }
        return (mails, alert?.DueAt is null ? alert : alert with { Price = change.NewPrice });
    }

    /// <summary>The time of what waits has come: it is told if it still holds.</summary>
    public PriceAlert Settle(decimal? target, ICollection<Fall> mails)
    {
        if (DueAt is not { } due) return this;
        if (Price >= MailedPrice || Price > target) return this with { DueAt = null };
        mails.Add(new(MailedPrice, Price));
        return new(due, Price, null, Price);
    }
}
