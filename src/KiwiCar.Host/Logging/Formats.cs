using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;
using Serilog.Formatting.Json;

namespace KiwiCar.Host.Logging;

/// <summary>For programs: an event is one line of JSON, without what <see cref="Redaction"/> takes out.</summary>
internal sealed class JsonLines : ITextFormatter
{
    private static readonly JsonFormatter Json = new(closingDelimiter: "", renderMessage: true);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        Redaction.Write(text => Json.Format(logEvent, text), output);
        output.Write('\n');
    }
}

/// <summary>For people: time, level and message on one line, an exception below it. A value cannot begin a line of its own, nor colour the terminal.</summary>
internal sealed class PlainText : ITextFormatter
{
    private static readonly MessageTemplateTextFormatter Message = new("{Message:lj}");

    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write($"[{logEvent.Timestamp:HH:mm:ss} {Short(logEvent.Level)}] ");
        Redaction.Write(text => Message.Format(logEvent, text), output);
        output.Write('\n');
        if (logEvent.Exception is null) return;
        foreach (var line in logEvent.Exception.ToString().Split('\n'))
        {
            output.Write("    ");
            Redaction.Write(line.TrimEnd('\r'), output);
            output.Write('\n');
        }
    }

    private static string Short(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => "VRB",
        LogEventLevel.Debug => "DBG",
        LogEventLevel.Information => "INF",
        LogEventLevel.Warning => "WRN",
        LogEventLevel.Error => "ERR",
        _ => "FTL",
    };
}
