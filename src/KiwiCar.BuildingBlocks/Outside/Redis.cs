using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>
/// The one connection to Redis. Redis may be away, so whoever asks says what holds then: nothing here throws, and nothing waits longer than
/// <see cref="Settings.RedisPatience"/>. After a failure nobody asks for <see cref="Rest"/>; then one caller does, and with an answer Redis is back for all.
/// </summary>
public sealed class Redis(Settings settings, TimeProvider clock, ILogger<Redis> log) : IDisposable
{
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private Task<ConnectionMultiplexer>? connection;
    private long restsUntil; // a timestamp of the clock; 0 while Redis answers

    /// <summary>What Redis answers, or <paramref name="otherwise"/> where it is away.</summary>
    public async Task<T> Ask<T>(Func<IDatabase, Task<T>> question, T otherwise)
    {
        if (!MayAsk()) return otherwise;
        try
        {
            var answer = await Put(question).WaitAsync(settings.RedisPatience);
            if (Interlocked.Exchange(ref restsUntil, 0) != 0) log.LogInformation("Redis answers again");
            return answer;
        }
        catch (Exception e)
        {
            if (Interlocked.Exchange(ref restsUntil, clock.GetTimestamp() + Timestamps(Rest)) == 0)
                log.LogWarning("Redis is away, and asked again every {Seconds} s: {Reason}", Rest.TotalSeconds, e.Message);
            return otherwise;
        }
    }

    /// <summary>Runs a script by its hash; whole, where Redis has forgotten it.</summary>
    public static async Task<RedisResult> Run(IDatabase db, string script, RedisKey[] keys, RedisValue[] arguments)
    {
        try { return await db.ScriptEvaluateAsync(script, keys, arguments); }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal)) { return await db.ScriptEvaluateAsync(script, keys, arguments); }
    }

    public void Dispose()
    {
        if (connection is { IsCompletedSuccessfully: true }) connection.Result.Dispose();
    }

    // One caller asks when the rest is over; the others go without for as long as that takes.
    private bool MayAsk()
    {
        var until = Interlocked.Read(ref restsUntil);
        if (until == 0) return true;
        var now = clock.GetTimestamp();
        return now >= until && Interlocked.CompareExchange(ref restsUntil, now + Timestamps(Rest), until) == until;
    }

    private async Task<T> Put<T>(Func<IDatabase, Task<T>> question) => await question((await Connection()).GetDatabase());

    // Connects once and from then on by itself again; only where even the first attempt failed (a name that does not resolve) is there another.
    private Task<ConnectionMultiplexer> Connection()
    {
        if (connection is { IsFaulted: false } known) return known;
        lock (gate) return connection is { IsFaulted: false } meanwhile ? meanwhile : connection = Task.Run(Connect);
    }

    private async Task<ConnectionMultiplexer> Connect()
    {
        var made = await ConnectionMultiplexer.ConnectAsync(Options());
        made.PreserveAsyncOrder = false; // or every answer would wait for whoever got the one before
        return made;
    }

    private ConfigurationOptions Options() => new()
    {
        EndPoints = { { settings.Redis.DnsSafeHost, settings.Redis.Port > 0 ? settings.Redis.Port : 6379 } },
        Password = Uri.UnescapeDataString(settings.Redis.UserInfo.Split(':').Last()) is { Length: > 0 } password ? password : null,
        DefaultDatabase = int.TryParse(settings.Redis.AbsolutePath.Trim('/'), out var number) ? number : 0,
        AbortOnConnectFail = false,
        ConnectTimeout = 1_000,
        SyncTimeout = 1_000,
        ReconnectRetryPolicy = new LinearRetry(1_000),
    };

    private long Timestamps(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);
}
