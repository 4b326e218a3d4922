using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.Jobs;

/// <summary>
/// Runs each job once a civil day, however many hosts there are, whenever they start, whatever the clocks do: a day's run is a row of
/// <c>job_runs</c>, and a lock of the database server lets one host at a time look for it. The lock ends with its connection, so what a
/// host that died had begun is begun again by the next.
/// </summary>
public sealed class DailyJobs(IReadOnlyList<Job> jobs, Database database, TimeProvider clock, ILogger<DailyJobs> log)
{
    private const int Tries = 5; // a day
    private static readonly TimeOnly Hour = new(3, 0);

    private const string Begin = """
        INSERT INTO job_runs (name, day, host, attempts, startedAt, outcome) VALUES (@Name, @day, @host, 1, @now, 'RUNNING')
        ON DUPLICATE KEY UPDATE host = @host, attempts = attempts + 1, startedAt = @now, endedAt = NULL, outcome = 'RUNNING', detail = NULL
        """;

    /// <summary>One day's run of a job. While it goes on, or where its host died in it: <c>RUNNING</c>, with no end.</summary>
    /// <param name="Day">The civil day it is the run of.</param>
    /// <param name="Outcome">NEW (the job was installed that day), RUNNING, OK or FAILED.</param>
    public sealed record Last(string Name, DateOnly Day, string Host, int Attempts, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string Outcome, string? Detail);

    public IReadOnlyList<Job> All => jobs;

    /// <summary>The civil day whose run is due: today from three o'clock on, before that yesterday.</summary>
    public static DateOnly DueDay(DateTimeOffset now)
    {
        var wall = NewZealand.WallClock(now);
        return DateOnly.FromDateTime(wall).AddDays(TimeOnly.FromDateTime(wall) < Hour ? -1 : 0);
    }

    /// <summary>Runs what is due and nobody has run yet: also what was missed while no host was up, once for all the days, and what failed.</summary>
    public async Task RunDue(CancellationToken ct)
    {
        foreach (var job in jobs)
        {
            try { await Run(job, unasked: true, ct); }
            catch (Exception e) when (!ct.IsCancellationRequested) { log.LogError(e, "Job {Job} failed", job.Name); }
        }
    }

    /// <summary>Runs a job now, whether or not it is due; that then counts as the day's run.</summary>
    /// <returns>What was done.</returns>
    /// <exception cref="InvalidOperationException">There is no such job, or it is running.</exception>
    public async Task<string> RunNow(string name, CancellationToken ct)
    {
        var job = jobs.FirstOrDefault(j => j.Name == name)
            ?? throw new InvalidOperationException($"There is no job '{name}'. There are: {string.Join(", ", jobs.Select(j => j.Name))}");
        return await Run(job, unasked: false, ct) ?? throw new InvalidOperationException($"{name} is running already");
    }

    /// <summary>The newest run of each job that has had one.</summary>
    public async Task<IReadOnlyDictionary<string, Last>> LastRuns(CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var runs = await db.Query<Last>("""
            SELECT name, day, host, attempts, startedAt, endedAt, outcome, detail FROM job_runs r WHERE day = (SELECT MAX(day) FROM job_runs WHERE name = r.name)
            """, null, ct);
        return runs.ToDictionary(r => r.Name);
    }

    // The connection is kept for as long as the work goes on: it holds the lock, and without it nobody can say that the work is done.
    private async Task<string?> Run(Job job, bool unasked, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var day = DueDay(clock.GetUtcNow());
        if (unasked && !await IsDue(db, job, day, ct)) return null;
        if (await db.Single<int?>("SELECT GET_LOCK(SHA2(CONCAT(DATABASE(), '.job.', @Name), 256), 0)", new { job.Name }, ct) != 1) return null;
        try
        {
            if (unasked && !await IsDue(db, job, day, ct)) return null; // done between the look and the lock
            return await Work(job, day, db, ct);
        }
        finally
        {
            await db.Execute("DO RELEASE_LOCK(SHA2(CONCAT(DATABASE(), '.job.', @Name), 256))", new { job.Name }, CancellationToken.None);
        }
    }

    private async Task<bool> IsDue(Database.Lease db, Job job, DateOnly day, CancellationToken ct)
    {
        if (await db.Single<Seen>("SELECT outcome, attempts FROM job_runs WHERE name = @Name AND day = @day", new { job.Name, day }, ct) is { } run)
            return run is { Outcome: "RUNNING" or "FAILED", Attempts: < Tries };
        // A job nobody has met before begins with the next day: an installation at noon has missed nothing.
        return await db.Execute("""
            INSERT IGNORE INTO job_runs (name, day, host, attempts, startedAt, endedAt, outcome)
            SELECT @Name, @day, @host, 0, @now, @now, 'NEW' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM job_runs WHERE name = @Name)
            """, new { job.Name, day, host = Environment.MachineName, now = clock.GetUtcNow() }, ct) == 0;
    }

    private async Task<string> Work(Job job, DateOnly day, Database.Lease db, CancellationToken ct)
    {
        await db.Execute(Begin, new { job.Name, day, host = Environment.MachineName, now = clock.GetUtcNow() }, ct);
        var (outcome, detail) = ("FAILED", "stopped");
        try
        {
            detail = await job.Run(ct);
            outcome = "OK";
            log.LogInformation("Job {Job} of {Day}: {Detail}", job.Name, day, detail);
            return detail;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            detail = e.Message;
            throw;
        }
        finally
        {
            await db.Execute("UPDATE job_runs SET outcome = @outcome, detail = @detail, endedAt = @now WHERE name = @Name AND day = @day",
                new { outcome, detail, now = clock.GetUtcNow(), job.Name, day }, CancellationToken.None);
        }
    }

    private sealed record Seen(string Outcome, int Attempts);
}
