using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Search;

namespace KiwiCar.Tests.Listings;

/// <summary>The counts beside the choices, and the other conditions that buyers set.</summary>
public class FilterOptionsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly IndexedListing Corolla = new(
        Guid.NewGuid(), Guid.NewGuid(), "Toyota", "Corolla", 2020, 45_000, 25_000m, "Auckland", FuelType.PETROL, Transmission.AUTOMATIC,
        "Hatchback", "Silver", "Well maintained, one owner.", Cover: null, CreatedAt: Noon, PublishedAt: Noon);

    private readonly ListingIndex _index = new();

    private static IndexedListing Another(string make, string model) => Corolla with { Id = Guid.NewGuid(), Make = make, Model = model };

    private void Given(params IEnumerable<IndexedListing> listings)
    {
        foreach (var listing in listings) _index.Put(listing);
    }

    private static IEnumerable<(string, int)> Counts(IReadOnlyList<FacetValue> values) => values.Select(x => (x.Value, x.Count));

    [Fact]
    public void The_whole_market_is_counted_the_most_frequent_first()
    {
        Given(Another("Honda", "Fit") with { Price = 1_000.50m, FuelType = FuelType.HYBRID }, Corolla, Another("Audi", "A4"), Another("Toyota", "Hilux") with { Year = 1990 });
        var options = _index.Options(new());
        Assert.Equal([new("toyota", "Toyota", 2), new("audi", "Audi", 1), new("honda", "Honda", 1)], options.Makes);
        Assert.Equal([new("PETROL", "Petrol", 3), new("HYBRID", "Hybrid", 1)], options.FuelTypes);
        Assert.Equal((new(100_050, 2_500_000), new(1990, 2020), new(45_000, 45_000)), (options.PriceCents!.Value, options.Years!.Value, options.Mileages!.Value));
        Assert.Empty(options.Models);
    }

    [Fact]
    public void An_empty_market_has_no_ranges_and_no_values()
    {
        var options = _index.Options(new());
        Assert.Equal((null, null, null), (options.PriceCents, options.Years, options.Mileages));
        Assert.Empty(options.Makes);
    }

    [Fact]
    public void A_list_is_counted_under_all_other_conditions_but_its_own()
    {
        Given(Corolla, Another("Toyota", "Hilux") with { Color = "Red" }, Another("Mazda", "3"), Another("Mazda", "CX-5") with { Region = "Otago" });
        var options = _index.Options(new() { Makes = ["toyota"], Regions = ["auckland"] });
        Assert.Equal([("toyota", 2), ("mazda", 1)], Counts(options.Makes));
        Assert.Equal([("auckland", 2)], Counts(options.Regions));
        Assert.Equal([("red", 1), ("silver", 1)], Counts(options.Colors));
    }

    [Fact]
    public void A_range_is_that_of_what_the_other_conditions_leave()
    {
        Given(Corolla, Another("Toyota", "Hilux") with { Price = 40_000m, Year = 2024 }, Another("Mazda", "3") with { Price = 90_000m });
        var options = _index.Options(new() { Makes = ["toyota"], MaxPrice = 30_000 });
        Assert.Equal((new(2_500_000, 4_000_000), new(2020, 2020)), (options.PriceCents!.Value, options.Years!.Value));
    }

    [Fact]
    public void Models_are_told_of_the_makes_asked_and_their_values_name_the_make()
    {
        Given(Another("Mazda", "3"), Another("Mazda", "Mazda 3"), Another("Mazda", "Mazda 3"), Another("BYD", "3"), Corolla);
        var models = _index.Options(new() { Makes = ["mazda", "byd"], Models = ["mazda-3"] }).Models;
        Assert.Equal([new("mazda-3", "Mazda 3", 3, "mazda"), new("byd-3", "3", 1, "byd")], models);
        Assert.All(models, model => Assert.Equal(model.Count, _index.Search(new() { Models = [model.Value] }).Total));
    }

    [Fact]
    public void Spellings_of_one_thing_count_together_under_the_usual_one()
    {
        Given(Another("Citroën", "C3"), Another("CITROEN", "C4"), Another("Citroën", "C5"));
        Assert.Equal([new("citroen", "Citroën", 3)], _index.Options(new()).Makes);
    }

    [Fact]
    public void The_answer_without_conditions_is_remembered_until_something_changes()
    {
        Given(Corolla);
        var first = _index.Options(new());
        Assert.Same(first, _index.Options(new() { Page = 3, Sort = SortOrder.PriceAsc }));
        Given(Another("Audi", "A4"));
        Assert.Equal(2, _index.Options(new()).Makes.Count);
    }

    [Fact]
    public void Reduced_is_what_costs_less_than_when_it_was_listed()
    {
        var dearer = Another("Audi", "A4");
        Given(Corolla, dearer, Another("Kia", "Rio"));
        _index.SetPrice(Corolla.Id, 24_999.99m);
        _index.SetPrice(dearer.Id, 26_000m);
        Assert.Equal([Corolla.Id], _index.Search(new() { Reduced = true }).Items.Select(x => x.Id));
        _index.SetPrice(Corolla.Id, 25_000m);
        Assert.Equal(0, _index.Search(new() { Reduced = true }).Total);
    }

    [Fact]
    public void Since_includes_its_instant()
    {
        Given(Corolla, Another("Kia", "Rio") with { PublishedAt = Noon.AddTicks(-1) });
        Assert.Equal([Corolla.Id], _index.Search(new() { ListedSince = Noon }).Items.Select(x => x.Id));
    }

    [Fact]
    public void Ids_keep_the_other_conditions_and_the_order()
    {
        var (audi, kia) = (Another("Audi", "A4") with { Price = 9_000m }, Another("Kia", "Rio") with { Price = 8_000m });
        Given(Corolla, audi, kia);
        ListingQuery these = new() { Ids = [audi.Id, Guid.NewGuid(), kia.Id, audi.Id], Sort = SortOrder.PriceAsc };
        Assert.Equal([kia.Id, audi.Id], _index.Search(these).Items.Select(x => x.Id));
        Assert.Equal([audi.Id], _index.Search(these with { Makes = ["audi", "toyota"] }).Items.Select(x => x.Id));
        Assert.Equal(0, _index.Search(new() { Ids = [Guid.NewGuid()] }).Total);
    }

    [Theory]
    [InlineData("Hawke's Bay", "hawkes-bay"), InlineData("  Station - Wagon ", "station-wagon"), InlineData("Manawatū-Whanganui", "manawatu-whanganui"), InlineData("MG", "mg"), InlineData(" ' ", "'")]
    public void A_slug_finds_its_label(string label, string slug)
    {
        Assert.Equal(slug, Spelling.Slug(label));
        Assert.Equal(Spelling.Key(label), Spelling.Key(slug));
    }
}
