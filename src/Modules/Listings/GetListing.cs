using System.Text.Json;
using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Outside;
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

    public static async Task<Results<Ok<Response>, Ok<GetDraft.Response>, StatusCodeHttpResult>> Handle(
        Guid id, CurrentUser? viewer, ListingPages pages, IUserCards users, ListingIndex index, IImageStorage images, CountViews views, HttpContext http, CancellationToken ct)
    {
        var row = await pages.Find(id, ct);
        if (row is null || !VisibleTo(viewer, row.Status, row.UserId)) throw Rejection.NotFound("Listing not found");
        if (GetDraft.Read(row.Draft) is { } draft)
        {
            http.Response.Headers.ETag = ETag.Of(row.Version);
            return TypedResults.Ok(GetDraft.Of(id, draft, row.CreatedAt, images));
        }
        views.Saw(id, row.UserId, viewer, http);
        var sellers = await users.For([row.UserId], ct);
        var page = Of(row, viewer, SellerOf(row.UserId, sellers.GetValueOrDefault(row.UserId), viewer, index), images);
        var etag = ETag.Of(row.Version, JsonSerializer.SerializeToUtf8Bytes(page with { Views = 0 }, ListingsJson.Default.GetListingResponse));
        http.Response.Headers.ETag = etag;
        return ETag.IsKnown(http.Request, etag) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Ok(page);
    }

    public static Image ImageOf(Photo photo, int order, IImageStorage images) => new(photo.Id, images.AddressOf(photo.ImageUrl), photo.Thumbnail(images), order);

    /// <summary>ACTIVE and SOLD adverts are public; the others are their seller's.</summary>
    public static bool VisibleTo(CurrentUser? viewer, ListingStatus status, Guid sellerId) =>
        status is ListingStatus.ACTIVE or ListingStatus.SOLD || viewer?.Id == sellerId;

    private static Seller SellerOf(Guid id, UserCard? card, CurrentUser? viewer, ListingIndex index) =>
        new(id, card?.Nickname ?? "Deleted user", card?.AvatarUrl, card?.MemberSince, index.CountOf(id), viewer is null ? null : card?.Phone);

    private static Response Of(ListingPage x, CurrentUser? viewer, Seller seller, IImageStorage images) => new(
        x.Id, x.PlateNumber, x.Make, x.Model, x.Year, x.Mileage, x.Price, x.Description, x.AiDescription, x.AiPriceMin, x.AiPriceMax, x.AiPriceRecommended, x.AiPriceAt, x.Rating,
        x.Status, x.Region, x.FuelType, x.Transmission, x.BodyType, x.Color, viewer?.Id == x.UserId ? x.Vin : null, x.Views, x.CreatedAt,
        [.. x.Photos.Select((photo, order) => ImageOf(photo, order, images))],
        seller, x.MileageCorrections.Count > 0 ? x.MileageCorrections : null);
}
