using Npgsql;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>The one way events come out of PostgreSQL.</summary>
internal static class RecordedSql
{
    public const string Select =
        "SELECT e.seq_id, e.id, e.stream_id, s.type, e.version, e.type, e.timestamp, e.data FROM events.mt_events e JOIN events.mt_streams s ON s.id = e.stream_id";

    /// <summary>Everything the command finds. Keys of personal text that are not known yet are read for all rows at once, before any is decoded.</summary>
    public static async Task<List<Recorded>> Read(NpgsqlCommand command, EventTypes types, CancellationToken ct)
    {
        var rows = new List<Row>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                rows.Add(new Row(reader.GetInt64(0), reader.GetGuid(1), reader.GetGuid(2), reader.GetString(3), reader.GetInt64(4), reader.GetString(5),
                    new DateTimeOffset(reader.GetDateTime(6)), reader.GetFieldValue<byte[]>(7)));
            }
        }
        if (types.Keys is { } keys) await keys.Load(rows.Select(r => r.Data), ct);
        var events = new List<Recorded>(rows.Count);
        foreach (var r in rows)
        {
            var data = types.Read(r.Type, r.Data);
            if (data is IEndsPerson end) types.Keys?.End(end.PersonId); // whichever process ended them
            events.Add(new Recorded(r.Position, r.EventId, r.StreamId, r.StreamType, r.Version, r.Type, r.At, data));
        }
        return events;
    }

    private sealed record Row(long Position, Guid EventId, Guid StreamId, string StreamType, long Version, string Type, DateTimeOffset At, byte[] Data);
}
