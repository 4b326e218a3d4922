using System.Runtime.InteropServices;
using KiwiCar.BuildingBlocks.Outside;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>Who wants a permit of what.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Claim(LocalWindow Window, string Key);

/// <summary>Leave to do something once.</summary>
public sealed class Permit
{
    internal static readonly Permit Free = new(null, default, [], 0, default);

    private readonly Redis? redis;
    private readonly Claim claim;
    private readonly byte[] name;
    private readonly long at;

    internal Permit(Redis? redis, Claim claim, byte[] name, long at, Standing standing) =>
        (this.redis, this.claim, this.name, this.at, Standing) = (redis, claim, name, at, standing);

    /// <summary>How the limit stood when this was asked for.</summary>
    internal Standing Standing { get; private set; }

    internal bool FailuresOnly => claim.Window.Limit.FailuresOnly;

    /// <summary>As if it had never been taken.</summary>
    public async Task GiveBack()
    {
        if (redis is null) return;
        GiveBackHere();
        Standing = Standing with { Remaining = Standing.Remaining + 1 };
        await redis.Ask(db => db.SortedSetRemoveAsync(claim.Window.RedisKey(claim.Key), name), otherwise: false);
    }

    internal void GiveBackHere() => claim.Window.GiveBack(claim.Key, at);

    /// <summary>What Redis said. The stricter one holds: Redis knows what other hosts saw, this process what Redis may have lost.</summary>
    internal void Tell(bool granted, int used, TimeSpan wait)
    {
        var count = claim.Window.Size.Count;
        if (!granted || count - used <= Standing.Remaining) Standing = new(count, Math.Max(0, count - used), wait, !granted && used >= count);
    }
}
