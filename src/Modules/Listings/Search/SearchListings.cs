using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings.Search;

/// <summary>The ACTIVE listings that meet every condition, a page of cards with the exact total. A list is alternatives; a value that no listing has matches none.</summary>
internal static class SearchListings
{
    private const int MostIds = 100;

    public sealed record Card(
        Guid Id, string Title, decimal Price, int Year, int Mileage, string Region, FuelType FuelType, Transmission Transmission,
        string? CoverImage, DateTimeOffset CreatedAt);

    public static ListingQuery Validate(Query q)
    {
        var (page, limit) = q.Paging();
        var query = new ListingQuery
        {
            Text = q.Text("q"),
            Makes = q.List("make"), Models = q.List("model"), Regions = q.List("region"), BodyTypes = q.List("bodyType"), Colors = q.List("color"),
            FuelTypes = q.Names<FuelType>("fuelType"), Transmissions = q.Names<Transmission>("transmission"),
            MinPrice = q.Number("minPrice"), MaxPrice = q.Number("maxPrice"),
            MinYear = q.Whole("minYear"), MaxYear = q.Whole("maxYear"),
            MinMileage = q.Whole("minMileage"), MaxMileage = q.Whole("maxMileage"),
            SellerId = q.Id("seller"), ListedSince = q.Since("listedSince"), Reduced = q.OneOf("reduced", "false", "true") == "true", Ids = q.Ids("ids", MostIds),
            Sort = q.OneOf("sort", "newest", "price_asc", "price_desc", "mileage_asc") switch
            {
                "price_asc" => SortOrder.PriceAsc,
                "price_desc" => SortOrder.PriceDesc,
                "mileage_asc" => SortOrder.MileageAsc,
                _ => SortOrder.Newest,
            },
            Page = page, Limit = limit,
        };
        q.MustNotCross("minPrice", query.MinPrice, "maxPrice", query.MaxPrice);
        q.MustNotCross("minYear", query.MinYear, "maxYear", query.MaxYear);
        q.MustNotCross("minMileage", query.MinMileage, "maxMileage", query.MaxMileage);
        return query;
    }

    public static Ok<Paged<Card>> Handle(Query q, ListingIndex index, Covers covers)
    {
        var query = q.Read(Validate);
        var (total, items) = index.Search(query);
        return TypedResults.Ok(new Paged<Card>(Cards(items, covers), Pagination.Of(query.Page, query.Limit, total)));
    }

    public static Card[] Cards(IReadOnlyList<ListingCard> items, Covers covers)
    {
        var cards = new Card[items.Count];
        for (var i = 0; i < cards.Length; i++) cards[i] = ToCard(items[i], covers);
        return cards;
    }

    private static Card ToCard(ListingCard c, Covers covers) => new(
        c.Id, c.Title, c.Price, c.Year, c.Mileage, c.Region, c.FuelType, c.Transmission,
        c.Cover is { } cover ? covers.Thumbnail(cover) : null, c.CreatedAt);
}
