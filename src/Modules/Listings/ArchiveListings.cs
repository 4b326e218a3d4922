using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.Listings;

/// <summary>
/// Sold and removed adverts are archived after 90 days. The archive is a line in time that this job moves, not a place: nothing is copied or
/// deleted, so pages, favourites and price histories go on, a rebuild makes the same rows, and a relisted advert is out of it by itself.
/// </summary>
internal sealed class ArchiveListings(Database database, TimeProvider clock)
{
    /// <summary>Whether a row of <c>listings</c> is archived, as an SQL condition. A closed advert has no later event than the one that closed it.</summary>
    public const string IsArchived = "(status IN ('SOLD', 'REMOVED') AND updatedAt < COALESCE((SELECT closedBefore FROM listing_archive WHERE id = 1), '1970-01-01'))";

    private static readonly TimeSpan Age = TimeSpan.FromDays(90);

    public Job Job => new("archive-listings", "Archives adverts that were sold or removed over 90 days ago", Run);

    private async Task<string> Run(CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var before = await db.Single<long>($"SELECT COUNT(*) FROM listings WHERE {IsArchived}", null, ct);
        // Never back: by a host whose clock is wrong, say.
        await db.Execute("INSERT INTO listing_archive (id, closedBefore) VALUES (1, @line) ON DUPLICATE KEY UPDATE closedBefore = GREATEST(closedBefore, @line)",
            new { line = clock.GetUtcNow() - Age }, ct);
        var after = await db.Single<long>($"SELECT COUNT(*) FROM listings WHERE {IsArchived}", null, ct);
        return $"{after - before} adverts archived, {after} in all";
    }
}
