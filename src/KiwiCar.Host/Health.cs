using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.Host;

/// <summary>
/// <c>GET /health</c> in the PRD's shape. Only the event log makes it unhealthy (503): without MySQL searches and price changes go on, without
/// Redis everything does, so those degrade it (200), as doors to the outside do, which are not tried but tell. Asked at most every 5 s, whoever calls.
/// </summary>
internal sealed class Health(EventConnections events, Database database, Redis redis, IEnumerable<IDoorState> doors, TimeProvider clock) : IDisposable
{
    public sealed record Report(string Status, DateTimeOffset Timestamp, IReadOnlyDictionary<string, Check> Checks);

    public sealed record Check(string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Parked = null);

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim one = new(1, 1);
    private Report? last;

    public static void Map(WebApplication app)
    {
        app.MapGet("/health", async (Health health, CancellationToken ct) =>
        {
            var report = await health.Ask(ct);
            return Results.Json(report, statusCode: report.Status == "unhealthy" ? 503 : 200);
        }).WithName("Health").WithTags("Operations").Produces<Report>().Produces<Report>(503);
        app.MapGet("/health/live", () => Results.Ok(new Check("ok"))).WithName("Live").WithTags("Operations").Produces<Check>();
        app.MapGet("/health/ready", async (Health health, CancellationToken ct) =>
            (await health.Ask(ct)).Status == "unhealthy" ? Results.Json(new Check("unavailable"), statusCode: 503) : Results.Ok(new Check("ok")))
            .WithName("Ready").WithTags("Operations").Produces<Check>().Produces<Check>(503);
    }

    public void Dispose() => one.Dispose();

    private async Task<Report> Ask(CancellationToken ct)
    {
        if (last is { } known && clock.GetUtcNow() - known.Timestamp < Fresh) return known;
        await one.WaitAsync(ct);
        try
        {
            if (last is { } meanwhile && clock.GetUtcNow() - meanwhile.Timestamp < Fresh) return meanwhile;
            return last = await Look(ct);
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<Report> Look(CancellationToken ct)
    {
        var checks = new Dictionary<string, Check>(StringComparer.Ordinal)
        {
            ["events"] = await Try(EventLog, ct),
            ["database"] = await Try(ReadModels, ct),
            ["redis"] = await Try(Counters, ct),
            ["nzta"] = new("not_configured"),
        };
        foreach (var door in doors) checks[door.Name] = new(door.Works ? "ok" : "error");
        var status = checks["events"].Status != "ok" ? "unhealthy" : checks.Values.Any(c => c.Status is "error" or "parked") ? "degraded" : "healthy";
        return new Report(status, clock.GetUtcNow(), checks);
    }

    private static async Task<Check> Try(Func<CancellationToken, Task<Check>> look, CancellationToken ct)
    {
        try { return await look(ct).WaitAsync(Patience, ct); }
        catch (Exception) when (!ct.IsCancellationRequested) { return new Check("error"); } // why is in the log of whoever needed it; names stay inside
    }

    private async Task<Check> EventLog(CancellationToken ct)
    {
        await using var ask = events.Reads.CreateCommand("SELECT 1");
        await ask.ExecuteScalarAsync(ct);
        return new Check("ok");
    }

    private async Task<Check> ReadModels(CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var parked = await db.Single<long>("SELECT COUNT(*) FROM parked_events", null, ct);
        return parked == 0 ? new Check("ok") : new Check("parked", parked);
    }

    private async Task<Check> Counters(CancellationToken ct) =>
        new(await redis.Ask(async db => { await db.PingAsync(); return true; }, otherwise: false) ? "ok" : "error");
}
