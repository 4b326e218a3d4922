using System.Data.Common;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.Listings.Import.Dump;

/// <summary>
/// <c>kiwicar import --prisma DIR</c>: moves in from the Node stack. People first, then listings as histories with their photos, then the read
/// models; last what points to listings, when every reaction is past their history: nobody is mailed about a price that fell years ago.
/// </summary>
internal static class ImportDump
{
    private static readonly string[] OwnTables = ["listings", "listing_images", "price_history"];

    public static async Task<int> Run(string path, IServiceProvider services, CancellationToken ct)
    {
        if (!Directory.Exists(path)) throw new InvalidOperationException($"{path} is no folder");
        foreach (var needed in (string[])["users", "listings"])
            if (!new DumpFile(path, needed).Exists) throw new InvalidOperationException($"{path} has no {needed}.csv; it should have one CSV file a table, named as the table");
        using var interrupt = new Interrupt(ct);
        using var report = new DumpReport(services.GetRequiredService<Settings>().DataFolder);
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            await Take(path, report, services, interrupt.Token);
        }
        catch (OperationCanceledException) when (interrupt.IsRequested) { }
        catch (DbException e)
        {
            throw new InvalidOperationException($"A database failed: {e.Message}\n{report.Summary(started)}\nThe same command goes on from here.", e);
        }
        Console.WriteLine(report.Summary(started));
        if (!interrupt.IsRequested) return 0;
        Console.WriteLine("Stopped. What was taken stays; the same command goes on from here.");
        return 130;
    }

    private static async Task Take(string folder, DumpReport report, IServiceProvider services, CancellationToken stop)
    {
        await ReadModels.Prepare(services, stop);
        var tables = services.GetServices<IDumpTable>().ToList();
        var people = new HashSet<Guid>();
        foreach (var table in tables.Where(t => !t.AfterListings))
            await TakeRows(table, new DumpFile(folder, table.Name), report, table.Name == "users" ? people : null, stop);
        await TakeListings(folder, people, report, services, stop);
        await ReadModels.CatchUp(services, withReactions: true, stop);
        stop.ThrowIfCancellationRequested();
        foreach (var table in tables.Where(t => t.AfterListings)) await TakeRows(table, new DumpFile(folder, table.Name), report, null, stop);
        foreach (var name in Directory.EnumerateFiles(folder, "*.csv").Select(f => Path.GetFileNameWithoutExtension(f)).Except([.. OwnTables, .. tables.Select(t => t.Name)]).Order(StringComparer.Ordinal))
            report.Count(name, "not taken yet: no part of this program takes that table", new DumpFile(folder, name).Rows().Count());
    }

    /// <param name="present">Gets the ids of the rows that are in the table afterwards.</param>
    private static async Task TakeRows(IDumpTable table, DumpFile file, DumpReport report, HashSet<Guid>? present, CancellationToken stop)
    {
        if (!file.Exists) report.Count(table.Name, $"there is no {table.Name}.csv");
        await new ImportProgress(table.Name, file.Lines(), () => report.Done(table.Name)).Watch(Task.Run(async () =>
        {
            foreach (var rows in file.Rows(table.Columns).Chunk(table.RowsAtOnce))
            {
                stop.ThrowIfCancellationRequested();
                foreach (var (row, outcome) in rows.Zip(await table.Take(rows, CancellationToken.None))) // what is in flight is finished
                {
                    report.Took(file, row, outcome);
                    if (outcome.Refused is null && row.Id("id") is { } id) present?.Add(id);
                }
            }
        }, stop));
    }

    private static async Task TakeListings(string folder, HashSet<Guid> people, DumpReport report, IServiceProvider services, CancellationToken stop)
    {
        var file = new DumpFile(folder, "listings");
        var lines = file.Lines();
        var belongings = Belongings.Read(new DumpFile(folder, "price_history"), new DumpFile(folder, "listing_images"), report);
        report.Count("price_history", "listings whose prices stood in another order than that of their times: sorted", belongings.OutOfOrder);
        var listings = new MovedListings(file, belongings, people, report, services.GetRequiredService<EventStore>(), services.GetRequiredService<EventConnections>(),
            services.GetRequiredService<Database>(), services.GetRequiredService<TimeProvider>());
        await new ImportProgress("listings", lines, () => report.Done("listings")).Watch(listings.Take(stop));
    }
}
