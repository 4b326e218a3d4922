using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using Npgsql;
using NpgsqlTypes;

namespace KiwiCar.Host.Ops;

/// <summary><c>kiwicar events</c>: the log for analysts, one JSON object a line, as stored, also types this program does not know.</summary>
internal static class Events
{
    private const string Select = """
        SELECT e.seq_id, e.id, e.stream_id, s.type, e.version, e.type, e.timestamp, e.data
        FROM events.mt_events e JOIN events.mt_streams s ON s.id = e.stream_id
        """;

    public static Command Command(Func<IServiceProvider> app)
    {
        var type = new Option<string[]>("--type") { Description = "Only events of this stored name, for instance price_changed; may be given more than once", AllowMultipleArgumentsPerToken = true };
        var stream = new Option<Guid?>("--stream") { Description = "Only this stream, for instance a listing's id" };
        var since = new Option<string?>("--since") { Description = "Only events after this position (a whole number: go on after the last line you have) or at and after this time (2026-11-22 or 2026-11-22T10:30:00Z)" };
        var export = new Command("export", "Writes events as NDJSON to standard output, in log order.\n\n"
            + "Example: kiwicar events export --type price_changed --since 120000 >> prices.ndjson") { type, stream, since };
        export.SetAction((parse, ct) => Export(app(), parse.GetValue(type) ?? [], parse.GetValue(stream), parse.GetValue(since), ct));
        var id = new Argument<Guid>("id") { Description = "The stream's id" };
        var one = new Command("stream", "Writes the history of one stream, oldest first.") { id };
        one.SetAction((parse, ct) => Stream(app(), parse.GetValue(id), ct));
        return new Command("events", "Reads the event log.") { export, one };
    }

    private static async Task<int> Export(IServiceProvider services, string[] types, Guid? stream, string? since, CancellationToken ct)
    {
        var (after, from) = Since(since);
        var reader = services.GetRequiredService<EventReader>();
        await reader.StartAsync(ct); // only what is settled is written: a later export after the last position misses nothing
        await using var command = services.GetRequiredService<EventConnections>().Reads.CreateCommand(Select + """
             WHERE e.seq_id > $1 AND e.seq_id <= $2 AND ($3::timestamptz IS NULL OR e.timestamp >= $3)
               AND (cardinality($4) = 0 OR e.type = ANY ($4)) AND ($5::uuid IS NULL OR e.stream_id = $5) ORDER BY e.seq_id
            """);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = reader.Settled.Position });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)from?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = types });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)stream ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        await Write(command, ct);
        return 0;
    }

    private static async Task<int> Stream(IServiceProvider services, Guid id, CancellationToken ct)
    {
        await using var command = services.GetRequiredService<EventConnections>().Reads.CreateCommand(Select + " WHERE e.stream_id = $1 ORDER BY e.version");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return await Write(command, ct) > 0 ? 0 : throw new InvalidOperationException($"There is no stream {id}");
    }

    private static (long After, DateTimeOffset? From) Since(string? since)
    {
        if (since is null) return (0, null);
        if (long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var position)) return (position, null);
        return DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? (0, time) : throw new InvalidOperationException($"--since takes a position or a time, not '{since}'");
    }

    private static async Task<long> Write(NpgsqlCommand command, CancellationToken ct)
    {
        await using var output = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        await using var row = await command.ExecuteReaderAsync(ct);
        long lines = 0;
        while (await row.ReadAsync(ct))
        {
            WriteLine(json, row);
            await json.FlushAsync(ct);
            output.WriteByte((byte)'\n');
            json.Reset();
            lines++;
        }
        return lines;
    }

    private static void WriteLine(Utf8JsonWriter json, NpgsqlDataReader row)
    {
        json.WriteStartObject();
        json.WriteNumber("position", row.GetInt64(0));
        json.WriteString("id", row.GetGuid(1));
        json.WriteString("streamId", row.GetGuid(2));
        json.WriteString("streamType", row.GetString(3));
        json.WriteNumber("version", row.GetInt64(4));
        json.WriteString("type", row.GetString(5));
        json.WriteString("at", row.GetDateTime(6));
        json.WritePropertyName("data");
        json.WriteRawValue(row.GetFieldValue<byte[]>(7), skipInputValidation: true);
        json.WriteEndObject();
    }
}
