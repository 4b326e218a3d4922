using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.Bench;

/// <summary>
/// The host beside the peer: the same 100,000 listings, MariaDB with the same settings, rate limits off, logs off. Of each workload a warm-up (both compile while they run),
/// then rounds of peer (one process), peer (cluster), ours; the table has medians, against the better shape.
/// </summary>
internal static class PeerBench
{
    private const int Rounds = 3, WarmUpSeconds = 15, Seconds = 6;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(40);
    private static readonly string[] Settings =
        ["version", "innodb_buffer_pool_size", "innodb_log_file_size", "innodb_flush_log_at_trx_commit", "innodb_flush_method", "innodb_doublewrite", "sync_binlog", "log_bin", "max_connections", "query_cache_type", "performance_schema"];

    /// <summary>A workload, and the requests that a server must answer to have it at all.</summary>
    private static readonly (string Name, string What, Func<Load, (HttpMethod, string, object?)[]> Probes)[] Workloads =
    [
        ("w1", "listing search", _ => [(HttpMethod.Get, "/api/listings", null)]),
        ("w2", "listing detail", l => [(HttpMethod.Get, $"/api/listings/{l.Listing}", null)]),
        ("w3", "filter options", _ => [(HttpMethod.Get, "/api/filters/options", null)]),
        ("w4", "signed-in reads", _ => [(HttpMethod.Get, "/api/favorites", null), (HttpMethod.Get, "/api/messages/conversations", null), (HttpMethod.Get, "/api/messages/unread-count", null)]),
        ("w5", "price change", l => [(HttpMethod.Put, $"/api/listings/{l.Own}", new { price = 12_340 })]),
        ("w6", "send message", l => [(HttpMethod.Post, "/api/messages", new { receiverId = l.Receiver, listingId = l.ReceiversListing, content = "Kia ora" })]),
    ];

    public static bool Has(string workload) => Workloads.Any(w => w.Name == workload);

    /// <param name="only">The workloads that are asked for; none named: all.</param>
    public static async Task Run(IReadOnlyCollection<string> only)
    {
        using var stop = new CancellationTokenSource(Longest);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            await using var peer = await Peer.Start(stop.Token);
            if (peer is not null) await Run(peer, only, stop.Token);
        }
        catch (OperationCanceledException) { Console.WriteLine("stopped"); }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task Run(Peer peer, IReadOnlyCollection<string> only, CancellationToken ct)
    {
        await using var databases = await TestDatabases.Pair.Create();
        await AlikeServers(databases.ReadModels, ct);
        var temp = Directory.CreateTempSubdirectory("kiwicar-bench-").FullName;
        var settings = new Dictionary<string, string>
        {
            ["EVENTS_DATABASE_URL"] = databases.Events, ["DATABASE_URL"] = databases.ReadModels, ["REDIS_URL"] = TestDatabases.RedisUrl, ["KIWICAR_DATA"] = temp,
            ["NODE_ENV"] = "development", ["LOG_LEVEL"] = "error", ["PORT"] = "39883", // development: it listens on loopback only
            ["RATE_LIMIT_GENERAL"] = "off", ["RATE_LIMIT_LOGIN"] = "off", ["RATE_LIMIT_REGISTER"] = "off", ["RATE_LIMIT_UPLOAD"] = "off", ["RATE_LIMIT_MESSAGE"] = "off",
        };
        await HostProcess.Run(settings, ct, "import", "--prisma", peer.Data);
        await VerifyEverybody(databases.ReadModels, ct);
        using (var ours = await HostProcess.Start(settings, ct))
        {
            Console.WriteLine($"ours started in {ours.StartUp.TotalMilliseconds:0} ms, memory {ours.Megabytes} MB");
            var sides = await Task.WhenAll(peer.Shapes.Append(("ours", ours.Url)).Select(s => Side.SignIn(s.Item1, s.Item2, peer, temp, ct)));
            await CompareAnswers(peer, sides, ct);
            var table = new PeerTable();
            foreach (var (name, what, probes) in Workloads.Where(w => only.Count == 0 || only.Contains(w.Name))) await Measure(name, what, probes, peer, sides, temp, table, ct);
            Console.WriteLine($"load average {string.Join(' ', (await File.ReadAllTextAsync("/proc/loadavg", ct)).Split(' ').Take(3))} on {Environment.ProcessorCount} cores: the load makers are part of it, other work on the machine is, too");
            table.Print();
        }
        Directory.Delete(temp, recursive: true);
    }

