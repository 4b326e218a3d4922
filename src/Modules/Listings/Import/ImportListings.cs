using System.CommandLine;
using System.Data.Common;
using System.Runtime.CompilerServices;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Import.Dump;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace KiwiCar.Listings.Import;

/// <summary>
/// <c>kiwicar import</c>: a file of adverts becomes listings, each through the decision a client's request goes through. A row's listing id
/// follows from the file and the row's number, and its stream must not exist yet: however often it is run or stopped, nothing comes twice.
/// </summary>
internal static class ImportListings
{
    private const int InFlight = 24, Ahead = 500;

    public static Command Command(Func<IServiceProvider> app)
    {
        var path = new Argument<string?>("file") { Description = "A CSV file with a header line, plain or gzipped", Arity = ArgumentArity.ZeroOrOne };
        var prisma = new Option<string?>("--prisma") { Description = "A folder with CSV dumps of the Node stack's tables: users.csv, listings.csv, listing_images.csv, price_history.csv, favorites.csv …", HelpName = "DIR" };
        var command = new Command("import", """
            Takes a file of used-car adverts as listings of a few invented dealers; or, with --prisma, moves in from the Node stack.

            FILE has the columns make, model, year, price, transmission, mileage (miles), fuelType; tax, mpg and engineSize where
            known. Miles become kilometres, the price stays the number it is. Plate, region, colour, body type and a description
            are made up, the same in every run. Rows that the API would refuse are refused here too, and written to a reject
            file; only photos are not asked for.

            --prisma DIR takes people, listings with their photos and price histories, and favourites, with the ids and times they
            have. Run it before the API serves the people it brings: see docs/operations.md.

            Ctrl-C stops after the rows in flight; the same command goes on from there. Nothing is taken twice.

            Examples: kiwicar import uk_used_cars.csv.gz
                      kiwicar import --prisma dump/
            """) { path, prisma };
        command.Validators.Add(given =>
        {
            if (given.GetValue(path) is null == given.GetValue(prisma) is null) given.AddError("Name either a FILE or --prisma DIR.");
        });
        command.SetAction((parse, ct) => parse.GetValue(prisma) is { } folder ? ImportDump.Run(folder, app(), ct) : Run(AdvertFile.Open(parse.GetValue(path)!), app(), ct));
        return command;
    }

    /// <summary>The row's request, judged by the rules of the API but for photos; a <see cref="Rejection"/> where they are broken.</summary>
    public static CreateListing.Request Judge(AdvertRow row, DateTimeOffset now) =>
        Input.Of(row.ToRequest()).Read(body => CreateListing.Validate(body, now, leastPhotos: 0));

    private static async Task<int> Run(AdvertFile file, IServiceProvider services, CancellationToken ct)
    {
        using var interrupt = new Interrupt(ct);
        await Prepare(services, interrupt.Token);

        var started = TimeProvider.System.GetTimestamp();
        using var report = new ImportReport(file, services.GetRequiredService<Settings>().DataFolder);
        try { await new ImportProgress("rows", file.Lines, () => report.Done).Watch(Take(file, report, services, interrupt.Token)); }
        catch (DbException e) { throw new InvalidOperationException($"A database failed: {e.Message}\n{report.Summary(started)}\nThe same command goes on from here.", e); }
        Console.WriteLine(report.Summary(started));
        if (!interrupt.IsRequested) await ReadModels.CatchUp(services, withReactions: false, interrupt.Token);
        if (!interrupt.IsRequested) return 0;
        Console.WriteLine("Stopped. What was taken stays, and the read models show it once the API runs; the same command goes on from here.");
        return 130;
    }

    private static async Task Prepare(IServiceProvider services, CancellationToken ct)
    {
        await ReadModels.Prepare(services, ct);
        await Dealers.Ensure(services.GetRequiredService<IImportedAccounts>(), ct);
    }

    private static Task Take(AdvertFile file, ImportReport report, IServiceProvider services, CancellationToken stop)
    {
        var (store, clock) = (services.GetRequiredService<EventStore>(), services.GetRequiredService<TimeProvider>());
        var adverts = NewAdverts(file, report, services.GetRequiredService<EventConnections>(), clock, stop);
        return Parallel.ForEachAsync(adverts, new ParallelOptions { MaxDegreeOfParallelism = InFlight }, async (advert, _) =>
        {
            var (key, request) = advert;
            var events = CreateListing.Decide(Listing.Decider.Initial, key.ListingId, Dealers.Of(key), request).ToList();
            // What is in flight is finished: no token.
            if (await store.Append(Listing.Decider.StreamType, key.ListingId, 0, events, CancellationToken.None) is null) report.WasThere();
            else report.Took();
        });
    }

    // One caller at a time reads on, so the order is the file's and nothing here needs a lock.
    private static async IAsyncEnumerable<(RowKey, CreateListing.Request)> NewAdverts(
        AdvertFile file, ImportReport report, EventConnections connections, TimeProvider clock, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var rows in file.Rows().Chunk(Ahead))
        {
            var known = await Known(rows.Select(r => r.Key.ListingId), connections);
            foreach (var row in rows)
            {
                if (stop.IsCancellationRequested) yield break;
                if (known.Contains(row.Key.ListingId)) report.WasThere();
                else if (Judged(row) is { } request) yield return (row.Key, request);
            }
        }

        CreateListing.Request? Judged(AdvertRow row)
        {
            try
            {
                return Judge(row, clock.GetUtcNow());
            }
            catch (Rejection refused)
            {
                report.Refused(row, refused);
                return null;
            }
        }
    }

    /// <summary>Those of these listings whose streams exist.</summary>
    public static async Task<HashSet<Guid>> Known(IEnumerable<Guid> ids, EventConnections connections)
    {
        await using var command = connections.Reads.CreateCommand("SELECT id FROM events.mt_streams WHERE id = ANY ($1)");
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. ids] });
        await using var reader = await command.ExecuteReaderAsync();
        var known = new HashSet<Guid>();
        while (await reader.ReadAsync()) known.Add(reader.GetGuid(0));
        return known;
    }
}
