using System.CommandLine;
using KiwiCar.BuildingBlocks.Jobs;
using Spectre.Console;

namespace KiwiCar.Host.Ops;

/// <summary><c>kiwicar jobs</c>: what is done every night, and what came of it; run one now.</summary>
internal static class Jobs
{
    public static Command Command(Func<IServiceProvider> app)
    {
        var name = new Argument<string>("name") { Description = "As `kiwicar jobs` lists it" };
        var run = new Command("run", "Runs a job now, here, whether or not it is due; that then counts as the day's run. Doing one again is harmless.\n"
            + "Ends with 1 where it fails, or runs already.") { name };
        run.SetAction((parse, ct) => Run(app(), parse.GetValue(name)!, ct));
        var command = new Command("jobs", "Lists the jobs, with the last run of each. A host runs them once a day at three in the morning in New Zealand (Pacific/Auckland),\n"
            + "or when it starts after that; what fails is tried again every ten minutes, five times a day.") { run };
        command.SetAction((_, ct) => List(app(), ct));
        return command;
    }

    private static async Task<int> List(IServiceProvider services, CancellationToken ct)
    {
        var jobs = services.GetRequiredService<DailyJobs>();
        var last = await jobs.LastRuns(ct);
        if (Console.IsOutputRedirected) (AnsiConsole.Profile.Width, AnsiConsole.Profile.Capabilities.Ansi) = (250, false);
        var table = new Spectre.Console.Table().AddColumns("name", "does", "day", "outcome", "tries", "began (UTC)", "took", "on", "what came of it");
        foreach (var job in jobs.All)
        {
            if (last.GetValueOrDefault(job.Name) is not { } run) table.AddRow(job.Name, job.Does, "", "never run");
            else table.AddRow(job.Name, job.Does, $"{run.Day:yyyy-MM-dd}", Colored(run.Outcome), $"{run.Attempts}", $"{run.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}",
                run.EndedAt is { } end && run.Attempts > 0 ? $"{(end - run.StartedAt).TotalSeconds:0.0} s" : "", Markup.Escape(run.Host), Markup.Escape(run.Detail ?? ""));
        }
        AnsiConsole.Write(table);
        return 0;
    }

    private static string Colored(string outcome) => outcome switch { "OK" => "[green]OK[/]", "FAILED" => "[red]FAILED[/]", _ => outcome };

    private static async Task<int> Run(IServiceProvider services, string name, CancellationToken ct)
    {
        Console.WriteLine($"{name}: {await services.GetRequiredService<DailyJobs>().RunNow(name, ct)}");
        return 0;
    }
}
