using System.CommandLine;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using Spectre.Console;

namespace KiwiCar.Host.Ops;

/// <summary><c>kiwicar projections</c>: how far the read models are; rebuild one; try parked events again.</summary>
internal static class Projections
{
    public static Command Command(Func<IServiceProvider> app)
    {
        var name = new Argument<string>("name") { Description = "As `kiwicar projections` lists it" };
        var rebuild = new Command("rebuild", "Builds a projection's tables again from the first event while reads and writes go on, and swaps them in at once.\n"
            + "Stopped with Ctrl-C it changes nothing, and goes on where it was when called again.") { name };
        rebuild.SetAction((parse, ct) => Rebuild(app(), parse.GetValue(name)!, ct));
        var retry = new Command("retry", "Tries the events again that a projection or reaction has parked, oldest first.") { name };
        retry.SetAction((parse, ct) => Retry(app(), parse.GetValue(name)!, ct));
        var command = new Command("projections", "Lists projections and reactions: position, events still to take (lag), parked events.") { rebuild, retry };
        command.SetAction((_, ct) => List(app(), ct));
        return command;
    }

    private static async Task<int> List(IServiceProvider services, CancellationToken ct)
    {
        await using var db = await services.GetRequiredService<Database>().Open(ct);
        var rows = await db.Query<(string Name, long Position, DateTimeOffset UpdatedAt, long Parked)>("""
            SELECT c.name, c.position, c.updatedAt, (SELECT COUNT(*) FROM parked_events p WHERE p.subscription = c.name) FROM checkpoints c ORDER BY c.name
            """, null, ct);
        var table = new Spectre.Console.Table().AddColumns("name", "position", "lag", "parked", "moved at (UTC)");
        foreach (var (name, position, updatedAt, parked) in rows)
        {
            await using var behind = services.GetRequiredService<EventConnections>().Reads.CreateCommand("SELECT count(*) FROM events.mt_events WHERE seq_id > $1");
            behind.Parameters.AddWithValue(position);
            var lag = (long)(await behind.ExecuteScalarAsync(ct))!;
            table.AddRow(name, $"{position}", lag == 0 ? "0" : $"[yellow]{lag}[/]", parked == 0 ? "0" : $"[red]{parked}[/]", $"{updatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}");
        }
        AnsiConsole.Write(table);
        return 0;
    }

    private static async Task<int> Rebuild(IServiceProvider services, string name, CancellationToken ct)
    {
        var projection = Modules.All.SelectMany(m => m.Projections).FirstOrDefault(p => p.Name == name)
            ?? throw new InvalidOperationException($"There is no projection '{name}'. There are: {string.Join(", ", Modules.All.SelectMany(m => m.Projections).Select(p => p.Name))}");
        var reader = await Started(services, ct);
        var rebuild = new Rebuild(projection, services.GetRequiredService<Database>(), reader);
        var started = TimeProvider.System.GetTimestamp();
        long done = 0;
        await AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).StartAsync(async progress =>
        {
            var bar = progress.AddTask($"rebuilding {name}");
            await rebuild.Run((position, of) =>
            {
                (bar.MaxValue, bar.Value, done) = (of, position, position);
                bar.Description = $"rebuilding {name}: position {position} of {of}";
            }, ct);
            bar.Value = bar.MaxValue;
        });
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        AnsiConsole.WriteLine($"{name} is rebuilt and swapped in at position {done} after {seconds:0.0} s.");
        return 0;
    }

    private static async Task<int> Retry(IServiceProvider services, string name, CancellationToken ct)
    {
        await Started(services, ct);
        var subscription = Modules.All.SelectMany(m => m.Projections).Select(services.Follow)
            .Concat(Modules.All.SelectMany(m => m.Reactions(services)).Select(services.Follow)).FirstOrDefault(s => s.Name == name)
            ?? throw new InvalidOperationException($"There is no projection or reaction '{name}'; `kiwicar projections` lists them");
        var (taken, parked) = await subscription.RetryParked(ct);
        AnsiConsole.WriteLine($"{taken} events taken now, {parked} still parked.");
        return parked == 0 ? 0 : 1;
    }

    private static async Task<EventReader> Started(IServiceProvider services, CancellationToken ct)
    {
        await services.PrepareEvents(ct); // with keys that do not fit, it would be rebuilt without what they should open
        var reader = services.GetRequiredService<EventReader>();
        await reader.StartAsync(ct);
        return reader;
    }
}
