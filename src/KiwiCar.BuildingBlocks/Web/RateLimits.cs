using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks.Outside;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>
/// Counts permits in sliding windows: in Redis for all hosts together, and in this process too, which is asked first and answers alone while
/// Redis is away or has forgotten. Exact with Redis; without, each host counts for itself.
/// </summary>
public sealed class RateLimits(IReadOnlyList<IModule> modules, IConfiguration settings, Redis redis, TimeProvider clock)
{
    internal const string Prefix = "kiwicar:limit:";

    private const string Forgetting = """
        local cursor = '0'
        repeat
          local found = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', 1000)
          cursor = found[1]
          for _, key in ipairs(found[2]) do redis.call('DEL', key) end
        until cursor == '0'
        return 1
        """;

    private static readonly string Script = Resource.Text(typeof(RateLimits), "RateLimits.lua");

    // A limit that is turned off has no window; one that no module lists is not here, and that is a mistake.
    private readonly FrozenDictionary<Limit, LocalWindow?> windows = modules.SelectMany(m => m.Limits).Prepend(Limit.General)
        .ToFrozenDictionary(limit => limit, limit => limit.SizeIn(settings) is { } size ? new LocalWindow(limit, size) : null);

    internal bool AnyOn => windows.Values.Any(w => w is not null);

    internal LocalWindow? WindowOf(Limit limit) => windows[limit];

    /// <summary>One permit for a value that only the handler knows, as an e-mail address; null where there is none left. Only a hash of the value is stored.</summary>
    public async Task<Permit?> Take(Limit limit, string value, CancellationToken ct)
    {
        if (WindowOf(limit) is not { } window) return Permit.Free;
        var permit = (await Take([new(window, HashOf(value))]).WaitAsync(ct))[0];
        return permit.Standing.Refused ? null : permit;
    }

    /// <summary>The same for a request that is refused with 429 where there is none left; its answer tells how the limit stands.</summary>
    public async Task Require(Limit limit, string value, HttpContext http)
    {
        if (WindowOf(limit) is not { } window) return;
        if (await RequestLimits.Of(http).Take(this, [new(window, HashOf(value))]) is { } refusal) throw refusal;
    }

    /// <summary>All counters of all limits, in Redis and here. For development.</summary>
    public async Task Forget()
    {
        foreach (var window in windows.Values) window?.Forget();
        await redis.Ask(async db => { await db.ScriptEvaluateAsync(Forgetting, values: [Prefix + "*"]); return true; }, otherwise: false);
    }

    /// <summary>A permit of each, or, where one is refused, of none.</summary>
    internal async Task<Permit[]> Take(Claim[] claims)
    {
        var (now, name) = (clock.GetTimestamp() / (clock.TimestampFrequency / 1_000), Guid.NewGuid().ToByteArray());
        var permits = new Permit[claims.Length];
        for (var i = 0; i < claims.Length; i++)
        {
            var granted = claims[i].Window.TryTake(claims[i].Key, now, out var standing);
            permits[i] = new Permit(redis, claims[i], name, now, standing);
            if (granted) continue;
            foreach (var taken in permits.AsSpan(..i)) taken.GiveBackHere();
            return permits[..(i + 1)];
        }
        // While Redis is away, that was all.
        if (await redis.Ask(db => Evaluate(db, claims, name), otherwise: null) is not { } told) return permits;
        for (var i = 0; i < claims.Length; i++)
        {
            if (told[0] == 0) permits[i].GiveBackHere();
            permits[i].Tell(granted: told[0] == 1, used: (int)told[1 + 2 * i], TimeSpan.FromMilliseconds(told[2 + 2 * i]));
        }
        return permits;
    }

    private static async Task<long[]?> Evaluate(IDatabase db, Claim[] claims, byte[] name)
    {
        var (keys, values) = (new RedisKey[claims.Length], new RedisValue[1 + 2 * claims.Length]);
        values[0] = name;
        for (var i = 0; i < claims.Length; i++)
        {
            keys[i] = claims[i].Window.RedisKey(claims[i].Key);
            values[1 + 2 * i] = (long)claims[i].Window.Size.Window.TotalMilliseconds;
            values[2 + 2 * i] = claims[i].Window.Size.Count;
        }
        return (long[]?)await Redis.Run(db, Script, keys, values);
    }

    private static string HashOf(string value) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)));
}
