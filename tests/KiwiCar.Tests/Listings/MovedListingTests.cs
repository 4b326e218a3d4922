using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Import.Dump;

namespace KiwiCar.Tests.Listings;

public sealed class MovedListingTests
{
    private static readonly DateTimeOffset Created = new(2024, 3, 1, 8, 0, 0, 120, TimeSpan.Zero), Now = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
    private static readonly Guid Id = Guid.NewGuid(), Seller = Guid.NewGuid();
    private static readonly DumpPhoto Photo = new(Guid.NewGuid(), $"https://cdn.example.co.nz/images/{Guid.NewGuid()}.webp", 0, Created);

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal)
    {
        ["id"] = $"{Id}", ["userId"] = $"{Seller}", ["plateNumber"] = "ABC123", ["make"] = "Toyota", ["model"] = "Aqua", ["year"] = "2014", ["mileage"] = "98000", ["price"] = "9000.00",
        ["description"] = "Tidy Toyota Aqua, one owner, serviced every 10,000 km, \"all\" receipts.", ["status"] = "ACTIVE", ["region"] = "Otago", ["fuelType"] = "HYBRID",
        ["transmission"] = "AUTOMATIC", ["bodyType"] = "Wagon", ["color"] = "Pearl", ["vin"] = "\\N", ["createdAt"] = Text(Created), ["updatedAt"] = Text(Created),
    };

    [Fact]
    public void A_row_becomes_the_history_that_led_to_it_at_its_own_times()
    {
        values["status"] = "SOLD";
        values["updatedAt"] = Text(Created.AddDays(9));
        DumpPrice[] prices = [Price(11_000, 0), Price(10_000.5m, 4), Price(9_000, 9)];
        var moved = Moved(prices);
        Assert.Equal(
        [
            (typeof(ListingCreated), Created), (typeof(PriceChanged), Created.AddDays(4)), (typeof(PriceChanged), Created.AddDays(9)), (typeof(Sold), Created.AddDays(9)),
        ], moved.Events.Select(e => (e.Event.GetType(), e.At)));
        Assert.Equal([prices[0].Id, prices[1].Id, prices[2].Id, null], moved.Events.Select(e => e.Id));
        var first = (ListingCreated)moved.Events[0].Event;
        Assert.Equal((Id, Seller, 11_000m, "Wagon", "Pearl", null), (first.ListingId, first.SellerId, first.Price, first.BodyType, first.Color, first.Vin));
        Assert.Equal(Photo.Address, first.PhotoAddresses![Photo.Id]);
        Assert.Equal(new Sold(Id, 9_000, null, null), moved.Events[3].Event);
        Assert.Empty(moved.Notes);
    }

    [Fact]
    public void A_price_that_is_not_the_last_of_its_history_is_changed_to_when_the_row_was()
    {
        values["updatedAt"] = Text(Created.AddDays(3));
        var moved = Moved(Price(11_000, 0));
        Assert.Equal(new PriceChanged(Id, 11_000, 9_000), moved.Events[1].Event);
        Assert.Equal(Created.AddDays(3), moved.Events[1].At);
        Assert.StartsWith("the price is not the last", Assert.Single(moved.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_history_the_price_holds_from_the_beginning()
    {
        var moved = Moved();
        Assert.Equal(9_000, ((ListingCreated)Assert.Single(moved.Events).Event).Price);
        Assert.StartsWith("no price in price_history", Assert.Single(moved.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_price_twice_is_one()
    {
        values["updatedAt"] = Text(Created.AddDays(2));
        var moved = Moved(Price(9_500, 0), Price(9_500, 1), Price(9_000, 2));
        Assert.Equal(2, moved.Events.Count);
        Assert.Equal(["the same price twice in a row: taken once"], moved.Notes);
    }

    [Fact]
    public void Time_does_not_run_backwards_in_a_stream()
    {
        values["status"] = "REMOVED"; // at updatedAt, which is before the last price
        var moved = Moved(Price(9_500, 0), Price(9_000, 5));
        Assert.Equal(Created.AddDays(5), moved.Events[2].At);
        Assert.Contains(moved.Notes, n => n.StartsWith("a change is older", StringComparison.Ordinal));
    }

    [Fact]
    public void A_later_updatedAt_that_no_change_explains_is_noted()
    {
        values["updatedAt"] = Text(Created.AddDays(7));
        Assert.StartsWith("updatedAt is not the time", Assert.Single(Moved(Price(9_000, 0)).Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("year", "1850", "year too_small")]
    [InlineData("year", "old", "year invalid_type")]
    [InlineData("description", "too short", "description too_small")]
    [InlineData("plateNumber", "abc 1", "plateNumber invalid_string")]
    [InlineData("fuelType", "STEAM", "fuelType invalid_enum_value")]
    [InlineData("status", "LOST", "status invalid_enum_value")]
    [InlineData("make", "\\N", "make required")]
    public void What_the_API_would_refuse_is_refused(string column, string value, string problem)
    {
        values[column] = value;
        var refused = Assert.Throws<Rejection>(() => Moved(Price(9_000, 0)));
        Assert.Equal(problem, string.Join(", ", refused.Details!.Select(p => $"{p.Path} {p.Code}")));
    }

    [Fact]
    public void An_edit_keeps_the_addresses_of_the_photos_that_stay()
    {
        Guid[] uploaded = [Guid.NewGuid(), Guid.NewGuid()];
        var created = (ListingCreated)Moved().Events[0].Event;
        var edit = new UpdateListing.Request(null, null, null, null, null, null, null, null, null, null, null, null, null, [uploaded[0], Photo.Id, uploaded[1]]);
        var edited = Assert.IsType<DetailsEdited>(Assert.Single(UpdateListing.Decide(Folded([created]), Id, Seller, edit)));
        Assert.Equal([Photo.Id], edited.PhotoAddresses!.Keys);
        var without = Assert.IsType<DetailsEdited>(Assert.Single(UpdateListing.Decide(Folded([created, edited]), Id, Seller, edit with { Images = uploaded })));
        Assert.Null(without.PhotoAddresses);
    }

    private static Listing Folded(IEnumerable<IEvent> past) => past.Aggregate(Listing.Decider.Initial, Listing.Decider.Evolve);

    private MovedListing Moved(params DumpPrice[] prices)
    {
        var columns = values.Keys.Index().ToDictionary(k => k.Item, k => k.Index, StringComparer.Ordinal);
        return MovedListing.Of(new DumpRow(columns, [.. values.Values], 1), prices, [Photo], Now);
    }

    private static DumpPrice Price(decimal price, int day) => new(Guid.NewGuid(), price, Created.AddDays(day));

    private static string Text(DateTimeOffset at) => $"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}";
}
