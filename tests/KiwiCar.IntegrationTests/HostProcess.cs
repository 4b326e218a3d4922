using System.Diagnostics;
using KiwiCar.Host;

namespace KiwiCar.IntegrationTests;

/// <summary>The host as an operating system process, to be killed.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process process;

    private HostProcess(Process process, Uri address) => (this.process, Http) = (process, new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(20) });

    public HttpClient Http { get; }

    public static async Task<HostProcess> Start(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var process = Begin(settings);
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("KiwiCar listens on ", StringComparison.Ordinal)) continue;
            _ = process.StandardOutput.ReadToEndAsync();
            return new HostProcess(process, new Uri(line["KiwiCar listens on ".Length..]));
        }
        await process.WaitForExitAsync();
        throw new InvalidOperationException($"The host ended with {process.ExitCode} before it listened");
    }

    /// <summary>Runs one of the program's commands to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> Run(IEnumerable<KeyValuePair<string, string?>> settings, params string[] arguments)
    {
        using var process = Begin(settings, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        return (process.ExitCode, await output, await error);
    }

    /// <summary>kill -9.</summary>
    public async Task Kill()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!process.HasExited) await Kill();
        process.Dispose();
    }

    private static Process Begin(IEnumerable<KeyValuePair<string, string?>> settings, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Server).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = arguments.Length > 0 };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
