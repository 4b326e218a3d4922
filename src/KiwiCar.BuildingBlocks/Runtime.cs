using System.Globalization;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Pictures;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks;

/// <summary>Puts the building blocks and the modules together.</summary>
public static class Runtime
{
    /// <summary>Everything that reads and writes, without anything that runs by itself: what an operator's command needs.</summary>
    public static IServiceCollection AddKiwiCar(this IServiceCollection services, IReadOnlyList<IModule> modules, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(modules);
        services.AddSingleton(new Settings(configuration));
        services.AddSingleton<PersonKeys>();
        services.AddSingleton(s => new EventTypes(modules.SelectMany(m => m.Events), s.GetRequiredService<PersonKeys>()));
        services.AddSingleton(s => new EventConnections(s.GetRequiredService<Settings>().EventsDatabaseUrl));
        services.AddSingleton(s => new Database(s.GetRequiredService<Settings>().DatabaseUrl));
        services.AddSingleton<EventStore>();
        services.AddSingleton<IdempotencyKeys>();
        services.AddSingleton<EventReader>();
        services.AddSingleton<Progress>();
        services.AddSingleton<Outbox>();
        services.AddSingleton(s => new Vips(Path.Combine(s.GetRequiredService<Settings>().DataFolder, "tmp"), s.GetRequiredService<ILogger<Vips>>()));
        services.AddSingleton(s => new DailyJobs([.. modules.SelectMany(m => m.Jobs(s)), Outbox.Cleaning(s.GetRequiredService<Database>(), s.GetRequiredService<TimeProvider>())],
            s.GetRequiredService<Database>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<DailyJobs>>()));
        services.AddMailer(configuration, [.. modules.SelectMany(m => m.Mails).Select(t => t.Name)]);
        services.AddSingleton<Redis>();
        services.AddSingleton(s => new RateLimits(modules, configuration, s.GetRequiredService<Redis>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(new AllowedOrigins(configuration));
        services.Configure<RouteOptions>(routing => routing.SetParameterPolicy<UuidConstraint>("uuid"));
        services.Configure<JsonOptions>(json => WebJson.Configure(json.SerializerOptions, modules.SelectMany(m => m.Json)));
        foreach (var module in modules) module.Services(services, configuration);
        return services;
    }

    /// <summary>What runs by itself beside the web server: the reader, the read models, the reactions, the sender, the daily jobs. In order of start.</summary>
    public static IServiceCollection AddKiwiCarWork(this IServiceCollection services, IReadOnlyList<IModule> modules)
    {
        services.AddHostedService<Preparation>();
        services.AddHostedService(s => s.GetRequiredService<EventReader>());
        services.AddHostedService<AppendNotices>();
        services.AddHostedService<Subscriptions>();
        services.AddHostedService(s => s.GetRequiredService<OutboxSender>());
        services.AddHostedService(s => s.GetRequiredService<Vips>());
        foreach (var module in modules) module.Work(services);
        JobTimer.Add(services);
        return services;
    }

    /// <summary>Makes the event log ready to be read and written: its tables are there, and the keys of personal text fit it. For whatever runs without the host.</summary>
    public static async Task PrepareEvents(this IServiceProvider services, CancellationToken ct)
    {
        var events = services.GetRequiredService<EventConnections>();
        await events.Prepare(ct);
        await KeyCanary.Check(events, services.GetRequiredService<PersonKeys>(), ct);
    }

    /// <summary>A projection as the runtime follows it.</summary>
    public static Subscription Follow(this IServiceProvider services, Projection projection) => new(
        projection.Name, fromNow: false, () => new Writer(projection.Tables), projection.Concerns,
        (e, scope, _) => { projection.Apply(e, scope.Writer); return ValueTask.CompletedTask; },
        services.GetRequiredService<Database>(), services.GetRequiredService<EventReader>(),
        services.GetRequiredService<Progress>().Of(projection.Name), services.GetRequiredService<ILogger<Subscription>>());

    /// <summary>A reaction as the runtime follows it; no command waits for it unless it names it.</summary>
    public static Subscription Follow(this IServiceProvider services, Reaction reaction) => new(
        reaction.Name, fromNow: true, () => new Writer([Outbox.Table]), reaction.Concerns, reaction.Apply,
        services.GetRequiredService<Database>(), services.GetRequiredService<EventReader>(),
        services.GetRequiredService<Progress>().OfReaction(reaction.Name), services.GetRequiredService<ILogger<Subscription>>(),
        reaction.Timer, services.GetRequiredService<Outbox>().Wake);

    private static void AddMailer(this IServiceCollection services, IConfiguration configuration, IReadOnlyCollection<string> mails)
    {
        var settle = Duration.Parse(configuration["MAIL_SETTLE"] is { Length: > 0 } text ? text : "10m") ?? throw new InvalidOperationException("MAIL_SETTLE must be a time as 10m or 90s");
        var (events, seconds) = (new SendGridEvents(configuration), configuration["SENDGRID_TIMEOUT_SECONDS"] is { Length: > 0 } set ? set : "10"); // here, so that a bad one stops the start
        services.AddSingleton(events);
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<OutboxSender>(s, settle));
        services.AddSingleton<IDoorState>(s => s.GetRequiredService<OutboxSender>());
        services.AddSingleton(s => new MailFolder(Path.Combine(s.GetRequiredService<Settings>().DataFolder, "mail")));
        if (configuration["SENDGRID_API_KEY"] is not { Length: > 0 } key)
        {
            services.AddSingleton<IMailer>(s => s.GetRequiredService<MailFolder>());
            return;
        }
        var templates = SendGrid.Templates(configuration, mails);
        var timeout = int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 60 ? TimeSpan.FromSeconds(number)
            : throw new InvalidOperationException("SENDGRID_TIMEOUT_SECONDS must be a whole number from 1 to 60");
        services.AddHttpClient<IMailer, SendGrid>((http, _) =>
        {
            http.BaseAddress = new Uri(configuration["SENDGRID_API_URL"] ?? "https://api.sendgrid.com/");
            http.Timeout = timeout;
            return new SendGrid(http, key, configuration["FROM_EMAIL"] ?? "noreply@kiwicar.co.nz", templates, events.AreTold);
        });
    }

    /// <summary>Creates what is missing in both databases before anything else starts.</summary>
    private sealed class Preparation(IServiceProvider services, Database database, IReadOnlyList<IModule> modules, EventStore store, Progress progress) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await services.PrepareEvents(cancellationToken);
            await database.Prepare(modules.Select(m => m.Tables), cancellationToken);
            store.ReadModelsReached = progress.Reached;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>All projections and reactions of all modules, each in a loop of its own.</summary>
    private sealed class Subscriptions(IServiceProvider services, IReadOnlyList<IModule> modules) : IHostedService
    {
        private List<Subscription> running = [];

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            running = [.. modules.SelectMany(m => m.Projections).Select(services.Follow), .. modules.SelectMany(m => m.Reactions(services)).Select(services.Follow)];
            foreach (var subscription in running) await subscription.StartAsync(cancellationToken);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(running.Select(s => s.StopAsync(cancellationToken)));
    }
}
