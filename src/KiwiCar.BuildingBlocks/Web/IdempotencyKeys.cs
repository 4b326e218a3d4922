using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks.Events;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>
/// The client's name for one request (header <c>Idempotency-Key</c>): sent again after a lost answer, the same request makes nothing twice.
/// The stream it makes has an id that follows from it, and it is recorded with its body's digest in the append's own transaction.
/// </summary>
/// <param name="StreamId">Of the stream this request makes.</param>
public sealed record IdempotencyKey(Guid StreamId, HeldName Name)
{
    private const int Longest = 200;

    /// <summary>The key of a request; null where it has none. Other people's keys and other addresses' are other keys.</summary>
    /// <exception cref="Rejection">400: it is no key.</exception>
    public static IdempotencyKey? Of(HttpRequest request, CurrentUser user, Input body)
    {
        if (request.Headers["Idempotency-Key"] is not { Count: > 0 } header) return null;
        var text = header.ToString();
        if (text.Length is 0 or > Longest || text.Any(c => c is < '!' or > '~')) throw Rejection.BadRequest($"Idempotency-Key must be 1 to {Longest} characters without spaces, for instance a UUID");
        var name = $"idempotency:{user.Id:N}:{request.Method} {request.Path}:{text}";
        return new(new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16)), new HeldName(name, body.Digest()));
    }
}

/// <summary>Requests that were carried out under a key.</summary>
public sealed class IdempotencyKeys(EventConnections connections)
{
    /// <summary>The stream that this very request made before; null where it is new, or has no key.</summary>
    /// <exception cref="Rejection">422: under this key another request was carried out.</exception>
    public async Task<Guid?> Find(IdempotencyKey? key, CancellationToken ct)
    {
        if (key is null) return null;
        await using var find = connections.Appends.CreateCommand("SELECT stream_id, digest FROM events.held_names WHERE name = $1");
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Name.Name });
        await using var row = await find.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct)) return null;
        return row.GetFieldValue<byte[]>(1).AsSpan().SequenceEqual(key.Name.Digest) ? row.GetGuid(0)
            : throw new Rejection(StatusCodes.Status422UnprocessableEntity, "IDEMPOTENCY_KEY_REUSED", "Another request was sent under this Idempotency-Key; take a new key for a new request");
    }

    /// <summary>For a decision that finds the key's stream there already: the same request is being carried out at this moment.</summary>
    public static Rejection Twin() => new(StatusCodes.Status409Conflict, "IDEMPOTENCY_KEY_IN_USE",
        "The same request is being carried out at this moment; repeat it to get its answer", retryAfter: 1);
}
