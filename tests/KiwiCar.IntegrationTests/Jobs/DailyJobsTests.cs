using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.Logging.Abstractions;
using Quartz;

namespace KiwiCar.IntegrationTests.Jobs;

/// <summary>Once a civil day in New Zealand, whatever happens.</summary>
public sealed class DailyJobsTests : IAsyncLifetime
{
    private static readonly CronExpression Timer = new(JobTimer.Daily, NewZealand.Zone);
    private readonly TestClock clock = new(new DateTimeOffset(2026, 11, 24, 0, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentBag<DateTimeOffset> runs = [];
    private readonly List<Database> hosts = [];
    private string url = "";
    private Func<CancellationToken, Task> work = _ => Task.CompletedTask;

    public async Task InitializeAsync()
    {
        url = await Servers.NewDatabase();
        await using var database = new Database(url);
        await database.Prepare([], default);
    }

    public async Task DisposeAsync()
    {
        foreach (var host in hosts) await host.DisposeAsync();
    }

    [Fact]
    public async Task Of_400_days_with_clock_changes_restarts_and_three_hosts_each_has_exactly_one_run()
    {
        var random = new Random(20261124);
        DailyJobs[] up = [Host(), Host(), Host()];
        await Look(up); // installed
        Assert.Empty(runs);
        var (first, days) = (NewZealand.DayOf(clock.Now).AddDays(1), 0);
        for (var end = clock.Now.AddDays(400); clock.Now < end;)
        {
            // Between two fires of the timer: restarts and looks at any time, one of them with a clock some minutes behind.
            var fire = Timer.GetNextValidTimeAfter(clock.Now)!.Value;
            Assert.Equal(3, NewZealand.WallClock(fire).Hour);
            foreach (var part in Enumerable.Range(0, random.Next(3)).Select(_ => random.NextDouble()).Order())
            {
                var at = clock.Now + (fire - clock.Now) * part;
                var restarted = random.Next(3);
                await hosts[restarted].DisposeAsync();
                (hosts[restarted], up[restarted]) = Host(new Database(url));
                clock.Now = at.AddMinutes(-random.Next(3) * 2);
                await Look(up);
                clock.Now = at;
            }
            clock.Now = fire;
            days++;
            await Look(up);
            Assert.Equal(days, runs.Count);
        }
        Assert.Equal(Enumerable.Range(0, days).Select(first.AddDays), runs.Select(DailyJobs.DueDay).Order());
        Assert.InRange(days, 399, 401);
        var pauses = runs.Order().Zip(runs.Order().Skip(1), (one, next) => (next - one).TotalHours).ToList();
        Assert.Equal([23, 25], pauses.Where(hours => hours != 24).Order()); // both changes were among them
    }

    [Theory]
    [InlineData("2026-09-26T13:59:59Z", "2026-09-26")] // NZST; in a second the clocks jump from two to three
    [InlineData("2026-09-26T14:00:00Z", "2026-09-27")]
    [InlineData("2027-04-03T13:59:59Z", "2027-04-03")] // NZDT; the clocks go back, two o'clock comes twice
    [InlineData("2027-04-03T14:30:00Z", "2027-04-03")]
    [InlineData("2027-04-03T15:00:00Z", "2027-04-04")]
    [InlineData("2026-12-31T13:59:59Z", "2026-12-31")]
    [InlineData("2026-12-31T14:00:00Z", "2027-01-01")]
    public void The_day_is_the_civil_day_from_three_in_the_morning_on(string now, string day) =>
        Assert.Equal(DateOnly.Parse(day), DailyJobs.DueDay(DateTimeOffset.Parse(now)));

    [Fact]
    public async Task What_was_missed_runs_at_the_next_start_once_for_all_the_days()
    {
        await Host().RunDue(default);
        clock.Now = clock.Now.AddDays(5);
        await Host().RunDue(default);
        await Host().RunDue(default);
        Assert.Single(runs);
    }

    [Fact]
    public async Task Many_hosts_that_look_at_once_run_it_once()
    {
        DailyJobs[] up = [.. Enumerable.Range(0, 6).Select(_ => Host())];
        work = ct => Task.Delay(50, ct);
        await Look(up);
        for (var day = 1; day <= 10; day++)
        {
            clock.Now = clock.Now.AddDays(1);
            await Look(up);
            Assert.Equal(day, runs.Count);
        }
    }

    [Fact]
    public async Task What_fails_is_tried_again_five_times_that_day_and_again_the_next()
    {
        var host = Host();
        await host.RunDue(default);
        clock.Now = clock.Now.AddDays(1);
        work = _ => throw new InvalidOperationException("the storage is away");
        for (var i = 0; i < 8; i++) await host.RunDue(default);
        Assert.Equal(5, runs.Count);
        var last = (await host.LastRuns(default))["test"];
        Assert.Equal(("FAILED", 5, "the storage is away"), (last.Outcome, last.Attempts, last.Detail));

        clock.Now = clock.Now.AddDays(1);
        work = _ => Task.CompletedTask;
        for (var i = 0; i < 3; i++) await host.RunDue(default);
        Assert.Equal(6, runs.Count);
        Assert.Equal("OK", (await host.LastRuns(default))["test"].Outcome);
    }

    [Fact]
    public async Task What_a_host_that_died_had_begun_another_begins_again()
    {
        await Host().RunDue(default);
        clock.Now = clock.Now.AddDays(1);
        work = _ => KillItsConnection();
        await Host().RunDue(default);
        Assert.Equal("RUNNING", (await Host().LastRuns(default))["test"].Outcome);
        work = _ => Task.CompletedTask;
        await Host().RunDue(default);
        Assert.Equal(2, runs.Count);
        Assert.Equal("OK", (await Host().LastRuns(default))["test"].Outcome);
    }

    [Fact]
    public async Task An_operator_runs_it_at_any_time_and_that_counts()
    {
        var host = Host();
        Assert.Equal("done", await host.RunNow("test", default));
        Assert.Equal("done", await host.RunNow("test", default));
        await host.RunDue(default);
        Assert.Equal(2, runs.Count);
        Assert.Contains("There are: test", (await Assert.ThrowsAsync<InvalidOperationException>(() => host.RunNow("nonsense", default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_runs_is_not_run_beside_itself()
    {
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        work = async _ => { begun.SetResult(); await go.Task; };
        var running = Host().RunNow("test", default);
        await Task.WhenAny(begun.Task, running);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Host().RunNow("test", default));
        go.SetResult();
        await running;
        Assert.Single(runs);
    }

    private static Task Look(DailyJobs[] up) => Task.WhenAll(up.Select(host => host.RunDue(default)));

    // As when a host dies: the server ends its connection, and the lock with it.
    private async Task KillItsConnection()
    {
        await using var database = new Database(url);
        await using var db = await database.Open(default);
        await db.Run($"KILL {await db.Single<long>("SELECT IS_USED_LOCK(SHA2(CONCAT(DATABASE(), '.job.test'), 256))", null, default)}", default);
    }

    private DailyJobs Host()
    {
        hosts.Add(new Database(url));
        return Host(hosts[^1]).Jobs;
    }

    private (Database, DailyJobs Jobs) Host(Database database) =>
        (database, new DailyJobs([new Job("test", "Counts", async ct =>
        {
            runs.Add(clock.Now);
            await work(ct);
            return "done";
        })], database, clock, NullLogger<DailyJobs>.Instance));
}
