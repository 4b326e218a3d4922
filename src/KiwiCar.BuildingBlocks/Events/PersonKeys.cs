using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks.Web;
using Npgsql;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>
/// A key for each person, in a side table beside the log (<c>events.person_keys</c>): AES-256-GCM, with the person and the property as
/// associated data, so that no text can be moved to another. A destroyed key stays as an empty row; a row that is missing is a fault.
/// </summary>
/// <remarks>Keys are remembered. Who ends a person tells all processes by the event itself: each reader forgets the key as the event passes.</remarks>
public sealed class PersonKeys(EventConnections connections)
{
    private const string Mark = "personal:1:"; // then the person, 32 hex digits; a colon; base64 of nonce, ciphertext, tag
    private const int NonceSize = 12, TagSize = 16, KeySize = 32, Generation = 100_000, HeadLength = 44; // Mark + 32 + 1
    private static readonly byte[] Destroyed = [];

    // Two generations: what was loaded for a batch is still there when the batch is decoded, however many others load meanwhile.
    private volatile ConcurrentDictionary<Guid, byte[]> young = new(), old = new();
    private readonly ConcurrentDictionary<Guid, bool> doubtful = new();

    /// <summary>Whether a stored value is encrypted. Others are from before there was encryption, and stand as they are.</summary>
    public static bool IsEncrypted(string value) => value.StartsWith(Mark, StringComparison.Ordinal);

    /// <summary>The text as it is stored. The person's key must be there: <see cref="Ensure"/>.</summary>
    public string Encrypt(Guid person, string property, string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var sealed_ = new byte[NonceSize + plain.Length + TagSize];
        RandomNumberGenerator.Fill(sealed_.AsSpan(0, NonceSize));
        using var aes = new AesGcm(KeyOf(person) is { Length: KeySize } key ? key : throw Ended(), TagSize);
        aes.Encrypt(sealed_.AsSpan(0, NonceSize), plain, sealed_.AsSpan(NonceSize, plain.Length), sealed_.AsSpan(NonceSize + plain.Length), Bound(person, property));
        return $"{Mark}{person:N}:{Convert.ToBase64String(sealed_)}";
    }

    /// <summary>The text that was stored; null where its person's key is destroyed.</summary>
    /// <exception cref="CryptographicException">It was changed, or stood elsewhere.</exception>
    public string? Decrypt(string property, string stored)
    {
        if (stored.Length < HeadLength || !Guid.TryParseExact(stored.AsSpan(Mark.Length, 32), "N", out var person)) throw new CryptographicException("Not an encrypted text");
        if (KeyOf(person) is not { Length: KeySize } key) return null;
        var sealed_ = Convert.FromBase64String(stored[HeadLength..]);
        var plain = new byte[sealed_.Length - NonceSize - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(sealed_.AsSpan(0, NonceSize), sealed_.AsSpan(NonceSize, plain.Length), sealed_.AsSpan(NonceSize + plain.Length), plain, Bound(person, property));
        return Encoding.UTF8.GetString(plain);
    }

    /// <summary>Makes the keys of people who have none yet.</summary>
    /// <exception cref="Rejection">401: one of them has left for good.</exception>
    public async Task Ensure(IReadOnlyCollection<Guid> people, CancellationToken ct)
    {
        var unknown = people.Where(p => !IsKnown(p)).Distinct().ToArray();
        if (unknown.Length > 0)
        {
            await using var create = connections.Appends.CreateCommand("INSERT INTO events.person_keys (person, key) SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING");
            create.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = unknown });
            create.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. unknown.Select(_ => RandomNumberGenerator.GetBytes(KeySize))] });
            await create.ExecuteNonQueryAsync(ct);
            await Load(unknown, ct);
        }
        if (people.Any(p => KeyOf(p).Length == 0)) throw Ended();
    }

    /// <summary>Reads the keys of everybody whose text stands in these stored events, in one query; nothing where all are known.</summary>
    public Task Load(IEnumerable<byte[]> stored, CancellationToken ct)
    {
        HashSet<Guid>? unknown = null;
        foreach (var json in stored) AddPeople(json, ref unknown);
        return unknown is null ? Task.CompletedTask : Load([.. unknown], ct);
    }

    /// <summary>The key may have been destroyed: it is read again before it is used next. Who is using it at this moment goes on.</summary>
    public void Doubt(Guid person) => doubtful[person] = true;

    /// <summary>The key is destroyed; the event that says so has been seen.</summary>
    public void End(Guid person) => young[person] = Destroyed;

    private bool IsKnown(Guid person) => (young.ContainsKey(person) || old.ContainsKey(person)) && !doubtful.ContainsKey(person);

    private void AddPeople(ReadOnlySpan<byte> json, ref HashSet<Guid>? unknown)
    {
        // Other text may begin so as well: whoever writes it gets no key by it, and keeps nobody else from theirs.
        for (int at; (at = json.IndexOf("\"personal:1:"u8)) >= 0;)
        {
            json = json[(at + 1 + Mark.Length)..];
            if (json.Length < 32 || !Utf8Parser.TryParse(json[..32], out Guid person, out var used, 'N') || used != 32) continue;
            if (!IsKnown(person)) (unknown ??= []).Add(person);
        }
    }

    private async Task Load(Guid[] people, CancellationToken ct)
    {
        if (young.Count > Generation) (old, young) = (young, new());
        await using var read = connections.Reads.CreateCommand("SELECT person, key FROM events.person_keys WHERE person = ANY($1)");
        read.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = people });
        await using var rows = await read.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            var person = rows.GetGuid(0);
            var key = await rows.IsDBNullAsync(1, ct) ? Destroyed : rows.GetFieldValue<byte[]>(1);
            young.AddOrUpdate(person, key, (_, before) => before.Length == 0 ? before : key); // this may have been read before the end
            doubtful.TryRemove(person, out _);
        }
    }

    private byte[] KeyOf(Guid person) => young.TryGetValue(person, out var key) || old.TryGetValue(person, out key) ? key
        : throw new InvalidOperationException($"The key of person {person} is not in events.person_keys: the table is not of the same time as the log. Restore both from one backup.");

    private static byte[] Bound(Guid person, string property) => [.. person.ToByteArray(), .. Encoding.UTF8.GetBytes(property)];

    private static Rejection Ended() => Rejection.Unauthorized("This account does not exist any more");
}
