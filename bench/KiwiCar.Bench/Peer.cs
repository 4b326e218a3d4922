using System.Diagnostics;

namespace KiwiCar.Bench;

/// <summary>
/// The Express and Prisma rendering of the PRD in both its shapes, one process and a cluster, on its own MariaDB and Redis; `./dev bench peer`
/// has copied and built it. Everything it starts it stops.
/// </summary>
internal sealed class Peer : IAsyncDisposable
{
    public const int DatabasePort = 33616;
    private const int RedisPort = 36616, OnePort = 39881, ClusterPort = 39882;
    private readonly string folder;
    private readonly List<Process> servers = [];

    private Peer(string folder) => this.folder = folder;

    public static string DatabaseUrl => $"mysql://kiwicar:kiwicar@127.0.0.1:{DatabasePort}/kiwicar";

    public string Data => Path.Combine(folder, "data", "out");

    public (string Name, string Url)[] Shapes { get; } = [("one process", $"http://127.0.0.1:{OnePort}"), ("cluster", $"http://127.0.0.1:{ClusterPort}")];

    /// <summary>Null, after saying why, where it cannot be had.</summary>
    public static async Task<Peer?> Start(CancellationToken ct)
    {
        if (Environment.GetEnvironmentVariable("KIWICAR_BENCH_PEER") is not { Length: > 0 } folder || !File.Exists(Path.Combine(folder, "express-peer", "dist", "server.js")))
        {
            Console.WriteLine("skipped: the peer is not here (../shared/bench, or KIWICAR_PEER=DIR)");
            return null;
        }
        var peer = new Peer(folder);
        try
        {
            await peer.Services(ct, "start");
            await peer.Services(ct, "load", peer.Data);
            peer.Begin("server.js", OnePort);
            peer.Begin("cluster.js", ClusterPort);
            foreach (var (_, url) in peer.Shapes) await peer.Answers(url, ct);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs some JavaScript with the load scripts' <c>run</c> at hand, and gives its last line.</summary>
    public async Task<string> Node(string script, string temp, CancellationToken ct)
    {
        var start = new ProcessStartInfo("node", ["--input-type=module", "-e", $"import {{ run }} from '{Path.Combine(folder, "load", "lib.mjs")}'; {script}"]) { RedirectStandardOutput = true };
        (start.Environment["TMPDIR"], start.Environment["BENCH_DATA"]) = (temp, Data);
        return (await Output(start, ct)).TrimEnd().Split('\n')[^1];
    }

    /// <summary>The query strings of w1.</summary>
    public string[] Queries() => [.. File.ReadAllLines(Path.Combine(folder, "load", "queries.txt")).Where(l => l.Length > 0)];

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers)
        {
            if (!server.HasExited)
            {
                using (var term = Process.Start("kill", [$"{server.Id}"])) await term.WaitForExitAsync();
                if (!server.WaitForExit(8_000)) server.Kill(entireProcessTree: true);
            }
            server.Dispose();
        }
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await Services(patience.Token, "stop");
    }

    private void Begin(string script, int port)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(folder, "express-peer", "dist", script)]) { WorkingDirectory = Path.Combine(folder, "express-peer"), RedirectStandardOutput = true };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["NODE_ENV"] = "production", ["HOST"] = "127.0.0.1", ["PORT"] = $"{port}", ["WEB_CONCURRENCY"] = "2", ["DATABASE_URL"] = DatabaseUrl, ["REDIS_URL"] = $"redis://127.0.0.1:{RedisPort}",
            ["LOG_LEVEL"] = "error", ["RATE_LIMIT_API_MAX"] = "1000000000", ["RATE_LIMIT_LOGIN_MAX"] = "1000000", ["RATE_LIMIT_REGISTER_MAX"] = "1000000",
        }) start.Environment[name] = value;
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        servers.Add(process);
    }

    private async Task Answers(string url, CancellationToken ct)
    {
        using var http = new HttpClient();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if ((await http.GetAsync(new Uri(url + "/health"), ct)).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException) when (attempt < 100) { } // not listening yet
            if (servers.Any(s => s.HasExited) || attempt >= 100) throw new InvalidOperationException($"The peer at {url} did not start");
            await Task.Delay(200, ct);
        }
    }

    private async Task Services(CancellationToken ct, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(folder, "express-peer", "services"), arguments) { RedirectStandardOutput = true };
        foreach (var (name, value) in new Dictionary<string, string> { ["PEER_DIR"] = Path.Combine(folder, "servers"), ["PEER_DB_PORT"] = $"{DatabasePort}", ["PEER_REDIS_PORT"] = $"{RedisPort}" })
            start.Environment[name] = value;
        await Output(start, ct);
    }

    private static async Task<string> Output(ProcessStartInfo start, CancellationToken ct)
    {
        using var process = Process.Start(start)!;
        try
        {
            // Not to the end of the output: what `services` starts keeps it open.
            var text = start.FileName == "node" ? await process.StandardOutput.ReadToEndAsync(ct) : "";
            await process.WaitForExitAsync(ct);
            return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{Path.GetFileName(start.FileName)} {start.ArgumentList[0]} ended with {process.ExitCode}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: start.FileName == "node");
            throw;
        }
    }
}
