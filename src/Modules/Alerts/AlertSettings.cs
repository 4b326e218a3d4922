using KiwiCar.BuildingBlocks;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Alerts;

/// <param name="Pause">After a mail about a falling price, further falls of that car wait this long and become one: <c>PRICE_ALERT_PAUSE</c>.</param>
internal sealed record AlertSettings(TimeSpan Pause)
{
    public static AlertSettings Read(IConfiguration settings)
    {
        var text = settings["PRICE_ALERT_PAUSE"] is { Length: > 0 } set ? set : "15m";
        return Duration.Parse(text) is { TotalHours: <= 24 } pause ? new(pause) : throw new InvalidOperationException($"PRICE_ALERT_PAUSE is \"{text}\"; write a time of at most a day, as 15m or 1h");
    }
}
