using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace KiwiCar.BuildingBlocks.Jobs;

/// <summary>
/// When a host looks for due jobs: at three, at its start, and every ten minutes for what failed or was missed. Quartz only wakes us,
/// from memory; what was run and what not is in <c>job_runs</c>.
/// </summary>
internal sealed class JobTimer(DailyJobs jobs, IHostApplicationLifetime host) : IJob
{
    /// <summary>Three o'clock in New Zealand, which every civil day has once: the clocks jump from two to three, or go back at three to two.</summary>
    public const string Daily = "0 0 3 * * ?";

    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        try { await jobs.RunDue(host.ApplicationStopping); }
        catch (OperationCanceledException) when (host.ApplicationStopping.IsCancellationRequested) { } // noted as stopped, and begun again at the next start
    }

    public static void Add(IServiceCollection services)
    {
        services.AddQuartz(quartz =>
        {
            quartz.AddJob<JobTimer>(job => job.WithIdentity(nameof(JobTimer)));
            quartz.AddTrigger(at => at.ForJob(nameof(JobTimer)).WithIdentity("daily").WithCronSchedule(Daily, cron => cron.InTimeZone(NewZealand.Zone)));
            quartz.AddTrigger(at => at.ForJob(nameof(JobTimer)).WithIdentity("again").StartNow().WithSimpleSchedule(each => each.WithInterval(Again).RepeatForever()));
        });
        services.AddQuartzHostedService(quartz => quartz.WaitForJobsToComplete = true);
        services.AddLogging(logging => logging.AddFilter("Quartz", LogLevel.Warning));
    }
}
