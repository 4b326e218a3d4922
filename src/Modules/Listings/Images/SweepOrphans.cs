using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.Listings.Images;

/// <summary>
/// Removes photos that no listing uses a day after their upload. Nothing is decided by a look: each row is locked and asked again in the
/// transaction that changes it, and whether a listing shows a photo is asked of its stream.
/// </summary>
internal sealed class SweepOrphans(Database database, EventStore store, SweepPictures pictures, TimeProvider clock)
{
    public static readonly TimeSpan UnusedLife = TimeSpan.FromHours(24);
    private const int Batch = 500;

    private const string NotShown = """
        SELECT u.id, u.listingId FROM uploads u LEFT JOIN listing_images i ON i.id = u.id
        WHERE u.listingId IS NOT NULL AND u.attachedAt <= UTC_TIMESTAMP(3) - INTERVAL @ClaimMinutes MINUTE AND i.id IS NULL AND u.id > @after ORDER BY u.id LIMIT @Batch
        """;

    public Job Job => new("sweep-orphans", "Removes uploads that no listing has used for a day, and stored pictures that belong to nothing", async ct =>
    {
        var (freed, removed) = (await Free(ct), await RemoveUnused(ct));
        return $"{freed} uploads freed from listings that do not show them, {removed} unused uploads removed, {await pictures.Run(ct)}";
    });

    /// <summary>Frees uploads whose listing does not show them: it was never written, or shows others now.</summary>
    public async Task<int> Free(CancellationToken ct)
    {
        var (freed, after) = (0, Guid.Empty);
        while (true)
        {
            var found = await Look<(Guid Id, Guid ListingId)>(NotShown, new { Uploads.ClaimMinutes, after, Batch }, ct);
            foreach (var listing in found.GroupBy(f => f.ListingId, f => f.Id)) freed += await Free(listing.Key, [.. listing], ct);
            if (found.Count < Batch) return freed;
            after = found[^1].Id;
        }
    }

    /// <summary>Removes uploads that are nobody's, older than a day: the rows, then their pictures.</summary>
    public async Task<int> RemoveUnused(CancellationToken ct)
    {
        for (var removed = 0; ;)
        {
            var found = await Look<Guid>("SELECT id FROM uploads WHERE listingId IS NULL AND createdAt < @before LIMIT @Batch", new { before = clock.GetUtcNow() - UnusedLife, Batch }, ct);
            var gone = await Remove(found, ct);
            foreach (var id in gone) await pictures.Delete([PhotoKeys.Full(id), PhotoKeys.Thumb(id)], ct);
            removed += gone.Count;
            if (found.Count < Batch) return removed;
        }
    }

    private async Task<int> Free(Guid listing, IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        var claimed = (await Uploads.Lock(db, ids, ct)).Where(u => u.ListingId == listing && u.IsOldClaim).Select(u => u.Id).ToList();
        var (state, _) = await store.Fold(Listing.Decider, listing, ct);
        var free = claimed.Except(state.Photos).ToList();
        if (free.Count > 0)
            await db.Execute("UPDATE uploads SET listingId = NULL, attachedAt = NULL, claimVersion = NULL WHERE id IN @free", new { free }, ct);
        await db.Commit(ct);
        return free.Count;
    }

    private async Task<IReadOnlyList<Guid>> Remove(IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        if (ids.Count == 0) return [];
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        var unused = (await Uploads.Lock(db, ids, ct)).Where(u => u.ListingId is null && clock.GetUtcNow() - u.CreatedAt > UnusedLife).Select(u => u.Id).ToList();
        if (unused.Count > 0) await db.Execute("DELETE FROM uploads WHERE id IN @unused", new { unused }, ct);
        await db.Commit(ct);
        return unused;
    }

    private async Task<IReadOnlyList<T>> Look<T>(string sql, object arguments, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return [.. await db.Query<T>(sql, arguments, ct)];
    }
}
