using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Images;

/// <summary>Where an upload's two pictures lie in the storage.</summary>
internal static class PhotoKeys
{
    public static string Full(Guid id) => $"images/{id:D}.webp";

    public static string Thumb(Guid id) => $"images/{id:D}_thumb.webp";
}

/// <summary>A photo of a listing as <c>listing_images</c> has it.</summary>
/// <param name="ImageUrl">Its key, or its whole address where it was moved in: then there is no smaller picture of it.</param>
internal sealed record Photo(Guid Id, string ImageUrl)
{
    public string Thumbnail(IImageStorage images) => ImageUrl == PhotoKeys.Full(Id) ? images.UrlOf(PhotoKeys.Thumb(Id)) : images.AddressOf(ImageUrl);
}

/// <summary>
/// Uploads and the listings that show them: each upload belongs to one listing at most. A row is MySQL's, a listing's event PostgreSQL's, and
/// no transaction spans both; what holds them together is the stream's version (decision 0042).
/// </summary>
internal static class Uploads
{
    /// <summary>
    /// How long a claim may be followed by its event, in minutes of the database's clock: no request lasts so long. After that, what the
    /// stream does not show it never will.
    /// </summary>
    public const int ClaimMinutes = 60;

    /// <summary>Decides about a listing, and claims the photos it is to show before the event is written.</summary>
    /// <param name="ids">Those it is to show, once it is decided; null where the request names no photos.</param>
    /// <returns>The stream's version after the decision.</returns>
    /// <exception cref="Rejection">400, naming each photo that cannot be had; or the decision's own.</exception>
    public static Task<long> Transact(
        EventStore store, Database database, Guid listingId, Guid owner, Func<IReadOnlyList<Guid>?> ids,
        Func<Listing, IEnumerable<ListingEvent>> decide, CancellationToken ct, long? ifVersion = null, HeldName? also = null) =>
        store.Transact(Listing.Decider, listingId, decide, ct, ifVersion, also, version => Claim(database, listingId, version, owner, ids() ?? [], ct));

    /// <summary>Attaches uploads to a listing, all or none. Those it has already stay, and count as claimed anew.</summary>
    /// <param name="version">The stream's version as it was read: at no other will the event be written.</param>
    /// <exception cref="Rejection">400 naming each of <paramref name="ids"/> that is not an upload of <paramref name="owner"/>, or is another listing's.</exception>
    public static async Task Claim(Database database, Guid listingId, long version, Guid owner, IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        if (ids.Count == 0) return;
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        var rows = await Lock(db, ids, ct);
        MustBeAll(ids, [.. rows.Where(r => r.UserId == owner && (r.ListingId is null || r.ListingId == listingId)).Select(r => r.Id)]);
        await db.Execute("""
            UPDATE uploads SET listingId = @listingId, attachedAt = UTC_TIMESTAMP(3), claimVersion = GREATEST(COALESCE(claimVersion, 0), @version) WHERE id IN @ids
            """, new { listingId, version, ids }, ct);
        await db.Commit(ct);
    }

    /// <summary>Locks uploads for the open transaction; those that are gone are left out.</summary>
    // By the key alone, and so in its order: with more conditions the server may take another index, and two who want the same photos deadlock.
    public static async Task<IReadOnlyList<Row>> Lock(Database.Lease db, IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        [.. await db.Query<Row>("""
            SELECT id, userId, listingId, createdAt, claimVersion, TIMESTAMPDIFF(MINUTE, attachedAt, UTC_TIMESTAMP(3)) AS claimAge
            FROM uploads WHERE id IN @ids ORDER BY id FOR UPDATE
            """, new { ids }, ct)];

    private static void MustBeAll(IReadOnlyList<Guid> ids, HashSet<Guid> usable)
    {
        var problems = ids.Index().Where(x => !usable.Contains(x.Item))
            .Select(x => new FieldProblem($"images.{x.Index}", "invalid", "is not an upload of yours, or is already used")).ToList();
        if (problems.Count > 0) throw Rejection.Invalid(problems);
    }

    /// <param name="ClaimVersion">The highest stream version a claim was made at.</param>
    /// <param name="ClaimAge">Since the newest claim, in minutes.</param>
    public sealed record Row(Guid Id, Guid UserId, Guid? ListingId, DateTimeOffset CreatedAt, long? ClaimVersion, long? ClaimAge)
    {
        /// <summary>
        /// Whether an event that shows the photo may still be on its way, although the stream at <paramref name="version"/> does not show it.
        /// One that was claimed at an older version cannot be written any more: its append finds the stream changed, and must claim again.
        /// </summary>
        public bool MayStillBeShown(long version) => (ClaimVersion ?? 0) >= version && !IsOldClaim;

        public bool IsOldClaim => ClaimAge is not < ClaimMinutes;
    }
}
