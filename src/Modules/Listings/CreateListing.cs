using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings;

internal static class CreateListing
{
    public sealed record Request(
        string PlateNumber, string Make, string Model, int Year, int Mileage, decimal Price, string Description, string Region,
        FuelType FuelType, Transmission Transmission, string BodyType, string Color, string? Vin, IReadOnlyList<Guid> Images, string? AiDescription = null);

    public sealed record Response(Guid Id, string Message);

    /// <param name="leastPhotos">An import takes adverts without photos; nobody else may.</param>
    public static Request Validate(Input body, DateTimeOffset now, int leastPhotos = Fields.LeastPhotos) => new(
        body.PlateNumber(), body.Text("make", 1, 50), body.Text("model", 1, 50), body.Year(now), body.Mileage(), body.Price(), body.Description(),
        body.Region(), body.OneOf<FuelType>("fuelType"), body.OneOf<Transmission>("transmission"), body.BodyType(), body.Color(), body.Vin(), body.Photos(leastPhotos), body.AiDescription());

    public static IEnumerable<ListingEvent> Decide(Listing state, Guid id, Guid seller, Request r)
    {
        if (state.Status is not null) throw IdempotencyKeys.Twin(); // only a key names the id before
        yield return Created(id, seller, r);
    }

    public static ListingCreated Created(Guid id, Guid seller, Request r) => new(
        id, seller, r.PlateNumber, r.Make, r.Model, r.Year, r.Mileage, r.Price, r.Description, r.Region,
        r.FuelType, r.Transmission, r.BodyType, r.Color, r.Vin, r.Images) { AiDescription = r.AiDescription };

    public static async Task<Created<Response>> Handle(
        Input body, CurrentUser user, IdempotencyKeys keys, EventStore store, Database database, TimeProvider clock, HttpRequest http, HttpResponse response, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var key = IdempotencyKey.Of(http, user, body);
        if (await keys.Find(key, ct) is { } before) return Answer(before, 1, response);
        var request = body.Read(b => Validate(b, now));
        var id = key?.StreamId ?? Guid.CreateVersion7(now);
        var version = await OneAdvertACar.Guard(
            () => Uploads.Transact(store, database, id, user.Id, () => request.Images, state => Decide(state, id, user.Id, request), ct, also: key?.Name));
        return Answer(id, version, response);
    }

    private static Created<Response> Answer(Guid id, long version, HttpResponse response)
    {
        response.Headers.ETag = ETag.Of(version);
        return TypedResults.Created($"/api/listings/{id}", new Response(id, "Listing created successfully"));
    }
}
