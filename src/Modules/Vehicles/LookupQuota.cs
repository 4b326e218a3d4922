using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Vehicles;

/// <summary>Who is charged for a lookup.</summary>
/// <param name="Who">The account's id, or a hash of the guest's address (of IPv6 the network).</param>
internal sealed record Asker(string Who, bool IsGuest)
{
    public static Asker Of(CurrentUser? user, HttpContext http) => user is not null ? new($"{user.Id:D}", IsGuest: false)
        : new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"lookups {ClientAddress.KeyOf(http)}"))), IsGuest: true);
}

/// <param name="Remaining">Lookups left until <paramref name="ResetAt"/>, the next midnight in New Zealand.</param>
internal sealed record QuotaStanding(int Limit, int Used, int Remaining, DateTimeOffset ResetAt);

/// <summary>
/// How many plates somebody may look up a civil day (New Zealand), counted in MySQL alone, so that it holds whatever happens to Redis: lookups cost money.
/// A plate counts once a day and asker, however often they ask; what came to nothing through no fault of theirs is given back.
/// </summary>
internal sealed class LookupQuota(LookupLimits limits, Database database, TimeProvider clock)
{
    /// <summary>Takes a place before anything is asked, so that parallel requests never get one too many.</summary>
    /// <exception cref="Rejection">429: none left today.</exception>
    public async Task<Place> Take(Asker asker, string plate, CancellationToken ct)
    {
        var (now, limit, ledger) = (clock.GetUtcNow(), LimitOf(asker), new Ledger(asker));
        var resetAt = NewZealand.NextMidnight(now);
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        // `count` first: it looks at the day as it was. The row stays locked, so one asker's requests come one after the other.
        await db.Execute($"""
            INSERT INTO {ledger.Table} (id, {ledger.Column}, count, resetAt) VALUES (UUID(), @Who, 0, @resetAt)
            ON DUPLICATE KEY UPDATE count = IF(resetAt <= @now, 0, count), resetAt = IF(resetAt <= @now, @resetAt, resetAt)
            """, new { asker.Who, resetAt, now }, ct);
        var used = await db.Single<int>($"SELECT count FROM {ledger.Table} WHERE {ledger.Column} = @Who", new { asker.Who }, ct);
        var again = await db.Single<int>("SELECT COUNT(*) FROM looked_up_plates WHERE who = @Who AND plateNumber = @plate AND resetAt > @now", new { asker.Who, plate, now }, ct) > 0;
        if (!again)
        {
            if (used >= limit) throw UsedUp(asker, limit, resetAt - now);
            await db.Execute($"""
                INSERT INTO looked_up_plates (who, plateNumber, resetAt) VALUES (@Who, @plate, @resetAt) ON DUPLICATE KEY UPDATE resetAt = @resetAt;
                UPDATE {ledger.Table} SET count = count + 1 WHERE {ledger.Column} = @Who
                """, new { asker.Who, plate, resetAt }, ct);
            used++;
        }
        await db.Commit(ct);
        return new Place(again ? null : () => GiveBack(asker, plate, resetAt), new(limit, used, limit - used, resetAt));
    }

    public async Task<QuotaStanding> Of(Asker asker, CancellationToken ct)
    {
        var (now, limit, ledger) = (clock.GetUtcNow(), LimitOf(asker), new Ledger(asker));
        await using var db = await database.Open(ct);
        var used = await db.Single<int?>($"SELECT count FROM {ledger.Table} WHERE {ledger.Column} = @Who AND resetAt > @now", new { asker.Who, now }, ct) ?? 0;
        return new(limit, used, Math.Max(0, limit - used), NewZealand.NextMidnight(now));
    }

    /// <summary>Rows of days that are over.</summary>
    public Job Cleaning => new("clean-lookups", "Deletes the counts of plate lookups of days that are over", async ct =>
    {
        var gone = 0;
        foreach (var table in (string[])["lookup_quotas", "guest_lookup_quotas", "looked_up_plates"])
            gone += await Job.DeleteInSteps(database, $"DELETE FROM {table} WHERE resetAt <= @now", new { now = clock.GetUtcNow() }, ct);
        return $"{gone} rows deleted";
    });

    private int LimitOf(Asker asker) => asker.IsGuest ? limits.Guests : limits.Users;

    private async Task GiveBack(Asker asker, string plate, DateTimeOffset resetAt)
    {
        var ledger = new Ledger(asker);
        await using var db = await database.Open(CancellationToken.None);
        await db.Begin(CancellationToken.None);
        await db.Execute($"SELECT count FROM {ledger.Table} WHERE {ledger.Column} = @Who FOR UPDATE", new { asker.Who }, CancellationToken.None); // in the order in which it was taken
        if (await db.Execute("DELETE FROM looked_up_plates WHERE who = @Who AND plateNumber = @plate AND resetAt = @resetAt", new { asker.Who, plate, resetAt }, CancellationToken.None) > 0)
            await db.Execute($"UPDATE {ledger.Table} SET count = count - 1 WHERE {ledger.Column} = @Who AND resetAt = @resetAt AND count > 0", new { asker.Who, resetAt }, CancellationToken.None);
        await db.Commit(CancellationToken.None);
    }

    private static Rejection UsedUp(Asker asker, int limit, TimeSpan wait) => new(StatusCodes.Status429TooManyRequests, "RATE_LIMIT_EXCEEDED",
        $"{(asker.IsGuest ? "Guests" : "You")} may look up {limit} plates a day; the day ends at midnight in New Zealand, in {(int)wait.TotalHours} h {wait.Minutes} min.{(asker.IsGuest ? " Sign in to look up more." : "")}",
        retryAfter: (int)Math.Ceiling(wait.TotalSeconds));

    /// <param name="giveBack">Null where nothing was taken: the plate had counted before.</param>
    internal sealed class Place(Func<Task>? giveBack, QuotaStanding standing)
    {
        public QuotaStanding Standing => standing;

        public Task GiveBack() => giveBack is null ? Task.CompletedTask : giveBack();
    }

    private readonly record struct Ledger(Asker Asker)
    {
        public string Table => Asker.IsGuest ? "guest_lookup_quotas" : "lookup_quotas";

        public string Column => Asker.IsGuest ? "guest" : "userId";
    }
}

/// <param name="Guests"><c>LOOKUPS_PER_DAY_GUEST</c></param>
/// <param name="Users"><c>LOOKUPS_PER_DAY</c></param>
internal sealed record LookupLimits(int Guests, int Users)
{
    /// <exception cref="InvalidOperationException">A setting is no whole number.</exception>
    public static LookupLimits Read(IConfiguration settings) => new(Read(settings, "LOOKUPS_PER_DAY_GUEST", 3), Read(settings, "LOOKUPS_PER_DAY", 10));

    private static int Read(IConfiguration settings, string name, int otherwise) => settings[name] switch
    {
        null or "" => otherwise,
        var text when int.TryParse(text, out var value) && value >= 0 => value,
        var text => throw new InvalidOperationException($"{name} must be a whole number, not '{text}'"),
    };
}
