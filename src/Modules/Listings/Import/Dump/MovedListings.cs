using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Import.Dump;

/// <summary>The listings of a dump, some hundred at a time: their photos are claimed, then their streams begun, both for all of them in one go.</summary>
internal sealed class MovedListings(
    DumpFile file, Belongings belongings, IReadOnlySet<Guid> people, DumpReport report, EventStore store, EventConnections connections, Database database, TimeProvider clock)
{
    private const int AtOnce = 200, InFlight = 3;
    private const string Reckoned = "aiPrice…: not taken, they are reckoned anew from the market";
    private static readonly Table Uploads = new("uploads", FirstWins: true), Views = new("listing_views", "listingId", FirstWins: true);

    public async Task Take(CancellationToken stop)
    {
        var all = new HashSet<Guid>();
        await Parallel.ForEachAsync(Chunks(all, stop), new ParallelOptions { MaxDegreeOfParallelism = InFlight }, async (rows, _) => await TakeSome(rows));
        stop.ThrowIfCancellationRequested();
        belongings.ReportStrays(all, report);
    }

    // One caller at a time reads on.
    private IEnumerable<DumpRow[]> Chunks(HashSet<Guid> all, CancellationToken stop)
    {
        foreach (var rows in file.Rows(MovedListing.Columns).Chunk(AtOnce))
        {
            if (stop.IsCancellationRequested) yield break;
            foreach (var row in rows)
                if (row.Id("id") is { } id) all.Add(id);
            yield return rows;
        }
    }

    // What is in flight is finished: no token.
    private async Task TakeSome(DumpRow[] rows)
    {
        var known = await ImportListings.Known(rows.Select(r => r.Id("id")).OfType<Guid>(), connections);
        var moved = new List<(DumpRow Row, MovedListing Listing)>(rows.Length);
        foreach (var row in rows)
        {
            if (row.Id("id") is { } id && known.Contains(id)) report.WasThere(file.Table);
            else if (Judged(row) is { } listing) moved.Add((row, listing));
        }
        await WriteRows(moved);
        var begun = await store.AppendMany(Listing.Decider.StreamType, [.. moved.Select(m => new History(m.Listing.Id, m.Listing.Events))], CancellationToken.None);
        foreach (var (row, listing) in moved) Report(row, listing, begun.Contains(listing.Id));
    }

    private MovedListing? Judged(DumpRow row)
    {
        var id = row.Id("id").GetValueOrDefault();
        try
        {
            if (row.Id("userId") is not { } seller || !people.Contains(seller)) report.Refused(file, row, "userId is nobody who was taken over");
            else return MovedListing.Of(row, belongings.PricesOf(id), belongings.PhotosOf(id), clock.GetUtcNow());
        }
        catch (Rejection refused)
        {
            report.Refused(file, row, string.Join("; ", refused.Details?.Select(p => $"{p.Path} {p.Code}") ?? [refused.Message]));
        }
        return null;
    }

    // What no event tells of. Before the events: a listing must not show a photo that another could still claim.
    private async Task WriteRows(IEnumerable<(DumpRow Row, MovedListing Listing)> moved)
    {
        var writer = new Writer([Uploads, Views]);
        foreach (var (row, listing) in moved)
        {
            if (row.Amount("views") is > 0 and <= int.MaxValue and var views) writer.Insert(Views.Name, listing.Id, ("views", (int)views));
            foreach (var photo in listing.Photos)
                writer.Insert(Uploads.Name, photo.Id, ("userId", listing.SellerId), ("listingId", listing.Id), ("bytes", 0), ("width", 0), ("height", 0),
                    ("createdAt", photo.CreatedAt), ("attachedAt", photo.CreatedAt));
        }
        await using var db = await database.Open(CancellationToken.None);
        await db.Begin(CancellationToken.None);
        foreach (var command in writer.Commands()) await db.Run(command, CancellationToken.None);
        await db.Commit(CancellationToken.None);
    }

    private void Report(DumpRow row, MovedListing listing, bool begun)
    {
        if (!begun)
        {
            report.WasThere(file.Table);
            return;
        }
        report.Taken(file.Table);
        report.Taken("listing_images", listing.Photos.Count);
        if (row["status"] != nameof(ListingStatus.DRAFT)) report.Taken("price_history", belongings.PricesOf(listing.Id).Count);
        foreach (var note in listing.Notes) report.Count(file.Table, note);
        if ((row["aiPriceMin"] ?? row["aiPriceMax"] ?? row["aiPriceRecommended"]) is not null) report.Count(file.Table, Reckoned);
    }
}