    private static async Task Measure(string name, string what, Func<Load, (HttpMethod, string, object?)[]> probes, Peer peer, Side[] sides, string temp, PeerTable table, CancellationToken ct)
    {
        foreach (var side in sides)
        {
            foreach (var (method, path, body) in probes(side.Load))
            {
                using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
                using var answer = await side.Http.SendAsync(request, ct);
                if (answer.IsSuccessStatusCode) continue;
                table.Skip(name, what, answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed ? $"{side.Name}: not yet ({path})" : $"{side.Name}: {(int)answer.StatusCode} at {path}");
                return;
            }
        }
        foreach (var side in sides) await side.Measure(name, 0, WarmUpSeconds, peer, temp, ct);
        var results = sides.ToDictionary(s => s.Name, _ => new List<LoadResult>());
        for (var round = 1; round <= Rounds; round++)
            foreach (var side in sides)
            {
                var result = await side.Measure(name, round, Seconds, peer, temp, ct);
                results[side.Name].Add(result);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} round {round} {side.Name,-12}{result.Rps,10:N1}/s  p50 {result.P50:0.00} ms  p99 {result.P99:0.00} ms  errors {result.Errors}"));
            }
        table.Add(name, what, results);
    }

    // One of the load users has not verified their address: the peer lets them write all the same, and what we refuse would cost next to nothing.
    private static async Task VerifyEverybody(string ours, CancellationToken ct)
    {
        await using var database = new Database(ours);
        await using var db = await database.Open(ct);
        await db.Run("UPDATE users SET isVerified = TRUE", ct);
    }

    // The two MariaDBs get the same memory; what else differs is said.
    private static async Task AlikeServers(string ours, CancellationToken ct)
    {
        await using var a = new Database(Peer.DatabaseUrl);
        await using var b = new Database(ours);
        await using var peerDb = await a.Open(ct);
        await using var ourDb = await b.Open(ct);
        var pool = await peerDb.Single<long>("SELECT @@innodb_buffer_pool_size", null, ct);
        await ourDb.Run($"SET GLOBAL innodb_buffer_pool_size = {pool}", ct);
        const string sql = "SELECT LOWER(variable_name) AS name, variable_value AS value FROM information_schema.global_variables WHERE variable_name IN @Settings";
        var theirs = (await peerDb.Query<(string Name, string Value)>(sql, new { Settings }, ct)).ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal);
        foreach (var (name, value) in await ourDb.Query<(string Name, string Value)>(sql, new { Settings }, ct))
            Console.WriteLine($"MariaDB {name,-32}{(theirs.GetValueOrDefault(name) == value ? value : $"DIFFERS: peer {theirs.GetValueOrDefault(name)}, ours {value}")}");
    }

    private static async Task CompareAnswers(Peer peer, Side[] sides, CancellationToken ct)
    {
        foreach (var query in peer.Queries())
        {
            var totals = await Task.WhenAll(sides.Skip(1).Select(async s => (await s.Http.GetFromJsonAsync<JsonElement>($"/api/listings{(query == "-" ? "" : query)}", ct)).GetProperty("pagination").GetProperty("total").GetInt32()));
            Console.WriteLine($"total of {query,-70} peer {totals[0],7:N0}, ours {totals[1],7:N0}{(totals[0] == totals[1] ? "" : "   (differs)")}");
        }
    }
}
