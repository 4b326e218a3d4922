using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Search;

/// <summary>A listing as a row of numbers, and a row as a listing or a card again.</summary>
internal sealed class Rows(ListingLabels labels, TextIndex text)
{
    /// <summary>For the writer: it gives new labels and words their numbers.</summary>
    public Row Of(IndexedListing listing) => new(
        listing.Id, labels.Sellers.Number(listing.SellerId), labels.Makes.Number(listing.Make),
        labels.Models.Number((listing.Make, listing.Model)), checked((short)listing.Year), listing.Mileage, Cents(listing.Price), Cents(listing.ListedPrice),
        labels.Regions.Number(listing.Region), (byte)listing.FuelType, (byte)listing.Transmission,
        labels.BodyTypes.Number(listing.BodyType), labels.Colors.Number(listing.Color), text.WordsOf(listing),
        listing.Cover ?? Guid.Empty, listing.CreatedAt.UtcTicks, listing.PublishedAt.UtcTicks);

    public IndexedListing Listing(Row row)
    {
        var (make, model) = labels.Models[row.Model];
        return new(
            row.Id, labels.Sellers[row.Seller], make, model, row.Year, row.Mileage, row.Price / 100m, labels.Regions[row.Region],
            (FuelType)row.FuelType, (Transmission)row.Transmission, labels.BodyTypes[row.BodyType], labels.Colors[row.Color],
            Description: "", CoverOf(row), Instant(row.Created), Instant(row.Published)) { ListedPrice = row.ListedPrice / 100m };
    }

    public ListingCard Card(Row row)
    {
        var (make, model) = labels.Models[row.Model];
        return new(
            row.Id, $"{row.Year} {make} {model}", row.Price / 100m, row.Year, row.Mileage, labels.Regions[row.Region],
            (FuelType)row.FuelType, (Transmission)row.Transmission, CoverOf(row), Instant(row.Created));
    }

    public static int Cents(decimal price) => (int)(price * 100);

    private static Guid? CoverOf(Row row) => row.Cover == Guid.Empty ? null : row.Cover;

    private static DateTimeOffset Instant(long ticks) => new(ticks, TimeSpan.Zero);
}
