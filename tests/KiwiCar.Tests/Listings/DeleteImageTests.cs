using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;
using static KiwiCar.Tests.Listings.Cars;

namespace KiwiCar.Tests.Listings;

public sealed class DeleteImageTests
{
    private static readonly Guid Fourth = Guid.CreateVersion7();

    private static readonly ListingCreated WithFour = Corolla with { Photos = [.. Photos, Fourth] };

    [Fact]
    public void A_listing_of_four_keeps_the_other_three_in_their_order() =>
        Given(WithFour).When(state => DeleteImage.Decide(state, Id, Seller, Photos[1]))
            .Then(new DetailsEdited(Id, Seller, Corolla.Mileage, Corolla.Description, Corolla.Region, Corolla.FuelType, Corolla.Transmission, Corolla.BodyType, Corolla.Color, [Photos[0], Photos[2], Fourth]));

    [Fact]
    public void A_listing_of_three_keeps_them() => Given(Corolla).When(state => DeleteImage.Decide(state, Id, Seller, Photos[1])).ThenRejected("TOO_FEW_PHOTOS");

    [Fact]
    public void A_photo_that_is_not_shown_changes_nothing() => Given(Corolla).When(state => DeleteImage.Decide(state, Id, Seller, Fourth)).ThenNothing();

    [Fact]
    public void A_listing_that_was_never_made_changes_nothing() => Given().When(state => DeleteImage.Decide(state, Id, Seller, Fourth)).ThenNothing();

    [Fact]
    public void A_closed_listing_keeps_its_photos() =>
        Given(WithFour, new Sold(Id, 25_000m, null, null)).When(state => DeleteImage.Decide(state, Id, Seller, Fourth)).ThenRejected("LISTING_CLOSED");
}
