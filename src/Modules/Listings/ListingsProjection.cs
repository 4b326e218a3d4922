using System.Text.Json;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;

namespace KiwiCar.Listings;

/// <summary>The listing stream as the tables <c>listings</c>, <c>listing_images</c>, <c>price_history</c> and <c>mileage_corrections</c>.</summary>
internal static class ListingsProjection
{
    public static readonly Projection Definition = new Projection(
            "listings", [new("listings"), new("listing_images"), new("price_history"), new("mileage_corrections")], Resource.Text(typeof(ListingsProjection), "Tables.sql"))
        .On<DraftSaved>(KeepDraft)
        .On<DraftDiscarded>(Forget)
        .On<ListingCreated>(Publish)
        .On<DetailsEdited>(SetDetails)
        .On<MileageCorrected>((e, r, db) => db.Insert("mileage_corrections", r.EventId,
            ("listingId", e.ListingId), ("oldMileage", e.OldMileage), ("newMileage", e.NewMileage), ("reason", e.Reason), ("correctedAt", r.At)))
        .On<PriceChanged>(SetPrice)
        .On<Sold>((e, r, db) => SetStatus(e.ListingId, ListingStatus.SOLD, r, db))
        .On<Removed>((e, r, db) => SetStatus(e.ListingId, ListingStatus.REMOVED, r, db))
        .On<Relisted>((e, r, db) => SetStatus(e.ListingId, ListingStatus.ACTIVE, r, db))
        .On<SellerLeft>(Empty);

    private static void KeepDraft(DraftSaved e, Recorded r, Writer db)
    {
        ReadOnlySpan<(string, object?)> said =
        [
            ("userId", e.SellerId), ("plateNumber", e.PlateNumber ?? ""), ("make", e.Make ?? ""), ("model", e.Model ?? ""), ("year", e.Year ?? 0), ("mileage", e.Mileage ?? 0),
            ("price", e.Price ?? 0), ("description", e.Description ?? ""), ("aiDescription", e.AiDescription), ("status", ListingStatus.DRAFT), ("region", e.Region ?? ""), ("fuelType", e.FuelType ?? FuelType.OTHER),
            ("transmission", e.Transmission ?? Transmission.AUTOMATIC), ("bodyType", e.BodyType ?? ""), ("color", e.Color ?? ""), ("vin", e.Vin), ("updatedAt", r.At),
            ("version", r.Version), ("draft", JsonSerializer.Serialize(Draft.Of(e), ListingsJson.Default.Draft)),
        ];
        if (r.Version == 1) db.Insert("listings", e.ListingId, [.. said, ("createdAt", r.At)]);
        else db.Update("listings", e.ListingId, said);
        SetPhotos(e.ListingId, e.Photos, e.PhotoAddresses, r, db);
    }

    // The photos too: in one batch with their draft they are not rows yet, that would go with its row.
    private static void Forget(DraftDiscarded e, Recorded r, Writer db)
    {
        db.DeleteWhere("listing_images", "listingId", e.ListingId);
        db.Delete("listings", e.ListingId);
    }

    private static void Publish(ListingCreated e, Recorded r, Writer db)
    {
        ReadOnlySpan<(string, object?)> said =
        [
            ("userId", e.SellerId), ("plateNumber", e.PlateNumber), ("make", e.Make), ("model", e.Model), ("year", e.Year), ("mileage", e.Mileage), ("price", e.Price),
            ("description", e.Description), ("aiDescription", e.AiDescription), ("status", ListingStatus.ACTIVE), ("region", e.Region), ("fuelType", e.FuelType), ("transmission", e.Transmission),
            ("bodyType", e.BodyType), ("color", e.Color), ("vin", e.Vin), ("updatedAt", r.At), ("publishedAt", r.At), ("version", r.Version), ("draft", null),
        ];
        if (r.Version == 1) db.Insert("listings", e.ListingId, [.. said, ("createdAt", r.At)]);
        else db.Update("listings", e.ListingId, said); // it was a draft
        SetPhotos(e.ListingId, e.Photos, e.PhotoAddresses, r, db);
        AddPrice(e.ListingId, e.Price, r, db);
    }

    private static void SetDetails(DetailsEdited e, Recorded r, Writer db)
    {
        db.Update("listings", e.ListingId,
            ("mileage", e.Mileage), ("description", e.Description), ("aiDescription", e.AiDescription), ("region", e.Region), ("fuelType", e.FuelType),
            ("transmission", e.Transmission), ("bodyType", e.BodyType), ("color", e.Color), ("updatedAt", r.At), ("version", r.Version));
        SetPhotos(e.ListingId, e.Photos, e.PhotoAddresses, r, db);
    }

    private static void SetPrice(PriceChanged e, Recorded r, Writer db)
    {
        db.Update("listings", e.ListingId, ("price", e.NewPrice), ("updatedAt", r.At), ("version", r.Version));
        AddPrice(e.ListingId, e.NewPrice, r, db);
    }

    private static void SetStatus(Guid id, ListingStatus status, Recorded r, Writer db) =>
        db.Update("listings", id, ("status", status), ("updatedAt", r.At), ("version", r.Version));

    // After it a row written live holds what a replay makes, which can no longer read the text.
    private static void Empty(SellerLeft e, Recorded r, Writer db)
    {
        db.Update("listings", e.ListingId, ("status", ListingStatus.REMOVED), ("description", ""), ("aiDescription", null), ("vin", null), ("draft", null), ("updatedAt", r.At), ("version", r.Version));
        db.DeleteWhere("listing_images", "listingId", e.ListingId);
        db.DeleteWhere("mileage_corrections", "listingId", e.ListingId);
    }

    private static void SetPhotos(Guid listingId, IReadOnlyList<Guid> photos, IReadOnlyDictionary<Guid, string>? addresses, Recorded r, Writer db)
    {
        if (r.Version > 1) db.DeleteWhere("listing_images", "listingId", listingId);
        for (var i = 0; i < photos.Count; i++)
            db.Insert("listing_images", photos[i], ("listingId", listingId), ("imageUrl", addresses?.GetValueOrDefault(photos[i]) ?? PhotoKeys.Full(photos[i])), ("order", i), ("createdAt", r.At));
    }

    // The row takes the event's id, so a replay writes the same row again.
    private static void AddPrice(Guid listingId, decimal price, Recorded r, Writer db) =>
        db.Insert("price_history", r.EventId, ("listingId", listingId), ("price", price), ("changedAt", r.At));
}
