using System.Diagnostics;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Host;
using KiwiCar.Listings.Contracts;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;

namespace KiwiCar.Bench;

/// <summary>The event store and the read models, without the web around them.</summary>
internal static class EventStoreBench
{
    private const int Writers = 32, AppendsEach = 200, Rounds = 5;
    private static readonly EventTypes Types = new(Modules.All.SelectMany(m => m.Events));

    /// <summary>A B B A: ours and the same two inserts by bare Npgsql, each writer on a stream of its own, every append durable.</summary>
    public static async Task Appends()
    {
        await using var log = await Log.Create();
        await Ours(log, 20);
        await Bare(log, 20);
        var ratios = new List<double>();
        for (var round = 1; round <= Rounds; round++)
        {
            var (ours, bare) = (0.0, 0.0);
            if (round % 2 == 1) ours = await Ours(log, AppendsEach);
            bare = await Bare(log, AppendsEach);
            if (round % 2 == 0) ours = await Ours(log, AppendsEach);
            ratios.Add(ours / bare);
            Console.WriteLine($"round {round}: ours {ours:0} appends/s, bare Npgsql {bare:0} appends/s, ratio {ours / bare:0.00}");
        }
        Console.WriteLine($"median ratio {ratios.Order().ElementAt(Rounds / 2):0.00} of bare Npgsql");
    }

