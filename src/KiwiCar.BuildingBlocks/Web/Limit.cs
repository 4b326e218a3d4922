using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>Whom a limit counts: each IP address, each person, the person or else the address, or each value that a handler gives.</summary>
public enum Per { Ip, User, UserOrIp, Value }

/// <summary>
/// So many within a time, counted for each of whom it is about. The size is a setting in the same words: the limit <c>reset-password</c> is
/// <c>RATE_LIMIT_RESET_PASSWORD=10/1h</c>, or <c>off</c>.
/// </summary>
/// <param name="size">Where nothing is set.</param>
public sealed class Limit(string name, Per per, string size)
{
    /// <summary>Everything under /api.</summary>
    public static readonly Limit General = new("general", Per.UserOrIp, "100/1m");

    public string Name => name;

    public Per Per => per;

    public string Setting => "RATE_LIMIT_" + name.Replace('-', '_').ToUpperInvariant();

    /// <summary>Whether an answer below 400, or a failure of ours, gives the permit back: what counts is what the client got wrong.</summary>
    public bool FailuresOnly { get; init; }

    /// <summary>The size as set; null where it is turned off.</summary>
    internal LimitSize? SizeIn(IConfiguration settings)
    {
        if (settings["RATE_LIMITS"] is { Length: > 0 } all) return all == "off" ? null : throw new InvalidOperationException($"RATE_LIMITS is \"{all}\"; \"off\" turns all limits off, empty leaves them on.");
        var text = settings[Setting] is { Length: > 0 } set ? set : size;
        if (text == "off") return null;
        return LimitSize.Parse(text) ?? throw new InvalidOperationException(
            $"{Setting} is \"{text}\"; write count/time, as 5/15m (s, m, h or d, at most 365d; count from 1 to {LimitSize.Most}), or off.");
    }
}

/// <summary>At most <paramref name="Count"/> in any <paramref name="Window"/>.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LimitSize(int Count, TimeSpan Window)
{
    /// <summary>Every permit is remembered by its time, so a count may not be just any.</summary>
    public const int Most = 10_000;

    /// <summary>"5/15m"; null where it is anything else.</summary>
    public static LimitSize? Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && int.TryParse(text.AsSpan(..slash), NumberStyles.None, null, out var count) && count is > 0 and <= Most && Duration.Parse(text.AsSpan(slash + 1)) is { } window
            ? new(count, window) : null;
    }
}
