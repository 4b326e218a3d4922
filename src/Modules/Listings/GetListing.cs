using System.Text.Json;
using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;
using KiwiCar.Listings.Pricing;
using KiwiCar.Listings.Search;
using KiwiCar.Listings.Views;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings;

internal static class GetListing
{
    /// <param name="AiPriceMin">The estimates are for ACTIVE adverts, without their own price having been looked at.</param>
    /// <param name="AiPriceAt">When they were worked out.</param>
    /// <param name="DealRating">The asking price beside the estimate.</param>
    /// <param name="Vin">Only for the seller.</param>
    /// <param name="MileageCorrections">Only where the seller has lowered the mileage: when and why, oldest first.</param>
    /// <param name="Views">Visitors, each once a day; neither the seller nor bots. Some seconds behind.</param>
    public sealed record Response(
        Guid Id, string PlateNumber, string Make, string Model, int Year, int Mileage, decimal Price, string Description, string? AiDescription,
        decimal? AiPriceMin, decimal? AiPriceMax, decimal? AiPriceRecommended, DateTimeOffset? AiPriceAt,
        DealRating? DealRating, ListingStatus Status, string Region, FuelType FuelType,
        Transmission Transmission, string BodyType, string Color,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Vin,
        int Views, DateTimeOffset CreatedAt, IReadOnlyList<Image> Images, Seller Seller,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<MileageCorrection>? MileageCorrections);

    public sealed record MileageCorrection(int OldMileage, int NewMileage, string Reason, DateTimeOffset CorrectedAt);

    public sealed record Image(Guid Id, string Url, string ThumbnailUrl, int Order);

    /// <param name="ListingsCount">Adverts the seller has open now.</param>
    /// <param name="Phone">Only for signed-in viewers, and only if the seller shows it.</param>
    public sealed record Seller(Guid Id, string Nickname, string? AvatarUrl, DateTimeOffset? MemberSince, int ListingsCount,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Phone);

    private const string Sql = """
        SELECT id, userId, plateNumber, make, model, year, mileage, price, description, aiDescription, priceMin AS aiPriceMin, priceMax AS aiPriceMax,
               priceRecommended AS aiPriceRecommended, computedAt AS aiPriceAt,
               status, region, fuelType, transmission, bodyType, color, vin, COALESCE(v.views, 0) AS views, createdAt, version, draft
        FROM listings LEFT JOIN listing_estimates e ON e.listingId = id AND status = 'ACTIVE' LEFT JOIN listing_views v ON v.listingId = id WHERE id = @id;
        SELECT id, imageUrl FROM listing_images WHERE listingId = @id ORDER BY `order`;
        SELECT oldMileage, newMileage, reason, correctedAt FROM mileage_corrections WHERE listingId = @id ORDER BY correctedAt
        """;

    public static async Task<Results<Ok<Response>, Ok<GetDraft.Response>, StatusCodeHttpResult>> Handle(
        Guid id, CurrentUser? viewer, Database database, IUserCards users, ListingIndex index, IImageStorage images, CountViews views, HttpContext http, CancellationToken ct)
    {
        var (row, photos, corrections) = await Read(id, database, ct);
        if (row is null || !VisibleTo(viewer, row.Status, row.UserId)) throw Rejection.NotFound("Listing not found");
        if (GetDraft.Read(row.Draft) is { } draft)
        {
            http.Response.Headers.ETag = ETag.Of(row.Version);
            return TypedResults.Ok(GetDraft.Of(id, draft, row.CreatedAt, images));
        }
        views.Saw(id, row.UserId, viewer, http);
        var sellers = await users.For([row.UserId], ct);
        var page = row.ToResponse(viewer, photos, corrections, SellerOf(row.UserId, sellers.GetValueOrDefault(row.UserId), viewer, index), images);
        var etag = ETag.Of(row.Version, JsonSerializer.SerializeToUtf8Bytes(page with { Views = 0 }, ListingsJson.Default.GetListingResponse));
        http.Response.Headers.ETag = etag;
        return ETag.IsKnown(http.Request, etag) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Ok(page);
    }

    public static Image ImageOf(Photo photo, int order, IImageStorage images) => new(photo.Id, images.AddressOf(photo.ImageUrl), photo.Thumbnail(images), order);

    /// <summary>ACTIVE and SOLD adverts are public; the others are their seller's.</summary>
    public static bool VisibleTo(CurrentUser? viewer, ListingStatus status, Guid sellerId) =>
        status is ListingStatus.ACTIVE or ListingStatus.SOLD || viewer?.Id == sellerId;

    private static async Task<(Row?, IReadOnlyList<Photo>, IReadOnlyList<MileageCorrection>)> Read(Guid id, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await using var results = await db.QueryMultiple(Sql, new { id }, ct);
        return (await results.ReadSingleOrDefaultAsync<Row>(), [.. await results.ReadAsync<Photo>()], [.. await results.ReadAsync<MileageCorrection>()]);
    }

    private static Seller SellerOf(Guid id, UserCard? card, CurrentUser? viewer, ListingIndex index) =>
        new(id, card?.Nickname ?? "Deleted user", card?.AvatarUrl, card?.MemberSince, index.CountOf(id), viewer is null ? null : card?.Phone);

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid UserId { get; init; }
        public string PlateNumber { get; init; } = "";
        public string Make { get; init; } = "";
        public string Model { get; init; } = "";
        public int Year { get; init; }
        public int Mileage { get; init; }
        public decimal Price { get; init; }
        public string Description { get; init; } = "";
        public string? AiDescription { get; init; }
        public decimal? AiPriceMin { get; init; }
        public decimal? AiPriceMax { get; init; }
        public decimal? AiPriceRecommended { get; init; }
        public DateTimeOffset? AiPriceAt { get; init; }
        public ListingStatus Status { get; init; }
        public string Region { get; init; } = "";
        public FuelType FuelType { get; init; }
        public Transmission Transmission { get; init; }
        public string BodyType { get; init; } = "";
        public string Color { get; init; } = "";
        public string? Vin { get; init; }
        public int Views { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public long Version { get; init; }
        public string? Draft { get; init; }

        private DealRating? Rating => (AiPriceMin, AiPriceRecommended, AiPriceMax) is ({ } min, { } recommended, { } max) ? DealRating.Of(Price, min, recommended, max) : null;

        public Response ToResponse(CurrentUser? viewer, IReadOnlyList<Photo> photos, IReadOnlyList<MileageCorrection> corrections, Seller seller, IImageStorage images) => new(
            Id, PlateNumber, Make, Model, Year, Mileage, Price, Description, AiDescription, AiPriceMin, AiPriceMax, AiPriceRecommended, AiPriceAt, Rating,
            Status, Region, FuelType, Transmission, BodyType, Color, viewer?.Id == UserId ? Vin : null, Views, CreatedAt,
            [.. photos.Select((photo, order) => ImageOf(photo, order, images))],
            seller, corrections.Count > 0 ? corrections : null);
    }
}
