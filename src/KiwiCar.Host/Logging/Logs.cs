using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using ILogger = Serilog.ILogger;

namespace KiwiCar.Host.Logging;

/// <summary>
/// One JSON line an event, into <c>combined.log</c>, <c>error.log</c> and standard error; standard error is readable text in Development. Standard
/// output is the commands'.
/// </summary>
internal static class Logs
{
    private const int FilesKept = 14;
    private const long BytesAFile = 100 << 20;

    /// <param name="serves">Whether this is the server, which writes files, and by the way. A command writes to standard error alone, at once.</param>
    public static void Configure(WebApplicationBuilder builder, bool serves)
    {
        var level = builder.Configuration["LOG_LEVEL"] switch
        {
            "error" => LogEventLevel.Error,
            "warn" => LogEventLevel.Warning,
            "debug" => LogEventLevel.Debug,
            _ => LogEventLevel.Information,
        };
        var logs = new LoggerConfiguration()
            .MinimumLevel.Is(level)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .Enrich.WithProperty("service", "kiwicar-api");
        ITextFormatter format = builder.Environment.IsDevelopment() ? new PlainText() : new JsonLines();
        if (serves)
        {
            // What happens is written within a second; what goes wrong at once, whatever happens next.
            var folder = Path.Combine(Path.GetFullPath(builder.Configuration["KIWICAR_DATA"] is { Length: > 0 } data ? data : ".kiwicar"), "logs");
            logs.WriteTo.Sink(new Background(format, File(Path.Combine(folder, "combined.log"), buffered: true)))
                .WriteTo.Sink(File(Path.Combine(folder, "error.log"), buffered: false), restrictedToMinimumLevel: LogEventLevel.Error);
        }
        else
        {
            logs.WriteTo.Console(format, standardErrorFromLevel: LogEventLevel.Verbose);
        }
        var logger = logs.CreateLogger();
        builder.Services.AddSingleton<ILogger>(logger);
        builder.Logging.ClearProviders().AddSerilog(logger, dispose: true);
    }

    // Not shared between processes, which would lock the file for every line: another host in the same folder takes a name with _001.
    private static Logger File(string path, bool buffered) => new LoggerConfiguration()
        .MinimumLevel.Verbose()
        .WriteTo.File(new JsonLines(), path, buffered: buffered, flushToDiskInterval: buffered ? TimeSpan.FromSeconds(1) : null,
            rollingInterval: RollingInterval.Day, rollOnFileSizeLimit: true, fileSizeLimitBytes: BytesAFile, retainedFileCountLimit: FilesKept)
        .CreateLogger();
}
