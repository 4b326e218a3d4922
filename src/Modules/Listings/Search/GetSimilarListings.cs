using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings.Search;

/// <summary>
/// Up to six other ACTIVE listings like this one, the most alike first: the same model, then the same make and body type, then the body type,
/// then the make; within each the nearest in year, price and mileage (a year = a tenth of the price = 20,000 km), then the newer id.
/// Who sells them does not matter. The listing itself may be sold, or its seller's own that is not public.
/// </summary>
internal static class GetSimilarListings
{
    private const int Most = 6;

    public static async Task<Ok<DataList<SearchListings.Card>>> Handle(
        Guid id, CurrentUser? viewer, ListingIndex index, Database database, Covers covers, CancellationToken ct)
    {
        var car = index.Find(id) is { } active
            ? new Likened(id, active.Make, active.Model, active.BodyType, active.Year, active.Mileage, active.Price)
            : await Closed(id, viewer, database, ct);
        return TypedResults.Ok(new DataList<SearchListings.Card>(SearchListings.Cards(index.Similar(car, Most), covers)));
    }

    private const string Sql = "SELECT userId, status, make, model, bodyType, year, mileage, price FROM listings WHERE id = @id";

    private static async Task<Likened> Closed(Guid id, CurrentUser? viewer, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var row = await db.Single<Row>(Sql, new { id }, ct);
        if (row is null || !GetListing.VisibleTo(viewer, row.Status, row.UserId)) throw Rejection.NotFound("Listing not found");
        return new(id, row.Make, row.Model, row.BodyType, row.Year, row.Mileage, row.Price);
    }

    private sealed class Row
    {
        public Guid UserId { get; init; }
        public ListingStatus Status { get; init; }
        public string Make { get; init; } = "";
        public string Model { get; init; } = "";
        public string BodyType { get; init; } = "";
        public int? Year { get; init; }
        public int? Mileage { get; init; }
        public decimal? Price { get; init; }
    }
}
