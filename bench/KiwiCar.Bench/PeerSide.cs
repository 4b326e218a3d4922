using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace KiwiCar.Bench;

/// <summary>What a workload asks for, of the data set's <c>manifest.json</c>.</summary>
internal sealed record Load(string Listing, string Own, string Receiver, string ReceiversListing);

/// <summary>One timed run.</summary>
/// <param name="ServerCpu">Milliseconds a request, all processes of the API.</param>
/// <param name="DatabaseCpu">Milliseconds a request: MariaDB, and PostgreSQL where there is one.</param>
/// <param name="Megabytes">Resident memory of the API's processes after the run.</param>
internal sealed record LoadResult(double Rps, double P50, double P99, double ServerCpu, double DatabaseCpu, double Megabytes, long Errors);

/// <summary>A server that is measured, with the load users signed in.</summary>
internal sealed record Side(string Name, string Url, HttpClient Http, Load Load, int DatabasePort, int? EventsPort)
{
    /// <summary>Signs the load users in and writes the lists the load scripts read: their own preparation asks for every route there is, and not all may be.</summary>
    public static async Task<Side> SignIn(string name, string url, Peer peer, string temp, CancellationToken ct)
    {
        var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(peer.Data, "manifest.json"), ct)).RootElement;
        var http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(60) };
        var (tokens, own) = (new List<string>(), new List<string>());
        foreach (var user in manifest.GetProperty("users").EnumerateArray())
        {
            var login = await http.PostAsJsonAsync("/api/auth/login", new { email = user.GetProperty("email").GetString(), password = manifest.GetProperty("password").GetString() }, ct);
            if (!login.IsSuccessStatusCode) throw new InvalidOperationException($"{name}: login answers {(int)login.StatusCode}: {await login.Content.ReadAsStringAsync(ct)}");
            tokens.Add((await login.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("accessToken").GetString()!);
            own.AddRange(user.GetProperty("ownListings").EnumerateArray().Select(l => $"{tokens.Count}\t{l.GetProperty("id").GetString()}"));
        }
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tokens[0]);
        var listings = manifest.GetProperty("activeListings").EnumerateArray().Select(l => l.GetString()!).ToList();
        var targets = manifest.GetProperty("messageTargets").EnumerateArray().Select(t => (Receiver: t.GetProperty("receiverId").GetString()!, Listing: t.GetProperty("listingId").GetString()!)).ToList();
        var folder = Directory.CreateDirectory(Path.Combine(temp, "kiwicar-load", new Uri(url).Authority.Replace('.', '_').Replace(':', '_'))).FullName;
        foreach (var (file, lines) in new (string, IEnumerable<string>)[]
        {
            ("ids.txt", listings), ("own.txt", own), ("targets.txt", targets.Select(t => $"{t.Receiver}\t{t.Listing}")), ("queries.txt", peer.Queries()), ("tokens.txt", tokens),
        }) await File.WriteAllLinesAsync(Path.Combine(folder, file), lines, ct);
        var ours = name == "ours";
        return new Side(name, url, http, new Load(listings[0], own[0].Split('\t')[1], targets[0].Receiver, targets[0].Listing),
            ours ? TestDatabases.ReadModelsPort : Peer.DatabasePort, ours ? TestDatabases.EventsPort : null);
    }

    public async Task<LoadResult> Measure(string workload, int round, int seconds, Peer peer, string temp, CancellationToken ct)
    {
        var before = EventsPort is { } port ? Cpu.Of(port) : 0;
        var json = await peer.Node(
            string.Create(CultureInfo.InvariantCulture, $"console.log(JSON.stringify(await run('{workload}', '{Url}', {{ seed: {round + 1}, seconds: {seconds}, dbPort: {DatabasePort} }})))"), temp, ct);
        var events = EventsPort is { } again ? Cpu.Of(again) - before : 0;
        var told = JsonDocument.Parse(json).RootElement;
        double Number(string name) => told.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;
        return new LoadResult(Number("rps"), Number("p50"), Number("p99"), Number("server_cpu_ms_per_req"), Number("db_cpu_ms_per_req") + events / Math.Max(1, Number("requests")),
            Number("server_rss_mb"), (long)Number("errors"));
    }
}

/// <summary>The CPU time of whoever listens on a port, from <c>/proc</c>.</summary>
internal static class Cpu
{
    private const int MillisecondsATick = 10;

    /// <summary>Milliseconds so far, its children's and those of its children that have ended included.</summary>
    public static double Of(int port)
    {
        var stats = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(Stat).OfType<string[]>().ToDictionary(s => s[0], StringComparer.Ordinal);
        var root = Listener(port, stats.Keys);
        return root is null ? 0 : stats.Values.Where(s => s[0] == root || s[2] == root).Sum(s => Ticks(s, 12) + Ticks(s, 13) + (s[0] == root ? Ticks(s, 14) + Ticks(s, 15) : 0)) * MillisecondsATick;
    }

    // pid, state, parent …: the name between, in brackets, may hold anything.
    private static string[]? Stat(string? pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return [pid!, .. text[(text.LastIndexOf(')') + 2)..].Split(' ')];
        }
        catch (IOException) // gone
        {
            return null;
        }
    }

    private static double Ticks(string[] stat, int at) => double.Parse(stat[at], CultureInfo.InvariantCulture);

    private static string? Listener(int port, IEnumerable<string> pids)
    {
        var sockets = File.ReadLines("/proc/net/tcp").Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f[3] == "0A" && f[1].EndsWith(string.Create(CultureInfo.InvariantCulture, $":{port:X4}"), StringComparison.Ordinal)).Select(f => $"socket:[{f[9]}]").ToHashSet(StringComparer.Ordinal);
        // The one that has the others as children comes first: a server's children share its socket.
        return pids.OrderBy(p => int.Parse(p, CultureInfo.InvariantCulture)).FirstOrDefault(pid =>
        {
            try { return Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Any(fd => new FileInfo(fd).LinkTarget is { } target && sockets.Contains(target)); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return false; }
        });
    }
}
