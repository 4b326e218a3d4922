using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Pricing;

/// <summary>An advert as far as prices go.</summary>
/// <param name="Price">NZD: what was paid where that is known, else what is asked.</param>
internal sealed record Advert(Guid Id, Vehicle Car, decimal Price, decimal Asked, ListingStatus Status, bool PaidIsKnown)
{
    /// <summary>What a price that was paid counts; a sale at a price nobody told counts less, and what is only asked counts 1.</summary>
    private const double Paid = 3, Sold = 2;

    /// <summary>Whether the market is told of it: an advert that was taken down without a sale says little.</summary>
    public bool Counts => Status is ListingStatus.ACTIVE or ListingStatus.SOLD;

    public PricedCar Priced => new(Id, Car, (double)Price, Status != ListingStatus.SOLD ? 1 : PaidIsKnown ? Paid : Sold);
}

/// <summary>All adverts of the log, so that one which opens again is known. A few hundred bytes each; the oldest closed ones are forgotten.</summary>
internal sealed class Adverts
{
    private const int Most = 500_000;

    private readonly Dictionary<Guid, Advert> all = [];
    private readonly Queue<Guid> order = new();

    public IEnumerable<Advert> Open => [.. all.Values.Where(a => a.Status == ListingStatus.ACTIVE)];

    public List<PricedCar> Counting => [.. all.Values.Where(a => a.Counts).Select(a => a.Priced)];

    public Advert? Find(Guid id) => all.GetValueOrDefault(id);

    /// <returns>Whether it was about an advert's price, car or life.</returns>
    public bool Apply(Recorded e)
    {
        if (e.Data is ListingCreated created)
        {
            order.Enqueue(created.ListingId);
            all[created.ListingId] = new(created.ListingId, Of(created), created.Price, created.Price, ListingStatus.ACTIVE, PaidIsKnown: false);
            Forget();
            return true;
        }
        if (e.Data is null || !all.TryGetValue(e.StreamId, out var advert)) return false;
        var now = e.Data switch
        {
            DetailsEdited x => advert with { Car = With(advert.Car, x) },
            PriceChanged x => advert with { Price = x.NewPrice, Asked = x.NewPrice },
            Sold x => advert with { Price = x.SoldPrice ?? x.AskingPrice, Status = ListingStatus.SOLD, PaidIsKnown = x.SoldPrice is not null },
            Removed => advert with { Status = ListingStatus.REMOVED },
            SellerLeft when advert.Status == ListingStatus.ACTIVE => advert with { Status = ListingStatus.REMOVED }, // what was paid stays known
            Relisted x => advert with { Price = x.Price, Asked = x.Price, Status = ListingStatus.ACTIVE, PaidIsKnown = false },
            _ => advert,
        };
        all[e.StreamId] = now;
        return now != advert;
    }

    private void Forget()
    {
        while (all.Count > Most && order.TryDequeue(out var id))
        {
            if (all[id].Status == ListingStatus.ACTIVE) order.Enqueue(id);
            else all.Remove(id);
        }
    }

    private static Vehicle Of(ListingCreated x) => new(x.Make, x.Model, x.Year, x.Mileage)
    {
        Region = x.Region, FuelType = $"{x.FuelType}", Transmission = $"{x.Transmission}", BodyType = x.BodyType,
    };

    private static Vehicle With(Vehicle car, DetailsEdited x) => car with
    {
        Mileage = x.Mileage, Region = x.Region, FuelType = $"{x.FuelType}", Transmission = $"{x.Transmission}", BodyType = x.BodyType,
    };
}
