using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <summary>What an advert asked, and when, as its stream tells it.</summary>
internal sealed class Asking
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly List<(DateTimeOffset At, long Version, decimal Price)> prices = [];

    public string Title { get; private set; } = "";

    public Guid SellerId { get; private set; }

    /// <summary>Whether it is offered now, after all that is in the log by now.</summary>
    public bool IsOpen { get; private set; }

    public static async Task<Asking> Read(Guid listing, EventStore store, CancellationToken ct)
    {
        var asking = new Asking();
        await foreach (var e in store.ReadStream(listing, ct)) asking.Apply(e);
        return asking;
    }

    /// <summary>What the stream tells next.</summary>
    public void Apply(Recorded e)
    {
        switch (e.Data)
        {
            case ListingCreated x:
                (Title, SellerId, IsOpen) = ($"{x.Year} {x.Make} {x.Model}", x.SellerId, true);
                prices.Add((e.At, e.Version, x.Price));
                break;
            case PriceChanged x: prices.Add((e.At, e.Version, x.NewPrice)); break;
            case Sold or Removed or SellerLeft: IsOpen = false; break;
            case Relisted: IsOpen = true; break;
        }
    }

    /// <summary>The lowest price asked in the day before an event of the stream; of a change that is no fall below it, nobody needs to hear.</summary>
    public decimal FloorBefore(Recorded e)
    {
        var floor = decimal.MaxValue;
        foreach (var (at, version, price) in prices.AsEnumerable().Reverse().SkipWhile(p => p.Version >= e.Version))
        {
            floor = Math.Min(floor, price);
            if (at <= e.At - Day) break; // what it cost when that day began
        }
        return floor;
    }
}
