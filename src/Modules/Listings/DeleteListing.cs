using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings;

/// <summary>Takes the advert down for good in the seller's eyes; its history stays in the log. A draft is thrown away, its photos are free again.</summary>
internal static class DeleteListing
{
    public sealed record Response(Guid Id, string Message);

    public static IEnumerable<ListingEvent> Decide(Listing state, Guid id, Guid user)
    {
        state.MustBelongTo(user);
        if (state.Status == ListingStatus.DRAFT) yield return new DraftDiscarded(id);
        else if (state.Status != ListingStatus.REMOVED) yield return new Removed(id);
    }

    public static async Task<Ok<Response>> Handle(Guid id, CurrentUser user, EventStore store, Database database, HttpRequest http, CancellationToken ct)
    {
        var draft = false;
        await store.Transact(Listing.Decider, id, state =>
        {
            draft = state.Draft is not null;
            return Decide(state, id, user.Id);
        }, ct, ETag.IfMatch(http));
        if (!draft) return TypedResults.Ok(new Response(id, "Listing removed"));
        await using var db = await database.Open(ct);
        await db.Execute("UPDATE uploads SET listingId = NULL, attachedAt = NULL WHERE listingId = @id", new { id }, ct); // no event of its comes after this
        return TypedResults.Ok(new Response(id, "Draft discarded"));
    }
}
