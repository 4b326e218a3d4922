using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings;
using KiwiCar.Listings.Contracts;
using static KiwiCar.Tests.Listings.Cars;

namespace KiwiCar.Tests.Listings;

public sealed class ChangeStatusTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);
    private static readonly Sold Sold = new(Id, 25_000m, null, null);

    private static Func<Listing, IEnumerable<IEvent>> To(ListingStatus status, decimal? soldPrice = null, DateOnly? soldAt = null) =>
        state => ChangeStatus.Decide(state, Id, Seller, new(status, soldPrice, soldAt), Now);

    [Fact]
    public void A_sale_remembers_the_asking_price_and_what_the_seller_tells() =>
        Given(Corolla).When(To(ListingStatus.SOLD, 24_500m, new(2026, 11, 20))).Then(new Sold(Id, 25_000m, 24_500m, new(2026, 11, 20)));

    [Fact]
    public void Selling_twice_changes_nothing() => Given(Corolla, Sold).When(To(ListingStatus.SOLD)).ThenNothing();

    [Fact]
    public void A_sale_that_fell_through_is_open_again_at_its_price() =>
        Given(Corolla, new PriceChanged(Id, 25_000m, 22_000m), Sold).When(To(ListingStatus.ACTIVE)).Then(new Relisted(Id, 22_000m));

    [Fact]
    public void An_advert_can_be_taken_down_and_put_up_again()
    {
        Given(Corolla).When(To(ListingStatus.REMOVED)).Then(new Removed(Id));
        Given(Corolla, new Removed(Id)).When(To(ListingStatus.ACTIVE)).Then(new Relisted(Id, 25_000m));
    }

    [Fact]
    public void A_sold_one_cannot_be_removed_by_status() => Given(Corolla, Sold).When(To(ListingStatus.REMOVED)).ThenRejected("INVALID_STATUS_CHANGE");

    [Fact]
    public void Nothing_becomes_a_draft() => Given(Corolla).When(To(ListingStatus.DRAFT)).ThenRejected("INVALID_STATUS_CHANGE");

    [Fact]
    public void Only_the_seller_sells() =>
        Given(Corolla).When(state => ChangeStatus.Decide(state, Id, Stranger, new(ListingStatus.SOLD, null, null), Now)).ThenRejected("FORBIDDEN");

    [Fact]
    public void Deleting_is_removing_and_twice_is_once()
    {
        Given(Corolla).When(state => DeleteListing.Decide(state, Id, Seller)).Then(new Removed(Id));
        Given(Corolla, Sold).When(state => DeleteListing.Decide(state, Id, Seller)).Then(new Removed(Id));
        Given(Corolla, new Removed(Id)).When(state => DeleteListing.Decide(state, Id, Seller)).ThenNothing();
        Given(Corolla).When(state => DeleteListing.Decide(state, Id, Stranger)).ThenRejected("FORBIDDEN");
    }
}
