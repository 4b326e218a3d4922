using KiwiCar.BuildingBlocks.Web;
using Npgsql;
using NpgsqlTypes;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>A whole stream that happened elsewhere, oldest event first.</summary>
public sealed record History(Guid StreamId, IReadOnlyList<Dated> Events);

/// <summary>An event with the time it happened.</summary>
/// <param name="Id">The event's own id, where the import has one; else a new one.</param>
public readonly record struct Dated(IEvent Event, DateTimeOffset At, Guid? Id = null);

public sealed partial class EventStore
{
    // As an append of one stream: a stream's row comes out of its RETURNING only with the fence lock taken, and numbers are drawn for rows
    // that have come out, and only while the keys live of all whose text it is. In the order of their ids, so that two imports of the same streams wait for each other and do not deadlock.
    private const string BeginMany = """
        WITH k AS MATERIALIZED (SELECT FROM events.person_keys WHERE person = ANY ($13) AND key IS NOT NULL FOR SHARE), s AS (
            INSERT INTO events.mt_streams (id, type, version, timestamp, created)
            SELECT n.id, $1, n.version, n.changed, n.created FROM unnest($2, $3, $4, $5) AS n (id, version, created, changed)
            WHERE (SELECT count(*) FROM k) = cardinality($13) ORDER BY n.id
            ON CONFLICT (id) DO NOTHING RETURNING id, pg_advisory_xact_lock_shared($6))
        INSERT INTO events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
        SELECT nextval('events.mt_events_sequence'), e.id, s.id, e.version, e.data, e.type, e.at
        FROM s JOIN unnest($7, $8, $9, $10, $11, $12) WITH ORDINALITY AS e (stream, id, version, type, data, at, n) ON e.stream = s.id ORDER BY e.n
        RETURNING stream_id, seq_id
        """;

    /// <summary>
    /// Begins many streams in one transaction and one round trip, each event with its own time: for an import of older history. A stream that
    /// exists already is left as it is.
    /// </summary>
    /// <returns>The streams that were begun now.</returns>
    /// <exception cref="Rejection">401: among them is text of a person who has left for good.</exception>
    public async Task<IReadOnlySet<Guid>> AppendMany(string streamType, IReadOnlyList<History> streams, CancellationToken ct)
    {
        var begun = new HashSet<Guid>();
        if (streams.Count == 0) return begun;
        Guid[] people = [.. streams.SelectMany(s => s.Events).Select(e => types.PersonOf(e.Event)).OfType<Guid>().Distinct()];
        if (people.Length > 0) await types.Keys!.Ensure(people, ct);
        await using var command = connections.Appends.CreateCommand(BeginMany);
        AddStreams(command.Parameters, streamType, streams);
        AddEvents(command.Parameters, streams);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = people });
        long last = 0;
        await using (var reader = await command.ExecuteReaderAsync(ct)) // disposed before anybody is told: then it is committed
        {
            while (await reader.ReadAsync(ct))
            {
                begun.Add(reader.GetGuid(0));
                last = Math.Max(last, reader.GetInt64(1));
            }
        }
        if (last > 0) Appended?.Invoke(last);
        return begun;
    }

    private static void AddStreams(NpgsqlParameterCollection parameters, string streamType, IReadOnlyList<History> streams)
    {
        parameters.Add(new NpgsqlParameter<string> { TypedValue = streamType });
        parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. streams.Select(s => s.StreamId)] });
        parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. streams.Select(s => (long)s.Events.Count)] });
        parameters.Add(Times(streams.Select(s => s.Events[0].At)));
        parameters.Add(Times(streams.Select(s => s.Events[^1].At)));
        parameters.Add(new NpgsqlParameter<long> { TypedValue = FenceLock });
    }

    private void AddEvents(NpgsqlParameterCollection parameters, IReadOnlyList<History> streams)
    {
        var events = (from s in streams from e in s.Events.Index() select (s.StreamId, Version: e.Index + 1L, e.Item)).ToList();
        parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. events.Select(e => e.StreamId)] });
        parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. events.Select(e => e.Item.Id ?? Guid.CreateVersion7())] });
        parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. events.Select(e => e.Version)] });
        parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. events.Select(e => types.NameOf(e.Item.Event))] });
        parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. events.Select(e => types.Write(e.Item.Event))], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });
        parameters.Add(Times(events.Select(e => e.Item.At)));
    }

    private static NpgsqlParameter<DateTime[]> Times(IEnumerable<DateTimeOffset> times) =>
        new() { TypedValue = [.. times.Select(ToMilliseconds)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz };
}
