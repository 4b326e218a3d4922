using System.Diagnostics;
using KiwiCar.Host;

namespace KiwiCar.Bench;

/// <summary>The host as a process of its own.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly Process process;

    private HostProcess(Process process, string url, TimeSpan startUp) => (this.process, Url, StartUp, Http) = (process, url, startUp, new HttpClient { BaseAddress = new Uri(url) });

    public string Url { get; }

    public TimeSpan StartUp { get; }

    public HttpClient Http { get; }

    /// <summary>Resident memory now.</summary>
    public long Megabytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64 >> 20;
        }
    }

    public static async Task<HostProcess> Start(Dictionary<string, string> settings, CancellationToken ct = default)
    {
        var began = Stopwatch.GetTimestamp();
        var process = Begin(settings);
        var host = new HostProcess(process, $"http://localhost:{settings["PORT"]}", default);
        try
        {
            while (true)
            {
                if (process.HasExited) throw new InvalidOperationException($"The host ended with {process.ExitCode}");
                try
                {
                    if ((await host.Http.GetAsync("/health/ready", ct)).IsSuccessStatusCode) return new HostProcess(process, host.Url, Stopwatch.GetElapsedTime(began));
                }
                catch (HttpRequestException) { } // not listening yet
                await Task.Delay(20, ct);
            }
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Runs one of the program's commands to its end, its output shown.</summary>
    public static async Task Run(Dictionary<string, string> settings, CancellationToken ct, params string[] arguments)
    {
        using var process = Begin(settings, arguments);
        try { await process.WaitForExitAsync(ct); }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
        if (process.ExitCode != 0) throw new InvalidOperationException($"kiwicar {arguments[0]} ended with {process.ExitCode}");
    }

    public void Dispose()
    {
        Http.Dispose();
        if (!process.HasExited)
        {
            using (var term = Process.Start("kill", [process.Id.ToString()])) term.WaitForExit();
            if (!process.WaitForExit(20_000)) process.Kill();
        }
        process.Dispose();
    }

    private static Process Begin(Dictionary<string, string> settings, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Server).Assembly.Location, .. arguments]) { RedirectStandardOutput = arguments.Length == 0 };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        var process = Process.Start(start)!;
        if (arguments.Length == 0) _ = process.StandardOutput.ReadToEndAsync();
        return process;
    }
}