    /// <summary>At 50 writes/s for 20 s, the time from the acknowledged commit to each kind of follower.</summary>
    public static async Task Latency()
    {
        await using var log = await Log.Create();
        await using var models = new Database(await TestDatabases.NewReadModels());
        await models.Prepare(Modules.All.Select(m => m.Tables), default);
        await using var sameProcess = await Follower.Start(log, log.Store);
        await using var otherProcess = await Follower.Start(log, new EventStore(log.Connections, Types, TimeProvider.System)); // hears of appends by NOTIFY only
        var (projection, shown) = (Modules.All.SelectMany(m => m.Projections).Single(p => p.Name == "listings"), new Watermark());
        using var subscription = new Subscription(projection.Name, false, () => new Writer(projection.Tables), projection.Concerns,
            (e, scope, _) => { projection.Apply(e, scope.Writer); return ValueTask.CompletedTask; }, models, sameProcess.Reader, shown, NullLogger<Subscription>.Instance);
        await subscription.StartAsync(default);

        var (here, there, rows, append) = (new Figures(), new Figures(), new Figures(), new Figures());
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var i = 0; i < 1_000 && await ticks.WaitForNextTickAsync(); i++)
        {
            var began = Stopwatch.GetTimestamp();
            var position = (await log.Store.Append("listing", Guid.CreateVersion7(), 0, [Made.Created(i)], default))!.Value;
            var committed = Stopwatch.GetTimestamp();
            append.Add(Stopwatch.GetElapsedTime(began, committed));
            _ = Time(sameProcess.Reader.Settled, position, committed, here);
            _ = Time(otherProcess.Reader.Settled, position, committed, there);
            _ = Time(shown, position, committed, rows);
        }
        await Task.Delay(500);
        await subscription.StopAsync(default);
        Console.WriteLine($"append itself                       {append}");
        Console.WriteLine($"commit to reader, same process      {here}");
        Console.WriteLine($"commit to reader, by LISTEN/NOTIFY  {there}");
        Console.WriteLine($"commit to rows in MySQL             {rows}");
        await DeadNumbers(log, sameProcess.Reader);
    }

    /// <summary>100,000 events (40 % created, 60 % price changes): read and decoded; projected by a rebuild; the same rows read by bare Npgsql.</summary>
    public static async Task Replay()
    {
        const int listings = 40_000, prices = 60_000;
        await using var log = await Log.Create();
        await using var models = new Database(await TestDatabases.NewReadModels());
        await models.Prepare(Modules.All.Select(m => m.Tables), default);
        await Fill(log, listings, prices);
        var reader = log.NewReader();
        await reader.StartAsync(default);

        for (var round = 1; round <= 2; round++)
        {
            Console.WriteLine($"bare Npgsql, rows as they are   {listings + prices:n0} events at {await Rate(() => ReadBare(log)):n0}/s");
            Console.WriteLine($"read and decoded                {listings + prices:n0} events at {await Rate(() => ReadAll(reader)):n0}/s");
        }
        var projection = Modules.All.SelectMany(m => m.Projections).Single(p => p.Name == "listings");
        using var subscription = new Subscription(projection.Name, false, () => new Writer(projection.Tables), projection.Concerns,
            (e, scope, _) => { projection.Apply(e, scope.Writer); return ValueTask.CompletedTask; }, models, reader, new Watermark(), NullLogger<Subscription>.Instance);
        var watch = Stopwatch.StartNew();
        await subscription.StartAsync(default);
        while (await PositionOf(models, "listings") < reader.Settled.Position) await Task.Delay(50);
        Console.WriteLine($"projected into MySQL, live      {listings + prices:n0} events at {(listings + prices) / watch.Elapsed.TotalSeconds:n0}/s");
        Console.WriteLine($"projected into MySQL, rebuild   {listings + prices:n0} events at {await Rate(async () => { await new Rebuild(projection, models, reader).Run((_, _) => { }, default); return listings + prices; }):n0}/s");
        await subscription.StopAsync(default);
        await reader.StopAsync(default);
    }

    private static async Task<double> Ours(Log log, int each) => await Rate(async () =>
    {
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(async () =>
        {
            var stream = Guid.CreateVersion7();
            for (var n = 0; n < each; n++) await log.Store.Append("listing", stream, n, [new PriceChanged(stream, n, n + 1)], default);
        })));
        return Writers * each;
    });

    // What anybody would write who needs neither an expected version nor readers that miss nothing.
    private static async Task<double> Bare(Log log, int each) => await Rate(async () =>
    {
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(async () =>
        {
            var stream = Guid.CreateVersion7();
            for (var n = 0; n < each; n++)
            {
                await using var connection = await log.Connections.Appends.OpenConnectionAsync();
                await using var batch = new NpgsqlBatch(connection)
                {
                    BatchCommands =
                    {
                        new(n == 0 ? "INSERT INTO events.mt_streams (id, type, version) VALUES ($1, 'listing', $2)" : "UPDATE events.mt_streams SET version = $2, timestamp = now() WHERE id = $1")
                        {
                            Parameters = { new NpgsqlParameter<Guid> { TypedValue = stream }, new NpgsqlParameter<long> { TypedValue = n + 1 } },
                        },
                        new("INSERT INTO events.mt_events (seq_id, id, stream_id, version, data, type) VALUES (nextval('events.mt_events_sequence'), $1, $2, $3, $4, $5)")
                        {
                            Parameters =
                            {
                                new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7() }, new NpgsqlParameter<Guid> { TypedValue = stream }, new NpgsqlParameter<long> { TypedValue = n + 1 },
                                new NpgsqlParameter<byte[]> { TypedValue = Types.Write(new PriceChanged(stream, n, n + 1)), NpgsqlDbType = NpgsqlDbType.Jsonb }, new NpgsqlParameter<string> { TypedValue = "price_changed" },
                            },
                        },
                    },
                };
                await batch.ExecuteNonQueryAsync();
            }
        })));
        return Writers * each;
    });

    private static async Task DeadNumbers(Log log, EventReader reader)
    {
        var behind = new Figures();
        for (var i = 0; i < 50; i++)
        {
            await using (var draw = log.Connections.Reads.CreateCommand("SELECT nextval('events.mt_events_sequence')")) await draw.ExecuteScalarAsync(); // drawn, never written
            var position = (await log.Store.Append("listing", Guid.CreateVersion7(), 0, [Made.Created(i)], default))!.Value;
            var committed = Stopwatch.GetTimestamp();
            await reader.Settled.Reached(position, default);
            behind.Add(Stopwatch.GetElapsedTime(committed));
        }
        Console.WriteLine($"commit to reader, behind a dead number {behind}");
    }

    private static async Task Time(Watermark follower, long position, long since, Figures figures)
    {
        await follower.Reached(position, default);
        figures.Add(Stopwatch.GetElapsedTime(since));
    }

    private static async Task Fill(Log log, int listings, int prices)
    {
        var ids = Enumerable.Range(0, listings).Select(_ => Guid.CreateVersion7()).ToArray();
        await Parallel.ForAsync(0, listings, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, ct) =>
        {
            var events = new List<IEvent> { Made.Created(i, ids[i]) };
            for (var n = 0; n < prices / listings + (i % 2); n++) events.Add(new PriceChanged(ids[i], 20_000 - n, 19_999 - n));
            await log.Store.Append("listing", ids[i], 0, events, ct);
        });
    }

    private static async Task<long> ReadAll(EventReader reader)
    {
        var count = 0L;
        for (var position = 0L; position < reader.Settled.Position;)
        {
            var batch = await reader.ReadAfter(position, 2_000, default);
            (count, position) = (count + batch.Events.Count, batch.Through);
        }
        return count;
    }

    private static async Task<long> ReadBare(Log log)
    {
        await using var command = log.Connections.Reads.CreateCommand("SELECT seq_id, id, stream_id, version, type, timestamp, data FROM events.mt_events ORDER BY seq_id");
        await using var row = await command.ExecuteReaderAsync();
        var count = 0L;
        while (await row.ReadAsync())
        {
            row.GetFieldValue<byte[]>(6);
            count++;
        }
        return count;
    }

    private static async Task<double> Rate(Func<Task<long>> work)
    {
        var watch = Stopwatch.StartNew();
        return await work() / watch.Elapsed.TotalSeconds;
    }

    private static async Task<double> Rate(Func<Task<int>> work)
    {
        var watch = Stopwatch.StartNew();
        return await work() / watch.Elapsed.TotalSeconds;
    }

    private static async Task<long> PositionOf(Database database, string name)
    {
        await using var db = await database.Open(default);
        return await db.Single<long>("SELECT position FROM checkpoints WHERE name = @name", new { name }, default);
    }

    /// <summary>A reader that is woken by its own store's appends, or by NOTIFY.</summary>
    private sealed class Follower(EventReader reader, AppendNotices notices) : IAsyncDisposable
    {
        public EventReader Reader => reader;

        public static async Task<Follower> Start(Log log, EventStore store)
        {
            var reader = log.NewReader();
            await reader.StartAsync(default);
            var notices = new AppendNotices(store, reader, log.Connections, NullLogger<AppendNotices>.Instance);
            await notices.StartAsync(default);
            return new Follower(reader, notices);
        }

        public async ValueTask DisposeAsync()
        {
            await notices.StopAsync(default);
            await reader.StopAsync(default);
            notices.Dispose();
            reader.Dispose();
        }
    }

    private sealed class Log(EventConnections connections) : IAsyncDisposable
    {
        public EventConnections Connections => connections;

        public EventStore Store { get; } = new(connections, Types, TimeProvider.System);

        public static async Task<Log> Create()
        {
            var connections = new EventConnections(await TestDatabases.NewEvents());
            await connections.Prepare(default);
            return new Log(connections);
        }

        public EventReader NewReader() => new(connections, Types, NullLogger<EventReader>.Instance);

        public ValueTask DisposeAsync() => connections.DisposeAsync();
    }

    private static class Made
    {
        public static ListingCreated Created(int n, Guid? id = null) => new(
            id ?? Guid.CreateVersion7(), Guid.CreateVersion7(), $"AB{n % 100_000}", "Toyota", "Corolla", 2000 + n % 25, n % 300_000, 20_000,
            "Well kept family car, serviced on time, drives as it should and smells of nothing. One of many made for a measurement.",
            "Auckland", FuelType.PETROL, Transmission.AUTOMATIC, "Sedan", "Silver", null, []);
    }
}
