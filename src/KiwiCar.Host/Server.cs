using System.Diagnostics;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Host.Logging;

namespace KiwiCar.Host;

/// <summary>The web server: all modules on one set of building blocks.</summary>
internal static class Server
{
    /// <param name="settings">Settings that win over the environment; tests give theirs here.</param>
    /// <param name="serves">Whether it will answer requests, or only give an operator's command its services.</param>
    public static WebApplication Build(IEnumerable<KeyValuePair<string, string?>> settings, bool serves = true)
    {
        var builder = WebApplication.CreateBuilder();
        // Trusts everybody's X-Forwarded-For, where a hosting environment turns it on; who is trusted here says TRUSTED_PROXIES.
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("ForwardedHeaders_Enabled", (string?)"false")]);
        builder.Configuration.AddInMemoryCollection(settings);
        var configuration = builder.Configuration;
        if (configuration["NODE_ENV"] is { Length: > 0 } environment)
            builder.Environment.EnvironmentName = char.ToUpperInvariant(environment[0]) + environment[1..];

        Logs.Configure(builder, serves);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.WebHost.UseUrls(Address(configuration["PORT"] is { Length: > 0 } port ? port : "3000", builder.Environment));
        builder.Services.AddKiwiCar(Modules.All, configuration);
        builder.Services.AddKiwiCarWork(Modules.All);
        builder.Services.AddImageStorage(configuration);
        builder.Services.AddSingleton<Health>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15)); // before whoever stopped us loses patience
        builder.Services.AddCors();
        builder.Services.AddOpenApi(OpenApi.Configure);

        var app = builder.Build();
        var diagnostics = app.Services.GetRequiredService<DiagnosticListener>();
        app.Lifetime.ApplicationStopped.Register(ErrorResponses.ShapeKestrelsRefusals(diagnostics).Dispose);
        app.UseTrustedProxies(configuration);
        app.UseRequestLog();
        app.UseSecurityHeaders();
        app.UsePrivateAnswers();
        app.UseErrorResponses(app.Logger);
        app.UseAllowedOrigins();
        app.UseAuthentication();
        app.UseRateLimits();
        app.UseAuthorization();
        app.MapImages();
        app.MapOpenApi();
        Health.Map(app);
        SendGridEvents.Map(app);
        foreach (var module in Modules.All) module.Routes(app);
        if (app.Environment.IsDevelopment()) Development.Map(app);
        return app;
    }

    /// <summary>Serves until told to stop (Ctrl-C, SIGTERM): then takes no more requests, finishes those it has, and ends.</summary>
    public static async Task<int> Run(CancellationToken ct)
    {
        await using var app = Build([]);
        await app.StartAsync(ct);
        var settings = app.Services.GetRequiredService<Settings>();
        Console.WriteLine($"""

            KiwiCar listens on {string.Join(", ", app.Urls)}
              API      {settings.ApiUrl}/api/listings
              Docs     {settings.ApiUrl}{(app.Environment.IsDevelopment() ? "/docs" : "/openapi/v1.json")}
              Health   {settings.ApiUrl}/health
              Mails    {(app.Services.GetRequiredService<IMailer>() is MailFolder ? Path.Combine(settings.DataFolder, "mail") + (app.Environment.IsDevelopment() ? $"  ({settings.ApiUrl}/dev/mails)" : "") : "SendGrid")}
              Images   {(app.Services.GetRequiredService<IImageStorage>() is ImageFolder ? Path.Combine(settings.DataFolder, "images") : "S3")}

            """);
        await app.WaitForShutdownAsync(ct);
        return 0;
    }

    // Development answers this machine only; a container must be reached from outside.
    private static string Address(string port, IHostEnvironment environment) =>
        port == "0" ? "http://127.0.0.1:0" : environment.IsDevelopment() ? $"http://localhost:{port}" : $"http://*:{port}";
}
