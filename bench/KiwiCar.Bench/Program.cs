using KiwiCar.Bench;

// Figures, never verdicts: each beside what a bare driver or a bare server does in the same run, because machines differ and are noisy.
var parts = new (string Name, string What, Func<Task> Run)[]
{
    ("appends", "appends at 32 writers, beside bare Npgsql on the same tables", EventStoreBench.Appends),
    ("latency", "commit to reader, and commit to read model, at 50 writes/s; delay behind a dead number", EventStoreBench.Latency),
    ("replay", "events/s read, and projected into MySQL by a rebuild", EventStoreBench.Replay),
    ("index", "the search index alone, 100,000 and 1,000,000 listings", () => { SearchIndexBench.Run(Console.Out); return Task.CompletedTask; }),
    ("http", "the host over HTTP: start-up, memory, search, create listing, change price, beside a bare Kestrel", HttpBench.Run),
    ("logins", "reads of listings alone, and beside as many logins as the gate lets in", LoginsBench.Run),
    ("peer", "beside the Express and Prisma peer, on the same 100,000 listings: some 15 minutes, only where asked for; w4 w6 …: only these workloads", () => PeerBench.Run([.. args.Where(PeerBench.Has)])),
};
// --peer: all that is told beside the peer's HTTP.
var asked = args.Select(a => a == "--peer" ? "peer" : a).Concat(args.Contains("--peer") ? ["index"] : []).ToHashSet(StringComparer.Ordinal);
var chosen = args.Length == 0 ? parts[..^1] : [.. parts.Where(p => asked.Contains(p.Name))];
if (chosen.Length == 0)
{
    Console.WriteLine("./dev bench [PART …]   all of them but peer, or:");
    foreach (var (name, what, _) in parts) Console.WriteLine($"  {name,-9}{what}");
    return 2;
}
foreach (var (name, what, run) in chosen)
{
    Console.WriteLine($"\n== {name}: {what}");
    await run();
}
return 0;
