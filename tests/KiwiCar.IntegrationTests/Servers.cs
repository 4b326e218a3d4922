using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.IntegrationTests;

/// <summary>The servers `./dev test` starts; every test class gets databases of its own on them.</summary>
internal static class Servers
{
    public static string RedisUrl => Setting("KIWICAR_TEST_REDIS_URL");

    public static async Task<string> NewEventDatabase()
    {
        var admin = Setting("KIWICAR_TEST_EVENTS_DATABASE_URL");
        var name = NewName();
        await using var connections = new EventConnections(admin);
        await using var create = connections.Reads.CreateCommand($"CREATE DATABASE {name}");
        await create.ExecuteNonQueryAsync();
        return Replace(admin, name);
    }

    public static async Task<string> NewDatabase()
    {
        var admin = Setting("KIWICAR_TEST_DATABASE_URL");
        var name = NewName();
        await using var database = new Database(admin);
        await using var db = await database.Open(CancellationToken.None);
        await db.Run($"CREATE DATABASE {name}", CancellationToken.None);
        return Replace(admin, name);
    }

    private static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set: run the tests with ./dev test");

    private static string NewName() => $"test_{Guid.NewGuid():N}";

    private static string Replace(string url, string database) => new UriBuilder(url) { Path = database }.Uri.ToString();
}
