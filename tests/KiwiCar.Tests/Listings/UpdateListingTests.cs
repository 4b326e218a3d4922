using KiwiCar.Listings;
using KiwiCar.Listings.Contracts;
using static KiwiCar.Tests.Listings.Cars;

namespace KiwiCar.Tests.Listings;

public sealed class UpdateListingTests
{
    private static readonly UpdateListing.Request Nothing = new(null, null, null, null, null, null, null, null, null, null, null, null, null, null);

    private static readonly UpdateListing.Request SameAsCreated = new(
        Corolla.PlateNumber, Corolla.Make, Corolla.Model, Corolla.Year, Corolla.Vin, Corolla.Mileage, Corolla.Price, Corolla.Description,
        Corolla.Region, Corolla.FuelType, Corolla.Transmission, Corolla.BodyType, Corolla.Color, [.. Photos]);

    private static readonly DetailsEdited Edited = new(
        Id, Seller, Corolla.Mileage, Corolla.Description, Corolla.Region, Corolla.FuelType, Corolla.Transmission, Corolla.BodyType, Corolla.Color, Photos);

    [Fact]
    public void A_new_price_is_recorded_with_the_old_one() =>
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Price = 22_000m }))
            .Then(new PriceChanged(Id, 25_000m, 22_000m));

    [Fact]
    public void The_old_price_is_the_last_one_held() =>
        Given(Corolla, new PriceChanged(Id, 25_000m, 22_000m))
            .When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Price = 25_000m }))
            .Then(new PriceChanged(Id, 22_000m, 25_000m));

    [Fact]
    public void Saving_the_same_values_changes_nothing() =>
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, SameAsCreated)).ThenNothing();

    [Fact]
    public void A_change_of_one_detail_keeps_the_others() =>
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Color = "Red" }))
            .Then(Edited with { Color = "Red" });

    [Fact]
    public void Photos_in_another_order_are_a_change() =>
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Images = [Photos[1], Photos[0], Photos[2]] }))
            .Then(Edited with { Photos = [Photos[1], Photos[0], Photos[2]] });

    [Fact]
    public void Details_and_price_in_one_request_are_two_facts() =>
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Mileage = 46_000, Price = 24_000m }))
            .Then(Edited with { Mileage = 46_000 }, new PriceChanged(Id, 25_000m, 24_000m));

    [Fact]
    public void Fewer_kilometres_need_a_reason_which_is_a_fact_of_its_own()
    {
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Mileage = 44_999 })).ThenRejected("VALIDATION_ERROR");
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Mileage = 4_500, MileageReason = "A digit too many" }))
            .Then(new MileageCorrected(Id, Seller, 45_000, 4_500, "A digit too many"), Edited with { Mileage = 4_500 });
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Mileage = 45_001, MileageReason = "Drove to the shop" }))
            .Then(Edited with { Mileage = 45_001 });
    }

    [Fact]
    public void A_generated_text_is_kept_beside_the_sellers_own_until_it_is_taken_away()
    {
        var written = Edited with { AiDescription = "A 2020 Toyota Corolla." };
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { AiDescription = "A 2020 Toyota Corolla." })).Then(written);
        Given(Corolla, written).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Color = "Red" })).Then(written with { Color = "Red" });
        Given(Corolla, written).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { AiDescription = "" })).Then(Edited);
    }

    [Fact]
    public void The_car_cannot_become_another_once_the_advert_is_public()
    {
        foreach (var change in new[] { Nothing with { PlateNumber = "XYZ9" }, Nothing with { Make = "Mazda" }, Nothing with { Model = "Camry" }, Nothing with { Year = 2021 }, Nothing with { Vin = "JTDKN3DU5A0123456" } })
            Given(Corolla).When(state => UpdateListing.Decide(state, Id, Seller, change)).ThenRejected("FIELD_FROZEN");
    }

    [Fact]
    public void A_stranger_may_not_change_it() =>
        Given(Corolla).When(state => UpdateListing.Decide(state, Id, Stranger, Nothing with { Price = 100m })).ThenRejected("FORBIDDEN");

    [Fact]
    public void What_does_not_exist_is_not_found() =>
        Given().When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Price = 100m })).ThenRejected("NOT_FOUND");

    [Fact]
    public void A_sold_listing_is_closed() =>
        Given(Corolla, new Sold(Id, 25_000m, null, null))
            .When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Price = 1_000m })).ThenRejected("LISTING_CLOSED");

    [Fact]
    public void A_removed_listing_is_closed() =>
        Given(Corolla, new Removed(Id)).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Price = 1_000m })).ThenRejected("LISTING_CLOSED");

    [Fact]
    public void A_relisted_one_is_open_again() =>
        Given(Corolla, new Removed(Id), new Relisted(Id, 25_000m)).When(state => UpdateListing.Decide(state, Id, Seller, Nothing with { Price = 1_000m }))
            .Then(new PriceChanged(Id, 25_000m, 1_000m));
}
