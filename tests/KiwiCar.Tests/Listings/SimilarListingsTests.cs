using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Search;

namespace KiwiCar.Tests.Listings;

public class SimilarListingsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Seller = Guid.NewGuid();
    private static readonly Likened Car = new(Guid.NewGuid(), "Toyota", "Corolla", "Hatchback", 2020, 45_000, 25_000m);
    private readonly ListingIndex _index = new();

    private IndexedListing Given(string make, string model, string body, int year = 2020, int mileage = 45_000, decimal price = 25_000m, Guid? id = null)
    {
        var listing = new IndexedListing(
            id ?? Guid.NewGuid(), Seller, make, model, year, mileage, price, "Auckland", FuelType.PETROL, Transmission.AUTOMATIC, body, "Silver", "", null, Noon, Noon);
        _index.Put(listing);
        return listing;
    }

    private void Found(params IndexedListing[] expected) => Assert.Equal(expected.Select(x => x.Id), _index.Similar(Car, 6).Select(x => x.Id));

    [Fact]
    public void The_model_counts_first_then_make_and_body_then_the_body_then_the_make()
    {
        var make = Given("Toyota", "Hilux", "Ute");
        var body = Given("Mazda", "3", "hatchback");
        var both = Given("TOYOTA", "Aqua", "Hatchback");
        var model = Given("toyota", "COROLLA", "Sedan", year: 1995, mileage: 300_000, price: 2_000m);
        Given("Ford", "Ranger", "Ute");
        Found(model, both, body, make);
    }

    [Fact]
    public void Among_kin_the_nearest_in_year_price_and_mileage_comes_first()
    {
        var twoYears = Given("Toyota", "Corolla", "Hatchback", year: 2018);
        var aTenthDearer = Given("Toyota", "Corolla", "Hatchback", price: 27_500m);
        var far = Given("Toyota", "Corolla", "Hatchback", mileage: 145_000);
        var nearly = Given("Toyota", "Corolla", "Hatchback", mileage: 47_000);
        Found(nearly, aTenthDearer, twoYears, far);
    }

    [Fact]
    public void It_is_never_among_them_and_six_are_enough()
    {
        Given("Toyota", "Corolla", "Hatchback", id: Car.Id);
        var others = Enumerable.Range(1, 100).Select(i => Given("Toyota", "Corolla", "Hatchback", price: 25_000m + i * 250)).ToArray();
        Found(others[..6]);
    }

    [Fact]
    public void What_is_not_known_is_not_compared()
    {
        var near = Given("Toyota", "Corolla", "Hatchback", year: 2019, mileage: 900_000, price: 100m);
        var far = Given("Toyota", "Corolla", "Hatchback", year: 2012);
        Assert.Equal([near.Id, far.Id], _index.Similar(new(Car.Id, "Toyota", "Corolla", "", 2020, null, null), 6).Select(x => x.Id));
        Assert.Empty(_index.Similar(new(Car.Id, "", "", "", null, null, null), 6));
    }
}
