using Spectre.Console;

namespace KiwiCar.Listings.Import;

/// <summary>Shows how far work is: a bar on a terminal, else a line now and then.</summary>
/// <param name="what">What is being counted: <c>rows</c>.</param>
/// <param name="done">How many are done now.</param>
internal sealed class ImportProgress(string what, long total, Func<long> done)
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(200), NewLine = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SpeedOver = TimeSpan.FromSeconds(8); // not all the time: skipping what is there goes faster than taking

    private readonly Queue<(long Time, long Done)> samples = new();

    /// <summary>Until <paramref name="work"/> has ended, well or not.</summary>
    public async Task Watch(Task work)
    {
        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive) await Lines(work);
        else await Bar(work);
        await work;
    }

    private async Task Bar(Task work) =>
        await AnsiConsole.Progress().Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }).StartAsync(async progress =>
        {
            var bar = progress.AddTask(what, maxValue: Math.Max(1, total));
            while (!work.IsCompleted)
            {
                (bar.Value, bar.Description) = (done(), Text());
                await Task.WhenAny(work, Task.Delay(Redraw));
            }
            (bar.Value, bar.Description) = (work.IsCompletedSuccessfully ? Math.Max(1, total) : done(), Text());
        });

    private async Task Lines(Task work)
    {
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(NewLine));
            Console.WriteLine(Text());
        }
    }

    private string Text()
    {
        var (now, count) = (TimeProvider.System.GetTimestamp(), done());
        samples.Enqueue((now, count));
        while (TimeProvider.System.GetElapsedTime(samples.Peek().Time, now) > SpeedOver) samples.Dequeue();
        var (since, before) = samples.Peek();
        var seconds = TimeProvider.System.GetElapsedTime(since, now).TotalSeconds;
        var speed = seconds > 0 ? (count - before) / seconds : 0;
        var left = speed > 0 && count < total ? $", {TimeSpan.FromSeconds(Math.Ceiling((total - count) / speed)):h\\:mm\\:ss} to go" : "";
        return $"{count:N0} of {total:N0} {what}{(speed > 0 ? $", {speed:N0} a second" : "")}{left}";
    }
}
