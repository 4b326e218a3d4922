using Npgsql;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>The connections to the event database, and what must be true of that database before anything is written to it.</summary>
public sealed class EventConnections : IAsyncDisposable
{
    /// <param name="url"><c>postgres://user:password@host:port/database</c> (EVENTS_DATABASE_URL).</param>
    public EventConnections(string url)
    {
        // Bounded, so that a stuck append cannot hold the fence, and with it every reader, for longer than this.
        Appends = Source(url, "-c statement_timeout=5s -c idle_in_transaction_session_timeout=5s -c lock_timeout=4s -c plan_cache_mode=force_generic_plan", pool: 40);
        Reads = Source(url, "-c idle_in_transaction_session_timeout=60s", pool: 16);
    }

    /// <summary>Short transactions: appends and single streams.</summary>
    public NpgsqlDataSource Appends { get; }

    /// <summary>Long reads: the tail, replays, exports, LISTEN.</summary>
    public NpgsqlDataSource Reads { get; }

    /// <summary>Creates the tables where they are missing and refuses a server that could lose an acknowledged event.</summary>
    public async Task Prepare(CancellationToken ct)
    {
        await using var connection = await Reads.OpenConnectionAsync(ct);
        foreach (var setting in new[] { "fsync", "full_page_writes", "synchronous_commit" })
        {
            await using var show = new NpgsqlCommand($"SHOW {setting}", connection);
            if (await show.ExecuteScalarAsync(ct) is "off")
                throw new InvalidOperationException($"PostgreSQL runs with {setting}=off: an acknowledged event could be lost. Turn it on.");
        }
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var alone = new NpgsqlCommand($"SELECT pg_advisory_xact_lock({EventStore.FenceLock + 1})", connection))
            await alone.ExecuteNonQueryAsync(ct);
        await using (var create = new NpgsqlCommand(Resource.Text(typeof(EventConnections), "Schema.sql"), connection))
            await create.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        await Appends.DisposeAsync();
        await Reads.DisposeAsync();
    }

    private static NpgsqlDataSource Source(string url, string options, int pool)
    {
        var uri = new Uri(url);
        var user = uri.UserInfo.Split(':', 2);
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.Port > 0 ? uri.Port : 5432,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Options = options,
            MaxPoolSize = pool,
            Timeout = 3,
            CommandTimeout = pool > 16 ? 6 : 0,
            MaxAutoPrepare = 20,
            AutoPrepareMinUsages = 2,
            ApplicationName = "kiwicar",
            NoResetOnClose = true, // seven statements before each of ours; nothing here leaves a lock or a setting behind that another could meet
        };
        return NpgsqlDataSource.Create(settings);
    }
}
