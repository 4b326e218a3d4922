using System.Runtime.CompilerServices;
using KiwiCar.BuildingBlocks.Web;
using Npgsql;
using NpgsqlTypes;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>
/// The log: streams of events in PostgreSQL, in Marten's tables. An append is one round trip and one transaction, and draws its
/// numbers only after it has taken the shared fence lock and found the stream at the expected version (see <see cref="EventReader"/>).
/// </summary>
public sealed partial class EventStore(EventConnections connections, EventTypes types, TimeProvider clock) : IDisposable
{
    /// <summary>The advisory lock every append holds while its numbers are drawn but not yet committed.</summary>
    internal const long FenceLock = 0x6B697769_63617231; // "kiwicar1"

    private const int Attempts = 3, BusyAttempts = 20;

    // The stream's row comes out of its RETURNING only with the fence lock taken, and the numbers are drawn for rows that have come out:
    // first the version, then the lock, then the numbers, in one statement.
    private const string Lock = "RETURNING id, pg_advisory_xact_lock_shared($8)", InsertEvents = """

        INSERT INTO events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
        SELECT nextval('events.mt_events_sequence'), e.id, s.id, $3 + e.n, e.data, e.type, $4
        FROM s, unnest($5, $6, $7) WITH ORDINALITY AS e (id, type, data, n) ORDER BY e.n
        RETURNING seq_id
        """;

    private static readonly string[] Begin = Statements(from => $"""
        s AS (
            INSERT INTO events.mt_streams (id, type, version, timestamp, created) SELECT $1, $2, $3 + cardinality($5), $4, $4 {from}
            ON CONFLICT (id) DO NOTHING {Lock})
        """);

    private static readonly string[] Continue = Statements(from => $"""
        s AS (
            UPDATE events.mt_streams SET version = $3 + cardinality($5), timestamp = $4 {from}
            WHERE id = $1 AND type = $2 AND version = $3 {Lock})
        """);

    // For text of nobody; for text of a person, whose key must live and stays until the commit; for an event that destroys the key.
    private static string[] Statements(Func<string, string> stream) =>
    [
        $"WITH {stream("")}{InsertEvents}",
        $"WITH k AS MATERIALIZED (SELECT FROM events.person_keys WHERE person = $9 AND key IS NOT NULL FOR SHARE), {stream("FROM k")}{InsertEvents}",
        "WITH k AS (INSERT INTO events.person_keys (person, destroyed) VALUES ($9, $4) ON CONFLICT (person) DO UPDATE SET key = NULL, destroyed = $4 RETURNING person), "
            + $"{stream("FROM k")}{InsertEvents}",
    ];

    private readonly RememberedStates remembered = new();

    /// <summary>Told the position of every append of this process, once it is committed.</summary>
    public event Action<long>? Appended;

