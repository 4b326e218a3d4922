using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Listings.Assist;

/// <summary>
/// Descriptions a person gets a civil day (New Zealand), counted in MySQL alone, so that it holds whatever happens to Redis: they cost money.
/// Counted are answers given, but not those that had to come from the template because the writer failed.
/// </summary>
/// <param name="most"><c>DESCRIPTIONS_PER_DAY</c></param>
internal sealed class DescriptionQuota(int most, Database database, TimeProvider clock)
{
    /// <exception cref="InvalidOperationException">The setting is no whole number above zero.</exception>
    public static int Read(IConfiguration settings) => settings["DESCRIPTIONS_PER_DAY"] switch
    {
        null or "" => 20,
        var text when int.TryParse(text, out var value) && value > 0 => value,
        var text => throw new InvalidOperationException($"DESCRIPTIONS_PER_DAY must be a whole number above zero, not '{text}'"),
    };

    /// <summary>Takes a place before anything is asked, so that parallel requests never get one too many.</summary>
    /// <returns>The day it counts on.</returns>
    /// <exception cref="Rejection">429: none left today.</exception>
    public async Task<DateOnly> Take(Guid user, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var day = NewZealand.DayOf(now);
        await using var db = await database.Open(ct);
        await db.Execute("INSERT IGNORE INTO description_quotas (userId, day, used) VALUES (@user, @day, 0)", new { user, day }, ct);
        if (await db.Execute("UPDATE description_quotas SET used = used + 1 WHERE userId = @user AND day = @day AND used < @most", new { user, day, most }, ct) > 0) return day;
        var wait = NewZealand.NextMidnight(now) - now;
        throw new Rejection(StatusCodes.Status429TooManyRequests, "RATE_LIMIT_EXCEEDED",
            $"You may have {most} descriptions a day; the day ends at midnight in New Zealand, in {(int)wait.TotalHours} h {wait.Minutes} min.", retryAfter: (int)Math.Ceiling(wait.TotalSeconds));
    }

    public async Task GiveBack(Guid user, DateOnly day)
    {
        await using var db = await database.Open(CancellationToken.None);
        await db.Execute("UPDATE description_quotas SET used = used - 1 WHERE userId = @user AND day = @day AND used > 0", new { user, day }, CancellationToken.None);
    }

    public Job Cleaning => new("clean-descriptions", "Deletes the counts of descriptions of days that are over", async ct =>
        $"{await Job.DeleteInSteps(database, "DELETE FROM description_quotas WHERE day < @today", new { today = NewZealand.DayOf(clock.GetUtcNow()) }, ct)} rows deleted");
}
