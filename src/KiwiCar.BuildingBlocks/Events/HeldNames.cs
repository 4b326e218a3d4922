using Npgsql;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>A name that one stream at a time may hold.</summary>
/// <param name="Digest">Kept with it, to be compared later.</param>
public sealed record HeldName(string Name, byte[]? Digest = null);

/// <summary>Another stream holds a name that an append wanted; nothing was appended.</summary>
public sealed class NameTakenException(Exception inner) : Exception("Another stream holds this name", inner);

/// <summary>Names an append takes and gives up (<c>events.held_names</c>), in its own transaction, and only if it appends: uniqueness across streams, exactly.</summary>
public sealed record HeldNames(IReadOnlyList<HeldName> Take, IReadOnlyList<string> GiveUp)
{
    // The append's first event is there only if it found the version it expected.
    private const string IfAppended = "EXISTS (SELECT FROM events.mt_events WHERE stream_id = $2 AND version = $3 AND id = $4)";
    private const string TakeSql = $"INSERT INTO events.held_names (name, stream_id, digest) SELECT $1, $2, $5 WHERE {IfAppended}";
    private const string GiveUpSql = $"DELETE FROM events.held_names WHERE name = $1 AND stream_id = $2 AND {IfAppended}";

    /// <summary>What changes hands when these events follow a state; null where nothing does.</summary>
    public static HeldNames? Between<TState>(Decider<TState> decider, TState before, IEnumerable<IEvent> events, HeldName? also)
    {
        if (decider.Holds is not { } holds) return also is null ? null : new([also], []);
        var (old, next) = (holds(before).ToHashSet(StringComparer.Ordinal), holds(events.Aggregate(before, decider.Evolve)).ToHashSet(StringComparer.Ordinal));
        var (take, giveUp) = (next.Except(old).Order(StringComparer.Ordinal).Select(name => new HeldName(name)).ToList(), old.Except(next).Order(StringComparer.Ordinal).ToList());
        if (also is not null) take.Add(also);
        return take.Count + giveUp.Count == 0 ? null : new(take, giveUp);
    }

    internal static bool AreTaken(PostgresException e) => e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "pkey_held_names" };

    internal void AddTo(NpgsqlBatch batch, Guid streamId, long firstVersion, Guid firstEvent)
    {
        foreach (var name in GiveUp) batch.BatchCommands.Add(Command(GiveUpSql, name, streamId, firstVersion, firstEvent));
        foreach (var held in Take)
        {
            var take = Command(TakeSql, held.Name, streamId, firstVersion, firstEvent);
            take.Parameters.Add(new NpgsqlParameter { Value = (object?)held.Digest ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea });
            batch.BatchCommands.Add(take);
        }
    }

    private static NpgsqlBatchCommand Command(string sql, string name, Guid streamId, long firstVersion, Guid firstEvent) => new(sql)
    {
        Parameters =
        {
            new NpgsqlParameter<string> { TypedValue = name }, new NpgsqlParameter<Guid> { TypedValue = streamId },
            new NpgsqlParameter<long> { TypedValue = firstVersion }, new NpgsqlParameter<Guid> { TypedValue = firstEvent },
        },
    };
}
