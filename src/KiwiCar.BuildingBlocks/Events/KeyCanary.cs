using System.Security.Cryptography;
using Npgsql;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>
/// A known text, encrypted when the database was new with the key of nobody. At every start it must still be readable: a key table that
/// was lost, or restored from another time or place, is noticed before anything is written with new keys over the old.
/// </summary>
internal static class KeyCanary
{
    private const string Text = "kiwicar", Property = "canary", Advice = "Restore events.person_keys from the backup that the log comes from.";
    private static readonly Guid Nobody = new("6b697769-6361-7200-0000-000000000000");

    /// <exception cref="InvalidOperationException">The keys do not fit the log.</exception>
    public static async Task Check(EventConnections connections, PersonKeys keys, CancellationToken ct)
    {
        var stored = (string?)await Ask(connections, "SELECT text FROM events.key_canary", ct);
        if (stored is null)
        {
            if (await Ask(connections, """SELECT 1 FROM events.mt_events WHERE data::text LIKE '%"personal:1:%' LIMIT 1""", ct) is not null)
                throw new InvalidOperationException($"The log holds encrypted text, but the tables of its keys are new. {Advice}");
            await keys.Ensure([Nobody], ct);
            await using var put = connections.Appends.CreateCommand("INSERT INTO events.key_canary (text) VALUES ($1) ON CONFLICT DO NOTHING");
            put.Parameters.Add(new NpgsqlParameter<string> { TypedValue = keys.Encrypt(Nobody, Property, Text) });
            await put.ExecuteNonQueryAsync(ct);
            return;
        }
        try
        {
            await keys.Load([System.Text.Encoding.ASCII.GetBytes($"\"{stored}\"")], ct);
            if (keys.Decrypt(Property, stored) == Text) return;
        }
        catch (Exception e) when (e is CryptographicException or FormatException) { }
        catch (InvalidOperationException) { } // its key is not there
        throw new InvalidOperationException($"The keys in events.person_keys are not those the log was written with. {Advice}");
    }

    private static async Task<object?> Ask(EventConnections connections, string sql, CancellationToken ct)
    {
        await using var command = connections.Reads.CreateCommand(sql);
        return await command.ExecuteScalarAsync(ct);
    }
}
