using System.Collections.Concurrent;

namespace KiwiCar.Listings;

/// <summary>The newest version of each listing of which this process has seen an event since its start: what is kept of an older one is stale.</summary>
internal sealed class ListingVersions
{
    private readonly ConcurrentDictionary<Guid, long> latest = new();

    /// <summary>An event of the log; from now on whatever shows the listing needs at least its version.</summary>
    public void Saw(Guid listing, long version) => latest[listing] = version;

    public bool IsNew(Guid listing, long version) => version >= latest.GetValueOrDefault(listing);
}
