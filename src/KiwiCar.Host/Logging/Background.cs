using System.Threading.Channels;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Parsing;

namespace KiwiCar.Host.Logging;

/// <summary>
/// Writes events to standard error and to a file on a thread of its own: a request neither waits for a disk nor for whoever reads the console.
/// Where more comes than can be written, events are left out, and their number is logged.
/// </summary>
internal sealed class Background : ILogEventSink, IDisposable
{
    private const int MayWait = 20_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50); // many events a turn: waking for each would cost more than writing it
    private static readonly MessageTemplate LeftOut = new MessageTemplateParser().Parse("{Count} log events were left out: more came than could be written");

    private readonly Channel<LogEvent> events = Channel.CreateBounded<LogEvent>(new BoundedChannelOptions(MayWait) { SingleReader = true });
    private readonly StreamWriter console = new(Console.OpenStandardError(), bufferSize: 16 * 1024);
    private readonly ITextFormatter format;
    private readonly ILogEventSink file;
    private readonly Thread thread;
    private int leftOut;

    public Background(ITextFormatter format, ILogEventSink file)
    {
        (this.format, this.file, thread) = (format, file, new Thread(Work) { IsBackground = true, Name = "Logs" });
        thread.Start();
    }

    public void Emit(LogEvent logEvent)
    {
        if (!events.Writer.TryWrite(logEvent)) Interlocked.Increment(ref leftOut);
    }

    /// <summary>Writes what is still waiting.</summary>
    public void Dispose()
    {
        events.Writer.Complete();
        thread.Join();
        (file as IDisposable)?.Dispose();
    }

    private void Work()
    {
        while (events.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (events.Reader.TryRead(out var logEvent)) Write(logEvent);
            if (Interlocked.Exchange(ref leftOut, 0) is var count and > 0) Write(new LogEvent(DateTimeOffset.Now, LogEventLevel.Warning, null, LeftOut, [new("Count", new ScalarValue(count))]));
            Try(console.Flush);
            Thread.Sleep(Pause);
        }
    }

    private void Write(LogEvent logEvent)
    {
        Try(() => format.Format(logEvent, console));
        file.Emit(logEvent); // Serilog's own, which throws nothing
    }

    // A value that cannot be written as text, a console that is a file on a full disk: no reason to stop the program.
    private static void Try(Action write)
    {
        try { write(); }
        catch (Exception e) { SelfLog.WriteLine("{0}", e); }
    }
}
