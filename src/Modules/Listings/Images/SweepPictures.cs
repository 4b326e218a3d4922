using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Listings.Images;

/// <summary>The photos that have a row, or that a listing shows (after the loss of the rows, the log still knows those).</summary>
internal sealed class PhotoOwner(Database database) : IPictureOwner
{
    public async Task<IEnumerable<string>> Owned(IReadOnlyCollection<string> keys, CancellationToken ct)
    {
        var ids = keys.Select(IdOf).OfType<Guid>().Distinct().ToList();
        if (ids.Count == 0) return [];
        await using var db = await database.Open(ct);
        HashSet<Guid> known = [.. await db.Query<Guid>("SELECT id FROM uploads WHERE id IN @ids UNION SELECT id FROM listing_images WHERE id IN @ids", new { ids }, ct)];
        return keys.Where(key => IdOf(key) is { } id && known.Contains(id) && (key == PhotoKeys.Full(id) || key == PhotoKeys.Thumb(id)));
    }

    private static Guid? IdOf(string key) => key.Length >= 43 && Guid.TryParseExact(key.AsSpan(7, 36), "D", out var id) ? id : null; // images/{id}…
}

/// <summary>
/// Removes stored pictures that belong to nothing: a host died between storing and recording, or a storage that was away did not delete. A
/// picture is recorded moments after it is stored, so one that nobody owns a day later never will be anybody's.
/// </summary>
internal sealed partial class SweepPictures(
    IImageStorage storage, IEnumerable<IPictureOwner> owners, Database database, EventConnections events, TimeProvider clock, ILogger<SweepPictures> log)
{
    private const int Batch = 500, SuspiciouslyMany = 1_000;

    /// <exception cref="InvalidOperationException">It is not certain whose the pictures are; then none is deleted.</exception>
    public async Task<string> Run(CancellationToken ct)
    {
        await MustBeUpToDate(ct);
        var (owned, orphans) = (0, new List<string>());
        await foreach (var keys in Old(ct).Chunk(Batch).WithCancellation(ct))
        {
            HashSet<string> known = [];
            foreach (var owner in owners) known.UnionWith(await owner.Owned(keys, ct));
            owned += known.Count;
            orphans.AddRange(keys.Where(key => !known.Contains(key)));
        }
        // Somebody else's bucket, or the wrong database: no accident of ours leaves more orphans than pictures.
        if (orphans.Count > SuspiciouslyMany && orphans.Count > owned)
            throw new InvalidOperationException($"{orphans.Count} stored pictures have no owner, {owned} have one: none was deleted. Do the storage and the database belong together?");
        return $"{await Delete(orphans, ct)} of {owned + orphans.Count} stored pictures removed";
    }

    /// <returns>How many were deleted; those that could not be are told to the log, and are found again the next day.</returns>
    public async Task<int> Delete(IEnumerable<string> keys, CancellationToken ct)
    {
        var deleted = 0;
        foreach (var key in keys)
        {
            try
            {
                await storage.Delete(key, ct);
                deleted++;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.LogWarning("The picture {Key} stays for now: {Reason}", key, e.Message);
            }
        }
        return deleted;
    }

    private IAsyncEnumerable<string> Old(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - SweepOrphans.UnusedLife;
        return storage.List("images/", ct).Where(picture => picture.StoredAt < before && Ours().IsMatch(picture.Key)).Select(picture => picture.Key);
    }

    // While the tables are filled anew from the log, they do not know yet which photos are shown.
    private async Task MustBeUpToDate(CancellationToken ct)
    {
        await using var highest = events.Reads.CreateCommand("SELECT coalesce(max(seq_id), 0) FROM events.mt_events");
        var head = (long)(await highest.ExecuteScalarAsync(ct))!;
        for (var attempt = 0; attempt < 20; attempt++)
        {
            if (await Reached(ct) >= head) return;
            await Task.Delay(500, ct);
        }
        throw new InvalidOperationException("The listing tables are behind the log (`kiwicar projections`): no picture was deleted");
    }

    private async Task<long> Reached(CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return await db.Single<long>("SELECT position FROM checkpoints WHERE name = @Name", new { ListingsProjection.Definition.Name }, ct);
    }

    // Photos, avatars, and what a killed host had not finished. Anything else in the bucket is not ours to judge.
    [GeneratedRegex(@"\Aimages/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_thumb)?\.webp(\.[0-9a-f]{32}\.tmp)?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Ours();
}
