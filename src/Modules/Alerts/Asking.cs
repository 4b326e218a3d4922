using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <summary>What an advert asks, asked, and when, as its stream tells it: tables may be behind.</summary>
internal sealed class Asking
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly List<(DateTimeOffset At, long Version, decimal Price)> prices = [];

    public Guid SellerId { get; private set; }

    public bool IsOnSale { get; private set; }

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
                (SellerId, IsOnSale) = (x.SellerId, true);
                prices.Add((e.At, e.Version, x.Price));
                break;
            case PriceChanged x: prices.Add((e.At, e.Version, x.NewPrice)); break;
            case Relisted: IsOnSale = true; break;
            case Sold or Removed or SellerLeft: IsOnSale = false; break;
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
