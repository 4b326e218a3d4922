using System.Data;
using System.Data.Common;
using System.Threading.Channels;
using Dapper;
using KiwiCar.BuildingBlocks.Web;
using MySql.Data.MySqlClient;

namespace KiwiCar.BuildingBlocks.ReadModel;

/// <summary>
/// Connections to MySQL or MariaDB; the only file that names the driver. They stay open and are handed out through a channel, because
/// the driver's own pool costs half of each query and blocks threads when it is empty (decision 0003).
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private const int Size = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    static Database()
    {
        SqlMapper.AddTypeHandler(new Instant());
        SqlMapper.RemoveTypeMap(typeof(DateOnly)); // Dapper's own comes first otherwise, and hands the driver a type that it writes as 11/24/2026
        SqlMapper.AddTypeHandler(new Day());
    }

    private readonly Channel<MySqlConnection?> idle = Channel.CreateUnbounded<MySqlConnection?>();
    private readonly string connectionString;

    /// <param name="url"><c>mysql://user:password@host:port/database</c> (DATABASE_URL).</param>
    public Database(string url)
    {
        var uri = new Uri(url);
        var user = uri.UserInfo.Split(':', 2);
        connectionString = new MySqlConnectionStringBuilder
        {
            Server = uri.Host,
            Port = uri.Port > 0 ? (uint)uri.Port : 3306,
            Database = Name = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
            UserID = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            CharacterSet = "utf8mb4",
            SslMode = MySqlSslMode.Preferred,
            AllowPublicKeyRetrieval = true,
            Pooling = false,
            ConnectionTimeout = 5,
            DefaultCommandTimeout = 30,
            AllowUserVariables = true,
        }.ConnectionString;
        for (var i = 0; i < Size; i++) idle.Writer.TryWrite(null); // opened when first needed
    }

    public string Name { get; }

    /// <summary>An open connection, for as long as the lease lives. Waits 2 s at most for a free one, then 503.</summary>
    public async ValueTask<Lease> Open(CancellationToken ct)
    {
        MySqlConnection? connection;
        using (var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct))
        {
            timeout.CancelAfter(Patience);
            try { connection = await idle.Reader.ReadAsync(timeout.Token); }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested) { throw Rejection.Unavailable("The database is busy"); }
        }
        try
        {
            if (connection is not { State: ConnectionState.Open }) connection = await Connect(connection, ct);
            return new Lease(this, connection);
        }
        catch
        {
            connection?.Dispose();
            idle.Writer.TryWrite(null);
            throw;
        }
    }

    /// <summary>Creates the tables that are missing: ours, then the modules'. An ALTER TABLE that was carried out before is passed over.</summary>
    public async Task Prepare(IEnumerable<string> scripts, CancellationToken ct)
    {
        await using var db = await Open(ct);
        foreach (var statement in scripts.Prepend(Resource.Text(typeof(Database), "Tables.sql")).SelectMany(SqlScript.Statements))
        {
            try { await db.Run(statement, ct); }
            catch (MySqlException e) when (e.Number is 1060 or 1061 && statement.StartsWith("ALTER TABLE", StringComparison.Ordinal)) { } // the column, the index is there
        }
    }

    /// <summary>Whether the same statement may well succeed when tried again: lost connections, deadlocks, lock waits.</summary>
    public static bool IsPassing(Exception e) => e switch
    {
        MySqlException { Number: 1205 or 1213 or 1040 or 1053 or 1077 or 1079 or 2006 or 2013 or 1042 or 1158 or 1159 or 1160 or 1161 or 1927 or 1412 } => true,
        MySqlException { InnerException: { } inner } => IsPassing(inner),
        MySqlException { Number: 0 } or IOException or System.Net.Sockets.SocketException or TimeoutException => true,
        Rejection { Status: 503 } => true,
        _ => false,
    };

    /// <summary>Whether a unique key was there already.</summary>
    public static bool IsDuplicate(Exception e) => e is MySqlException { Number: 1062 };

    public async ValueTask DisposeAsync()
    {
        idle.Writer.TryComplete();
        await foreach (var connection in idle.Reader.ReadAllAsync())
            if (connection is not null) await connection.DisposeAsync();
    }

    private async Task<MySqlConnection> Connect(MySqlConnection? broken, CancellationToken ct)
    {
        if (broken is not null) await broken.DisposeAsync();
        var connection = new MySqlConnection(connectionString);
        await connection.OpenAsync(ct);
        // Both servers alike: strict, UTC, the collation that tells emoji apart, no statement that runs for ever.
        await using var session = connection.CreateCommand();
        session.CommandText = "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_520_ci; "
            + "SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
            + "time_zone = '+00:00', transaction_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = 5";
        if (connection.ServerVersion.Contains("Maria", StringComparison.OrdinalIgnoreCase))
            session.CommandText = session.CommandText.Replace("transaction_isolation", "tx_isolation", StringComparison.Ordinal);
        await session.ExecuteNonQueryAsync(ct);
        return connection;
    }

    private void Return(MySqlConnection connection, bool inTransaction)
    {
        // A transaction that was left open is undone by closing: no later borrower can see or commit it.
        if (inTransaction || connection.State != ConnectionState.Open)
        {
            connection.Dispose();
            idle.Writer.TryWrite(null);
        }
        else if (!idle.Writer.TryWrite(connection)) connection.Dispose();
    }

    /// <summary>A borrowed connection, with the transaction it may be in. Give it back by disposing it.</summary>
    public sealed class Lease : IAsyncDisposable
    {
        private readonly Database owner;
        private readonly MySqlConnection connection;

        internal Lease(Database owner, MySqlConnection connection) => (this.owner, this.connection) = (owner, connection);

        public DbConnection Connection => connection;

        public bool InTransaction { get; private set; }

        /// <summary>Starts a transaction (READ COMMITTED). Dispose without <see cref="Commit"/> undoes it.</summary>
        public Task Begin(CancellationToken ct)
        {
            InTransaction = true;
            return Run("START TRANSACTION", ct);
        }

        /// <summary>Starts a transaction and asks its first question in the same round trip.</summary>
        public Task<T?> Begin<T>(string firstQuery, object arguments, CancellationToken ct)
        {
            InTransaction = true;
            return connection.QuerySingleOrDefaultAsync<T>(new CommandDefinition("START TRANSACTION; " + firstQuery, arguments, cancellationToken: ct));
        }

        /// <summary>Commits, with the transaction's last statements in the same round trip.</summary>
        public async Task Commit(CancellationToken ct, string lastStatements = "")
        {
            await Run(lastStatements + "COMMIT", ct);
            InTransaction = false;
        }

        public async Task Rollback(CancellationToken ct)
        {
            await Run("ROLLBACK", ct);
            InTransaction = false;
        }

        /// <summary>Runs one or more statements as they are, in one round trip.</summary>
        public async Task Run(string sql, CancellationToken ct)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync(ct);
        }

        public Task<IEnumerable<T>> Query<T>(string sql, object? arguments, CancellationToken ct) =>
            connection.QueryAsync<T>(new CommandDefinition(sql, arguments, cancellationToken: ct));

        public Task<T?> Single<T>(string sql, object? arguments, CancellationToken ct) =>
            connection.QuerySingleOrDefaultAsync<T>(new CommandDefinition(sql, arguments, cancellationToken: ct));

        /// <summary>Several questions in one round trip, answered in their order.</summary>
        public Task<SqlMapper.GridReader> QueryMultiple(string sql, object? arguments, CancellationToken ct) =>
            connection.QueryMultipleAsync(new CommandDefinition(sql, arguments, cancellationToken: ct));

        public Task<int> Execute(string sql, object? arguments, CancellationToken ct) =>
            connection.ExecuteAsync(new CommandDefinition(sql, arguments, cancellationToken: ct));

        public ValueTask DisposeAsync()
        {
            owner.Return(connection, InTransaction);
            return ValueTask.CompletedTask;
        }
    }

    // DATETIME(3) holds UTC without saying so; MySQL rounds finer instants where MariaDB cuts them, so they are cut here.
    private sealed class Instant : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) => new(DateTime.SpecifyKind((DateTime)value, DateTimeKind.Utc));

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value)
        {
            parameter.DbType = DbType.DateTime;
            parameter.Value = new DateTime(value.UtcTicks - value.UtcTicks % TimeSpan.TicksPerMillisecond, DateTimeKind.Utc);
        }
    }

    private sealed class Day : SqlMapper.TypeHandler<DateOnly>
    {
        public override DateOnly Parse(object value) => DateOnly.FromDateTime((DateTime)value);

        public override void SetValue(IDbDataParameter parameter, DateOnly value)
        {
            parameter.DbType = DbType.Date;
            parameter.Value = value.ToDateTime(TimeOnly.MinValue);
        }
    }
}