    /// <summary>Waits until this process' read models show a position; the runtime sets it.</summary>
    public Func<long, CancellationToken, Task> ReadModelsReached { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Appends to a stream that must be at <paramref name="expectedVersion"/> (0 = must not exist).</summary>
    /// <param name="at">When it happened; null = now. Only an import of older history names it.</param>
    /// <param name="names">Names that the stream takes and gives up with it.</param>
    /// <returns>The position of the last event, or null where the stream was at another version: nothing was written, no number drawn.</returns>
    /// <exception cref="NameTakenException">Another stream holds a name; nothing was written.</exception>
    /// <exception cref="Rejection">401: the events hold text of a person who has left for good.</exception>
    public async Task<long?> Append(
        string streamType, Guid streamId, long expectedVersion, IReadOnlyList<IEvent> events, CancellationToken ct, DateTimeOffset? at = null, HeldNames? names = null)
    {
        var person = PersonOf(events);
        if (person is { Ends: false }) await types.Keys!.Ensure([person.Id], ct);
        await using var connection = await connections.Appends.OpenConnectionAsync(ct);
        await using var batch = AppendBatch(streamType, streamId, expectedVersion, events, at ?? clock.GetUtcNow(), person, names);
        batch.Connection = connection;
        long? last = null;
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct)) last = reader.GetInt64(0);
            while (await reader.NextResultAsync(ct)) { } // a name that is taken is told here
        }
        catch (PostgresException e) when (HeldNames.AreTaken(e)) { throw new NameTakenException(e); }
        // The reader is disposed of: it is committed. A key that was remembered may be the reason why nothing was.
        if (last is { } position) Appended?.Invoke(position);
        if (person is { Ends: true }) types.Keys!.End(person.Id);
        else if (person is not null && last is null) types.Keys!.Doubt(person.Id);
        return last;
    }

    private Person? PersonOf(IReadOnlyList<IEvent> events)
    {
        if (types.Keys is null) return null;
        Person? person = null;
        foreach (var e in events)
        {
            var next = e is IEndsPerson end ? new Person(end.PersonId, Ends: true) : types.PersonOf(e) is { } id ? new Person(id, Ends: false) : person;
            if (person is not null && next != person) throw new ArgumentException("The events of one append hold text of several people", nameof(events));
            person = next;
        }
        return person;
    }

    /// <summary>An append as it is sent; without a transaction around it, it is one of its own.</summary>
    internal NpgsqlBatch AppendBatch(string streamType, Guid streamId, long expectedVersion, IReadOnlyList<IEvent> events, DateTimeOffset at, Person? person = null, HeldNames? names = null)
    {
        if (events.Count == 0) throw new ArgumentException("An append needs at least one event", nameof(events));
        var (ids, eventTypes, data) = (new Guid[events.Count], new string[events.Count], new byte[events.Count][]);
        for (var i = 0; i < events.Count; i++)
            (ids[i], eventTypes[i], data[i]) = (Guid.CreateVersion7(), types.NameOf(events[i]), types.Write(events[i]));
        var append = new NpgsqlBatchCommand((expectedVersion == 0 ? Begin : Continue)[person is null ? 0 : person.Ends ? 2 : 1])
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = streamId },
                new NpgsqlParameter<string> { TypedValue = streamType },
                new NpgsqlParameter<long> { TypedValue = expectedVersion },
                new NpgsqlParameter<DateTime> { TypedValue = ToMilliseconds(at), NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new NpgsqlParameter<Guid[]> { TypedValue = ids },
                new NpgsqlParameter<string[]> { TypedValue = eventTypes },
                new NpgsqlParameter<byte[][]> { TypedValue = data, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb },
                new NpgsqlParameter<long> { TypedValue = FenceLock },
            },
        };
        if (person is not null) append.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = person.Id });
        var batch = new NpgsqlBatch { BatchCommands = { append } };
        names?.AddTo(batch, streamId, expectedVersion + 1, ids[0]);
        return batch;
    }

    /// <summary>
    /// Reads the stream, folds it, decides, appends; where another append came first, reads and decides again, a few times at most, then 409.
    /// Returns when this process' read models show the result (2 s at most). No events decided = nothing to do, nothing written.
    /// </summary>
    /// <remarks>A busy stream is not read first: what is remembered of it is good enough where the append succeeds, and whatever else comes of it is decided again.</remarks>
    /// <param name="ifVersion">Where given (If-Match), the stream must be at this version, else 412.</param>
    /// <param name="also">A name to take beside those the new state holds.</param>
    /// <param name="beforeAppend">
    /// Done before each try to append, with the version the stream must then still be at: what the events need beyond the log. It may refuse.
    /// </param>
    /// <param name="at">The time the events get; null = that of the append.</param>
    /// <returns>The stream's version after the decision.</returns>
    /// <exception cref="NameTakenException">Another stream holds a name that the new state would hold.</exception>
    public async Task<long> Transact<TState>(
        Decider<TState> decider, Guid streamId, Func<TState, IEnumerable<IEvent>> decide, CancellationToken ct, long? ifVersion = null, HeldName? also = null,
        Func<long, Task>? beforeAppend = null, DateTimeOffset? at = null)
    {
        if (Known(decider, streamId) is { } known && Guess(known.State) is { Count: > 0 } guess && (ifVersion ?? known.Version) == known.Version
            && await Try(known.State, known.Version, guess) is { } done) return done;
        for (var attempt = decider.IsBusy ? BusyAttempts : Attempts; attempt > 0; attempt--)
        {
            var (state, version) = await Fold(decider, streamId, ct);
            var events = decide(state).ToList();
            if (ifVersion is { } wanted && wanted != version)
                throw Rejection.PreconditionFailed($"It has changed since you read it: it is at version {version}. Read it again and repeat your change.");
            if (events.Count == 0) return version;
            if (await Try(state, version, events) is { } now) return now;
        }
        throw Rejection.Conflict("CONCURRENT_CHANGE", "Others are changing this at the same moment; nothing was changed, please try again");

        List<IEvent>? Guess(TState state)
        {
            try { return decide(state).ToList(); }
            catch (Rejection) { return null; }
        }

        async Task<long?> Try(TState state, long version, List<IEvent> events)
        {
            if (beforeAppend is not null) await beforeAppend(version);
            if (await Append(decider.StreamType, streamId, version, events, ct, at, HeldNames.Between(decider, state, events, also)) is not { } position) return null;
            var after = version + events.Count;
            if (decider.IsBusy) remembered.Keep(streamId, events.Aggregate(state, decider.Evolve), after);
            await ReadModelsReached(position, ct);
            return after;
        }
    }

    private (TState State, long Version)? Known<TState>(Decider<TState> decider, Guid streamId) => decider.IsBusy ? remembered.Find<TState>(streamId) : null;

    /// <summary>The stream's state and version (0 where there is no such stream).</summary>
    public async Task<(TState State, long Version)> Fold<TState>(Decider<TState> decider, Guid streamId, CancellationToken ct)
    {
        var (state, version) = Known(decider, streamId) ?? (decider.Initial, 0);
        await foreach (var e in ReadStream(streamId, ct, afterVersion: version))
        {
            state = decider.Evolve(state, e.Data ?? throw new InvalidOperationException($"Event {e.EventId} has the unknown type '{e.Type}'"));
            version = e.Version;
        }
        if (decider.IsBusy && version > 0) remembered.Keep(streamId, state, version);
        return (state, version);
    }

    /// <summary>One stream's events from behind <paramref name="afterVersion"/> up to and including <paramref name="toVersion"/>.</summary>
    public async IAsyncEnumerable<Recorded> ReadStream(
        Guid streamId, [EnumeratorCancellation] CancellationToken ct, long toVersion = long.MaxValue, long afterVersion = 0)
    {
        await using var command = connections.Appends.CreateCommand(
            RecordedSql.Select + " WHERE e.stream_id = $1 AND e.version > $2 AND e.version <= $3 ORDER BY e.version");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = streamId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = afterVersion });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = toVersion });
        foreach (var e in await RecordedSql.Read(command, types, ct)) yield return e;
    }

    public void Dispose() => remembered.Dispose();

    // Whole milliseconds, cut off: the same instant fits PostgreSQL, MySQL and JSON alike.
    private static DateTime ToMilliseconds(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerMillisecond, DateTimeKind.Utc);

    internal sealed record Person(Guid Id, bool Ends);
}
