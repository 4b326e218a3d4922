namespace KiwiCar.BuildingBlocks;

/// <summary>Civil time where the people are: Pacific/Auckland, UTC+12 (NZST) or UTC+13 (NZDT).</summary>
public static class NewZealand
{
    private static readonly Lazy<TimeZoneInfo> zone = new(() => Find("Pacific/Auckland")); // so that what is wrong is said as it is, not as a type that cannot be made

    /// <exception cref="InvalidOperationException">The machine has no time zone data.</exception>
    public static TimeZoneInfo Zone => zone.Value;

    /// <summary>What the clock on the wall shows.</summary>
    public static DateTime WallClock(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, Zone).DateTime;

    /// <summary>When a civil day begins.</summary>
    public static DateTimeOffset MidnightOf(DateOnly day) => At(day.ToDateTime(TimeOnly.MinValue));

    public static DateOnly DayOf(DateTimeOffset at) => DateOnly.FromDateTime(WallClock(at));

    /// <summary>When the civil day after this one begins. The clocks change at two and three in the morning, so every day has a midnight.</summary>
    public static DateTimeOffset NextMidnight(DateTimeOffset at) => At(WallClock(at).Date.AddDays(1));

    private static DateTimeOffset At(DateTime wallClock) => new DateTimeOffset(wallClock, Zone.GetUtcOffset(wallClock)).ToUniversalTime();

    private static TimeZoneInfo Find(string name)
    {
        try { return TimeZoneInfo.FindSystemTimeZoneById(name); }
        catch (TimeZoneNotFoundException e) { throw new InvalidOperationException($"This machine does not know the time zone {name}: install the package tzdata", e); }
    }
}
