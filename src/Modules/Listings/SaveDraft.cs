using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings;

/// <summary>Keeps an unfinished advert. Who names its id saves the same draft again, so that a lost answer makes no second one.</summary>
internal static class SaveDraft
{
    /// <summary>Every field may be left out.</summary>
    /// <param name="Id">The client's own, or that of a draft that is there.</param>
    public sealed record Request(
        Guid? Id, string? PlateNumber, string? Make, string? Model, int? Year, int? Mileage, decimal? Price, string? Description, string? Region,
        FuelType? FuelType, Transmission? Transmission, string? BodyType, string? Color, string? Vin, IReadOnlyList<Guid>? Images, string? AiDescription);

    public sealed record Response(Guid Id, string Message);

    public static (Guid? Id, Draft Draft) Validate(Input body, DateTimeOffset now) =>
        (body.Has("id") && !body.IsNull("id") ? body.Id("id") : null, Draft.Read(body, Draft.Empty, now));

    public static IEnumerable<ListingEvent> Decide(Listing state, Guid id, Guid user, Draft draft)
    {
        if (state.Status is not null) state.MustBeDraftOf(user);
        else if (state.SellerId != Guid.Empty) throw Rejection.Conflict("DRAFT_DISCARDED", "This draft was thrown away; save a new one, without the id");
        if (draft != state.Draft) yield return draft.Saved(id, user);
    }

    public static async Task<Results<Created<Response>, Ok<Response>>> Handle(
        Input body, CurrentUser user, EventStore store, Database database, TimeProvider clock, HttpResponse response, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (given, draft) = body.Read(b => Validate(b, now));
        var id = given ?? Guid.CreateVersion7(now);
        var version = await Uploads.Transact(store, database, id, user.Id, () => draft.Photos.Ids, state => Decide(state, id, user.Id, draft), ct);
        response.Headers.ETag = ETag.Of(version);
        var saved = new Response(id, "Draft saved");
        return version == 1 ? TypedResults.Created($"/api/listings/{id}", saved) : TypedResults.Ok(saved);
    }
}
