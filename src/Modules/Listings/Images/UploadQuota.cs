using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Listings.Images;

/// <summary>
/// How much one person may upload: photos a civil day in New Zealand, and bytes kept in all.
/// Exact, however many uploads run at once: each takes its share of the person's row first.
/// </summary>
internal sealed class UploadQuota(UploadLimits limits, Database database)
{
    private const string Code = "UPLOAD_QUOTA_EXCEEDED";
    private const string UsedBytes = "SELECT COALESCE(SUM(bytes), 0) FROM uploads WHERE userId = @user";

    /// <summary>Counts photos before they are worked on, since the work is what costs: what a damaged one took is not given back.</summary>
    /// <exception cref="Rejection">429: too many today. 409: the room is full already.</exception>
    public async Task Take(Guid user, int photos, DateTimeOffset now, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await MustHaveRoom(db, user, 1, ct);
        await db.Begin(ct);
        // `photos` first: it looks at the day as it was.
        await db.Execute("""
            INSERT INTO upload_quotas (userId, day, photos) VALUES (@user, @day, 0) ON DUPLICATE KEY UPDATE photos = IF(day = @day, photos, 0), day = @day
            """, new { user, day = NewZealand.DayOf(now) }, ct);
        var used = await db.Single<long>("SELECT photos FROM upload_quotas WHERE userId = @user FOR UPDATE", new { user }, ct);
        if (used + photos > limits.PhotosADay) throw TooManyToday(used, now);
        await db.Execute("UPDATE upload_quotas SET photos = photos + @photos WHERE userId = @user", new { photos, user }, ct);
        await db.Commit(ct);
    }

    /// <summary>Gives back what was counted, where it was our fault that nothing came of it.</summary>
    public async Task GiveBack(Guid user, int photos, DateTimeOffset taken, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await db.Execute("UPDATE upload_quotas SET photos = photos - @photos WHERE userId = @user AND day = @day AND photos >= @photos",
            new { photos, user, day = NewZealand.DayOf(taken) }, ct);
    }

    /// <summary>Before rows are added in the open transaction; others of the same person wait until it ends.</summary>
    /// <exception cref="Rejection">409: there is not room enough.</exception>
    public async Task MustFit(Database.Lease db, Guid user, long added, CancellationToken ct)
    {
        await db.Single<long?>("SELECT photos FROM upload_quotas WHERE userId = @user FOR UPDATE", new { user }, ct);
        await MustHaveRoom(db, user, added, ct);
    }

    private async Task MustHaveRoom(Database.Lease db, Guid user, long added, CancellationToken ct)
    {
        var used = await db.Single<long>(UsedBytes, new { user }, ct);
        if (used + added > limits.Bytes)
            throw Rejection.Conflict(Code, $"Your photos take {Megabytes(used)} of the {Megabytes(limits.Bytes)} MB you may keep. "
                + "Delete photos to make room; those that no listing uses go by themselves a day after their upload.");
    }

    private Rejection TooManyToday(long used, DateTimeOffset now)
    {
        var wait = NewZealand.NextMidnight(now) - now;
        return new(StatusCodes.Status429TooManyRequests, Code,
            $"You may upload {limits.PhotosADay} photos a day, and have uploaded {used}. The day ends at midnight in New Zealand, in {(int)wait.TotalHours} h {wait.Minutes} min.",
            retryAfter: (int)Math.Ceiling(wait.TotalSeconds));
    }

    private static string Megabytes(long value) => (value / 1024.0 / 1024.0).ToString("0.#");
}

/// <param name="PhotosADay"><c>UPLOADS_PER_DAY</c></param>
/// <param name="Bytes"><c>UPLOAD_BYTES_PER_USER</c></param>
internal sealed record UploadLimits(long PhotosADay, long Bytes)
{
    /// <exception cref="InvalidOperationException">A setting is no whole number above zero.</exception>
    public static UploadLimits Read(IConfiguration settings) => new(Read(settings, "UPLOADS_PER_DAY", 200), Read(settings, "UPLOAD_BYTES_PER_USER", 500L * 1024 * 1024));

    private static long Read(IConfiguration settings, string name, long otherwise) => settings[name] switch
    {
        null or "" => otherwise,
        var text when long.TryParse(text, out var value) && value > 0 => value,
        var text => throw new InvalidOperationException($"{name} must be a whole number above zero, not '{text}'"),
    };
}
