using KiwiCar.Listings;
using static KiwiCar.Tests.Listings.Cars;

namespace KiwiCar.Tests.Listings;

public sealed class CreateListingTests
{
    private static readonly CreateListing.Request Advert = new(
        Corolla.PlateNumber, Corolla.Make, Corolla.Model, Corolla.Year, Corolla.Mileage, Corolla.Price, Corolla.Description, Corolla.Region,
        Corolla.FuelType, Corolla.Transmission, Corolla.BodyType, Corolla.Color, Corolla.Vin, Corolla.Photos);

    [Fact]
    public void An_advert_is_recorded_with_all_it_says() =>
        Given().When(state => CreateListing.Decide(state, Id, Seller, Advert)).Then(Corolla);

    [Fact]
    public void A_listing_is_created_once() =>
        Given(Corolla).When(state => CreateListing.Decide(state, Id, Seller, Advert)).ThenRejected("IDEMPOTENCY_KEY_IN_USE");
}
