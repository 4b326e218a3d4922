using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Tests.Listings;

/// <summary>A listing to begin with.</summary>
internal static class Cars
{
    public static readonly Guid Id = Guid.CreateVersion7(), Seller = Guid.CreateVersion7(), Stranger = Guid.CreateVersion7();
    public static readonly Guid[] Photos = [Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7()];

    public static readonly ListingCreated Corolla = new(
        Id, Seller, "ABC123", "Toyota", "Corolla", 2020, 45_000, 25_000m, "Well kept family car, serviced on time, drives as it should.",
        "Auckland", FuelType.PETROL, Transmission.AUTOMATIC, "Sedan", "Silver", null, Photos);

    public static Spec<Listing> Given(params IEnumerable<IEvent> past) => new Spec<Listing>(Listing.Decider).Given(past);
}
