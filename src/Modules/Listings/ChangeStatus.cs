using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings;

internal static class ChangeStatus
{
    /// <param name="SoldPrice">What was paid; only with SOLD, and only if the seller likes to tell.</param>
    /// <param name="SoldAt">The day of the sale; only with SOLD.</param>
    public sealed record Request(ListingStatus Status, decimal? SoldPrice, DateOnly? SoldAt);

    public sealed record Response(Guid Id, ListingStatus Status);

    public static Request Validate(Input body, DateTimeOffset now)
    {
        var request = new Request(
            body.OneOf<ListingStatus>("status"),
            body.Has("soldPrice") ? body.Money("soldPrice", 0, 10_000_000) : null,
            body.Has("soldAt") ? body.Day("soldAt") : null);
        // Any day somewhere on Earth is a day; a sale next week is not a sale yet.
        if (request.SoldAt > DateOnly.FromDateTime(now.UtcDateTime.AddHours(14))) body.Problem("soldAt", "must not lie in the future");
        return request;
    }

    public static IEnumerable<ListingEvent> Decide(Listing state, Guid id, Guid user, Request r, DateTimeOffset now)
    {
        state.MustBelongTo(user);
        switch (state.Status, r.Status)
        {
            case var (at, wanted) when at == wanted: yield break;
            case (ListingStatus.DRAFT, ListingStatus.ACTIVE): yield return Publish(state.Draft!, id, user, now); break;
            case (ListingStatus.ACTIVE, ListingStatus.SOLD): yield return new Sold(id, state.Price, r.SoldPrice, r.SoldAt); break;
            case (ListingStatus.ACTIVE, ListingStatus.REMOVED): yield return new Removed(id); break;
            case (ListingStatus.SOLD or ListingStatus.REMOVED, ListingStatus.ACTIVE): yield return new Relisted(id, state.Price); break;
            default: throw Rejection.Conflict("INVALID_STATUS_CHANGE", $"A listing that is {state.Status} cannot become {r.Status}");
        }
    }

    // What a draft may lack, an advert may not: the same rules as for one that was never a draft, with every broken field named.
    private static ListingCreated Publish(Draft draft, Guid id, Guid seller, DateTimeOffset now) =>
        CreateListing.Created(id, seller, draft.ToAdvert().Read(b => CreateListing.Validate(b, now))) with { PhotoAddresses = draft.Photos.Addresses };

    public static async Task<Ok<Response>> Handle(
        Guid id, Input body, CurrentUser user, EventStore store, TimeProvider clock, HttpRequest http, HttpResponse response, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var request = body.Read(b => Validate(b, now));
        var version = await OneAdvertACar.Guard(() => store.Transact(Listing.Decider, id, state => Decide(state, id, user.Id, request, now), ct, ETag.IfMatch(http)));
        response.Headers.ETag = ETag.Of(version);
        return TypedResults.Ok(new Response(id, request.Status));
    }
}
