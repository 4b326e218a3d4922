using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.Logging.Abstractions;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>An event log and a database with one projection, <c>things</c>: a row an event, and a row a stream.</summary>
public sealed class ReadModels : IAsyncLifetime
{
    private const string Script = """
        CREATE TABLE IF NOT EXISTS `thing_streams` (
            `id` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
            `number` INTEGER NOT NULL DEFAULT 0, `version` BIGINT NOT NULL DEFAULT 0, `at` DATETIME(3) NULL, `why` VARCHAR(20) NULL
        ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
        CREATE TABLE IF NOT EXISTS `things` (
            `id` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
            `streamId` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `writer` INTEGER NOT NULL, `number` INTEGER NOT NULL,
            FOREIGN KEY (`streamId`) REFERENCES `thing_streams` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
        ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
        """ + "\n";

    private readonly List<Subscription> running = [];

    internal EventLog Log { get; } = new();

    internal Database Database { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Log.InitializeAsync();
        Database = new Database(await Servers.NewDatabase());
        await Database.Prepare([Script], CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        foreach (var subscription in running) await subscription.StopAsync(CancellationToken.None);
        await Database.DisposeAsync();
        await Log.DisposeAsync();
    }

    /// <param name="poison">Throws for these, as a faulty handler would.</param>
    internal static Projection Things(Func<ThingHappened, bool>? poison = null) =>
        new Projection("things", [new Table("thing_streams"), new Table("things")], Script)
            .On<ThingHappened>((e, r, db) =>
            {
                if (poison?.Invoke(e) == true) throw new InvalidOperationException("poison");
                if (r.Version == 1) db.Insert("thing_streams", r.StreamId, ("number", e.Number), ("version", r.Version), ("at", r.At));
                else db.Update("thing_streams", r.StreamId, ("number", e.Number), ("version", r.Version), ("at", r.At));
                db.Insert("things", r.EventId, ("streamId", r.StreamId), ("writer", e.Writer), ("number", e.Number));
            })
            .On<ThingEnded>((e, r, db) => db.Update("thing_streams", r.StreamId, ("why", e.Why), ("version", r.Version)));

    internal async Task<(Subscription Subscription, Watermark Done)> Follow(Projection projection, EventReader? reader = null)
    {
        var done = new Watermark();
        var subscription = new Subscription(projection.Name, fromNow: false, () => new Writer(projection.Tables), projection.Concerns,
            (e, scope, _) => { projection.Apply(e, scope.Writer); return ValueTask.CompletedTask; },
            Database, reader ?? await Log.StartReader(), done, NullLogger<Subscription>.Instance);
        running.Add(subscription);
        await subscription.StartAsync(CancellationToken.None);
        return (subscription, done);
    }

    internal async Task Stop(Subscription subscription)
    {
        running.Remove(subscription);
        await subscription.StopAsync(CancellationToken.None);
    }

    internal async Task<List<string>> Rows(string table)
    {
        await using var db = await Database.Open(CancellationToken.None);
        return [.. (await db.Query<dynamic>($"SELECT * FROM `{table}` ORDER BY id", null, CancellationToken.None))
            .Select(row => string.Join('|', ((IDictionary<string, object?>)row).Select(c => $"{c.Key}={c.Value}")))];
    }

    internal async Task<T?> Ask<T>(string sql, object? arguments = null)
    {
        await using var db = await Database.Open(CancellationToken.None);
        return await db.Single<T>(sql, arguments, CancellationToken.None);
    }

    internal async Task<long> Append(Guid stream, long version, params IEvent[] events) =>
        await Log.Store.Append("thing", stream, version, events, CancellationToken.None) ?? throw new InvalidOperationException("lost a race");
}
