using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.Bench;

/// <summary>Fresh databases on the servers that `./dev bench` starts.</summary>
internal static class TestDatabases
{
    public static string RedisUrl => Setting("KIWICAR_TEST_REDIS_URL");

    public static async Task<string> NewEvents()
    {
        var (admin, name) = (Setting("KIWICAR_TEST_EVENTS_DATABASE_URL"), NewName());
        await using var connections = new EventConnections(admin);
        await using var create = connections.Reads.CreateCommand($"CREATE DATABASE {name}");
        await create.ExecuteNonQueryAsync();
        return Replace(admin, name);
    }

    public static async Task<string> NewReadModels()
    {
        var (admin, name) = (Setting("KIWICAR_TEST_DATABASE_URL"), NewName());
        await using var database = new Database(admin);
        await using var db = await database.Open(default);
        await db.Run($"CREATE DATABASE {name}", default);
        return Replace(admin, name);
    }

    public static int EventsPort => new Uri(Setting("KIWICAR_TEST_EVENTS_DATABASE_URL")).Port;

    public static int ReadModelsPort => new Uri(Setting("KIWICAR_TEST_DATABASE_URL")).Port;

    private static string NewName() => $"bench_{Guid.NewGuid():N}";

    private static string Replace(string url, string database) => new UriBuilder(url) { Path = database }.Uri.ToString();

    private static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set: use ./dev bench");

    /// <summary>Both databases, dropped at the end: for what is too large to be left behind.</summary>
    internal sealed class Pair : IAsyncDisposable
    {
        public required string Events { get; init; }

        public required string ReadModels { get; init; }

        public static async Task<Pair> Create() => new() { Events = await NewEvents(), ReadModels = await NewReadModels() };

        public async ValueTask DisposeAsync()
        {
            await using (var connections = new EventConnections(Setting("KIWICAR_TEST_EVENTS_DATABASE_URL")))
            {
                await using var drop = connections.Reads.CreateCommand($"DROP DATABASE {NameOf(Events)} WITH (FORCE)");
                await drop.ExecuteNonQueryAsync();
            }
            await using var database = new Database(Setting("KIWICAR_TEST_DATABASE_URL"));
            await using var db = await database.Open(default);
            await db.Run($"DROP DATABASE {NameOf(ReadModels)}", default);
        }

        private static string NameOf(string url) => new Uri(url).AbsolutePath.TrimStart('/');
    }
}
