using System.Diagnostics;
using System.Net;
using Serilog.Events;
using Serilog.Parsing;
using ILogger = Serilog.ILogger;

namespace KiwiCar.Host.Logging;

/// <summary>One event a request, with the PRD's fields: method, url, status, duration (ms), userId, ip. Never a header, a body or a value of the query.</summary>
internal static class RequestLog
{
    private static readonly MessageTemplate Message = new MessageTemplateParser().Parse("{method} {url} {status} in {duration} ms");
    private static readonly ScalarValue Nobody = new(null);

    public static void UseRequestLog(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILogger>();
        if (!log.IsEnabled(LogEventLevel.Information)) return;
        app.Use(next => async http =>
        {
            var began = Stopwatch.GetTimestamp();
            try { await next(http); }
            finally { log.Write(EventOf(http, Stopwatch.GetElapsedTime(began))); }
        });
    }

    private static LogEvent EventOf(HttpContext http, TimeSpan took) => new(DateTimeOffset.Now, LogEventLevel.Information, null, Message,
    [
        new("method", new ScalarValue(http.Request.Method)),
        new("url", new ScalarValue(LoggedUrl.Of(http))),
        new("status", new ScalarValue(http.Response.StatusCode)),
        new("duration", new ScalarValue(Math.Round(took.TotalMilliseconds, 1))),
        new("userId", http.User.FindFirst("sub")?.Value is { } user ? new ScalarValue(user) : Nobody),
        new("ip", new ScalarValue(Text(http.Connection.RemoteIpAddress))),
    ]);

    private static string? Text(IPAddress? address) => (address?.IsIPv4MappedToIPv6 == true ? address.MapToIPv4() : address)?.ToString();
}
