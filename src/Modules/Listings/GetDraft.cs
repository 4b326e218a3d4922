using System.Text.Json;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;

namespace KiwiCar.Listings;

/// <summary>A draft as its seller reads it, at the address of the advert it will be.</summary>
internal static class GetDraft
{
    /// <summary>The fields of an advert, null where nothing is said yet.</summary>
    public sealed record Response(
        Guid Id, string? PlateNumber, string? Make, string? Model, int? Year, int? Mileage, decimal? Price, string? Description, string? AiDescription, string? Region,
        FuelType? FuelType, Transmission? Transmission, string? BodyType, string? Color, string? Vin, ListingStatus Status, DateTimeOffset CreatedAt,
        IReadOnlyList<GetListing.Image> Images);

    /// <summary>The draft in a row of <c>listings</c>; null where the row is an advert.</summary>
    public static Draft? Read(string? column) => column is null ? null : JsonSerializer.Deserialize(column, ListingsJson.Default.Draft);

    public static Response Of(Guid id, Draft d, DateTimeOffset createdAt, IImageStorage images) => new(
        id, d.PlateNumber, d.Make, d.Model, d.Year, d.Mileage, d.Price, d.Description, d.AiDescription, d.Region, d.FuelType, d.Transmission, d.BodyType, d.Color, d.Vin,
        ListingStatus.DRAFT, createdAt,
        [.. d.Photos.Ids.Select((id, order) => GetListing.ImageOf(new Photo(id, d.Photos.Addresses?.GetValueOrDefault(id) ?? PhotoKeys.Full(id)), order, images))]);
}
