using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings.Images;

/// <summary>Deletes a photo of one's own; a listing that shows it shows it no more, as long as it keeps three.</summary>
internal static class DeleteImage
{
    public sealed record Response(Guid Id, string Message);

    private const int Attempts = 3;

    public static IEnumerable<ListingEvent> Decide(Listing state, Guid id, Guid user, Guid photo)
    {
        if (!state.Photos.Contains(photo)) yield break;
        var left = state.Photos.Where(p => p != photo).ToList();
        if (state.Draft is { } draft)
        {
            yield return (draft with { Photos = new(left) }).Saved(id, user);
            yield break;
        }
        state.MustBeOpenFor(user);
        if (left.Count < Fields.LeastPhotos)
            throw Rejection.Conflict("TOO_FEW_PHOTOS", $"The listing would have fewer than {Fields.LeastPhotos} photos. Add another one first, or remove the listing.");
        yield return (state.Details with { Photos = new(left) }).Edited(id, user);
    }

    public static async Task<Ok<Response>> Handle(
        Guid id, CurrentUser user, EventStore store, Database database, SweepPictures pictures, CancellationToken ct)
    {
        var position = await Remove(id, user.Id, store, database, ct);
        if (position is { } edited) await store.ReadModelsReached(edited, ct); // nobody is shown a listing whose picture is gone
        await pictures.Delete([PhotoKeys.Full(id), PhotoKeys.Thumb(id)], CancellationToken.None); // what cannot be deleted now is swept
        return TypedResults.Ok(new Response(id, "Image deleted"));
    }

    // The row stays locked until the event is written: a claim waits, and then finds it gone; one made before stands at a version that is past.
    private static async Task<long?> Remove(Guid id, Guid user, EventStore store, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        if (await Uploads.Lock(db, [id], ct) is not [var upload] || upload.UserId != user) throw Rejection.NotFound("Image not found");
        var position = upload.ListingId is { } listing ? await TakeOut(upload, listing, store, ct) : null;
        await db.Execute("DELETE FROM uploads WHERE id = @id", new { id }, ct);
        await db.Commit(ct);
        return position;
    }

    /// <returns>The position of the listing's event; null where it does not show the photo (any more).</returns>
    private static async Task<long?> TakeOut(Uploads.Row upload, Guid listing, EventStore store, CancellationToken ct)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var (state, version) = await store.Fold(Listing.Decider, listing, ct);
            var events = Decide(state, listing, upload.UserId, upload.Id).ToList();
            if (events.Count == 0)
                return !upload.MayStillBeShown(version) ? null : throw Rejection.Conflict("IMAGE_IN_USE", "A listing is just being saved with this image; please try again in a moment");
            if (await store.Append(Listing.Decider.StreamType, listing, version, events, ct) is { } position) return position;
        }
        throw Rejection.Conflict("CONCURRENT_CHANGE", "The listing is being changed at the same moment; nothing was changed, please try again");
    }
}
