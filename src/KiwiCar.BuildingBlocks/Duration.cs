using System.Globalization;

namespace KiwiCar.BuildingBlocks;

/// <summary>How settings write a time: "45s", "15m", "1h", "30d".</summary>
public static class Duration
{
    /// <summary>A whole number and its unit; more than nothing and at most 365 days. Null where it is anything else.</summary>
    public static TimeSpan? Parse(ReadOnlySpan<char> text)
    {
        if (text.Length is < 2 or > 7 || !int.TryParse(text[..^1], NumberStyles.None, null, out var number) || number == 0) return null;
        var unit = text[^1] switch { 's' => TimeSpan.FromSeconds(1), 'm' => TimeSpan.FromMinutes(1), 'h' => TimeSpan.FromHours(1), 'd' => TimeSpan.FromDays(1), _ => TimeSpan.Zero };
        var duration = number * unit;
        return duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(365) ? duration : null;
    }
}
