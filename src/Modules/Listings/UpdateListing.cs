using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings;

internal static class UpdateListing
{
    /// <summary>Every field may be left out: it then stays as it is. In a draft null clears it.</summary>
    /// <param name="AiDescription">Empty or null takes it away.</param>
    /// <param name="MileageReason">Asked for where the mileage becomes less; shown beside it.</param>
    public sealed record Request(
        string? PlateNumber, string? Make, string? Model, int? Year, string? Vin, int? Mileage, decimal? Price, string? Description,
        string? Region, FuelType? FuelType, Transmission? Transmission, string? BodyType, string? Color, IReadOnlyList<Guid>? Images,
        string? AiDescription = null, string? MileageReason = null);

    public sealed record Response(Guid Id, string Message);

    public static Request Validate(Input body, DateTimeOffset now) => new(
        body.Has("plateNumber") ? body.PlateNumber() : null,
        body.Has("make") ? body.Text("make", 1, 50) : null,
        body.Has("model") ? body.Text("model", 1, 50) : null,
        body.Has("year") ? body.Year(now) : null,
        body.Vin(),
        body.Has("mileage") ? body.Mileage() : null,
        body.Has("price") ? body.Price() : null,
        body.Has("description") ? body.Description() : null,
        body.Has("region") ? body.Region() : null,
        body.Has("fuelType") ? body.OneOf<FuelType>("fuelType") : null,
        body.Has("transmission") ? body.OneOf<Transmission>("transmission") : null,
        body.Has("bodyType") ? body.BodyType() : null,
        body.Has("color") ? body.Color() : null,
        body.Has("images") ? body.Photos() : null,
        body.Has("aiDescription") ? body.AiDescription() ?? "" : null,
        body.MileageReason());

    public static IEnumerable<ListingEvent> Decide(Listing state, Guid id, Guid user, Request r)
    {
        state.MustBeOpenFor(user);
        var car = new Car(r.PlateNumber ?? state.Car.PlateNumber, r.Make ?? state.Car.Make, r.Model ?? state.Car.Model, r.Year ?? state.Car.Year, r.Vin ?? state.Car.Vin);
        if (car != state.Car)
            throw Rejection.Conflict("FIELD_FROZEN", "Plate, make, model, year and VIN cannot change once the advert is public. For another car, make another listing.");

        var old = state.Details;
        var details = new Details(
            r.Mileage ?? old.Mileage, r.Description ?? old.Description, r.AiDescription switch { null => old.AiDescription, "" => null, var text => text }, r.Region ?? old.Region, r.FuelType ?? old.FuelType,
            r.Transmission ?? old.Transmission, r.BodyType ?? old.BodyType, r.Color ?? old.Color, r.Images is { } photos ? old.Photos.With(photos) : old.Photos);
        if (details.Mileage < old.Mileage) yield return Corrected(old.Mileage, details.Mileage, id, user, r.MileageReason);
        if (details != old) yield return details.Edited(id, user);
        if (r.Price is { } price && price != state.Price) yield return new PriceChanged(id, state.Price, price);
    }

    // An odometer does not run backwards: buyers are told when the advert was wrong, and why.
    private static MileageCorrected Corrected(int before, int after, Guid id, Guid user, string? reason) => reason is not null ? new(id, user, before, after, reason)
        : throw Rejection.Invalid("mileageReason", $"is required where the mileage becomes less than the {before} km the advert told: say why, in 5 to 200 characters; buyers will read it");

    /// <summary>A draft takes what an advert may not say.</summary>
    public static IEnumerable<ListingEvent> Decide(Listing state, Guid id, Guid user, Draft after)
    {
        if (after != state.MustBeDraftOf(user)) yield return after.Saved(id, user);
    }

    public static async Task<Ok<Response>> Handle(
        Guid id, Input body, CurrentUser user, EventStore store, Database database, TimeProvider clock,
        HttpRequest http, HttpResponse response, CancellationToken ct)
    {
        var (now, ifVersion) = (clock.GetUtcNow(), ETag.IfMatch(http));
        var (listing, _) = await store.Fold(Listing.Decider, id, ct);
        listing.MustBelongTo(user.Id);
        var version = listing.Draft is null ? await UpdateAdvert(body.Read(b => Validate(b, now))) : await UpdateDraft();
        response.Headers.ETag = ETag.Of(version);
        return TypedResults.Ok(new Response(id, "Listing updated successfully"));

        Task<long> UpdateAdvert(Request request) =>
            Uploads.Transact(store, database, id, user.Id, () => request.Images, state => Decide(state, id, user.Id, request), ct, ifVersion);

        // Read against the draft as it is when it is decided on: it may have been saved from another window meanwhile.
        Task<long> UpdateDraft()
        {
            var after = Draft.Empty;
            return Uploads.Transact(store, database, id, user.Id, () => after.Photos.Ids,
                state => Decide(state, id, user.Id, after = body.Read(b => Draft.Read(b, state.MustBeDraftOf(user.Id), now))), ct, ifVersion);
        }
    }
}
