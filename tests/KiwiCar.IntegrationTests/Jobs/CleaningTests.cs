using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.Listings;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Jobs;

/// <summary>What the nightly jobs delete, and what they must not.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class CleaningTests(KiwiCarApp app)
{
    [Fact]
    public async Task Only_links_and_sessions_that_open_nothing_go()
    {
        var user = (await app.SignUp()).Id;
        string[] links = ["@now - INTERVAL 1 SECOND", "@now + INTERVAL 60 SECOND", "@now - INTERVAL 31 DAY"];
        foreach (var (i, expiry) in links.Index())
        {
            await Execute($"INSERT INTO password_resets (id, userId, token, expiresAt) VALUES (UUID(), @user, '{Guid.NewGuid():N}', {expiry})", user);
            foreach (var verified in new[] { "TRUE", "FALSE" })
                await Execute($"INSERT INTO email_verifications (id, userId, token, expiresAt, verified) VALUES (UUID(), @user, 'v{i}-{verified}-{Guid.NewGuid():N}', {expiry}, {verified})", user);
        }
        string[] sessions = ["@now + INTERVAL 1 DAY, NULL", "@now + INTERVAL 1 DAY, @now - INTERVAL 29 DAY", "@now + INTERVAL 1 DAY, @now - INTERVAL 31 DAY", "@now - INTERVAL 29 DAY, NULL", "@now - INTERVAL 31 DAY, NULL"];
        foreach (var (i, times) in sessions.Index())
            await Execute($"INSERT INTO sessions (id, userId, device, generation, createdAt, rotatedAt, expiresAt, endedAt) VALUES (UUID(), @user, 'test {i}', 1, @now, @now, {times})", user);

        await Run("clean-tokens");
        Assert.Equal(1, await Number("SELECT COUNT(*) FROM password_resets WHERE userId = @user", user));
        Assert.Equal(["v0-TRUE", "v1-FALSE", "v1-TRUE"], await Texts("SELECT SUBSTRING_INDEX(token, '-', 2) FROM email_verifications WHERE userId = @user AND token LIKE 'v%-%' ORDER BY 1", user));
        Assert.Equal(["test 0", "test 1", "test 3"], await Texts("SELECT device FROM sessions WHERE userId = @user AND device LIKE 'test %' ORDER BY 1", user));
    }

    [Fact]
    public async Task Mails_that_were_sent_over_90_days_ago_go_and_parked_ones_stay()
    {
        var mark = Guid.NewGuid();
        foreach (var (state, age) in new[] { ("SENT", 91), ("SENT", 89), ("PARKED", 400), ("PENDING", 0) })
            await Execute($"""
                INSERT INTO outbox (id, template, receiver, mail, state, nextAttemptAt, createdAt, sentAt)
                VALUES (UUID(), 'test', CONCAT(LEFT(@user, 30), '{state}{age}'), '', '{state}', @now + INTERVAL 1 DAY, @now - INTERVAL {age} DAY, IF('{state}' = 'SENT', @now - INTERVAL {age} DAY, NULL))
                """, mark);
        await Run("clean-outbox");
        Assert.Equal(["PARKED400", "PENDING0", "SENT89"], await Texts("SELECT SUBSTRING(receiver, 31) FROM outbox WHERE receiver LIKE CONCAT(LEFT(@user, 30), '%') ORDER BY 1", mark));
        await Execute("DELETE FROM outbox WHERE receiver LIKE CONCAT(LEFT(@user, 30), '%')", mark);
    }

    [Fact]
    public async Task Adverts_closed_over_90_days_ago_are_archived_and_their_pages_stay()
    {
        var seller = await app.SignUp();
        Guid[] all = [await app.Listing(seller), await app.Listing(seller), await app.Listing(seller), await app.Listing(seller)];
        foreach (var id in all[..2]) await (await seller.Http.Put($"/api/listings/{id}/status", new { status = "SOLD" })).Json();
        await (await seller.Http.DeleteAsync($"/api/listings/{all[2]}")).Json();
        // As if the first, the third and the fourth had had their last event so long ago; the fourth is open.
        foreach (var id in new[] { all[0], all[2], all[3] }) await Execute("UPDATE listings SET updatedAt = updatedAt - INTERVAL 91 DAY WHERE id = @user", id);

        await Run("archive-listings");
        var archived = await Texts($"SELECT CONCAT('listing ', id) FROM listings WHERE userId = @user AND {ArchiveListings.IsArchived} ORDER BY id", seller.Id);
        Assert.Equal(new[] { $"listing {all[0]}", $"listing {all[2]}" }.Order(StringComparer.Ordinal), archived);
        Assert.Equal("SOLD", (await app.Http.GetJson($"/api/listings/{all[0]}")).GetProperty("status").GetString());
        Assert.Equal(1, (await app.Http.GetJson($"/api/listings/{all[0]}/price-history")).GetProperty("data").GetArrayLength());

        await (await seller.Http.Put($"/api/listings/{all[0]}/status", new { status = "ACTIVE" })).Json();
        Assert.Equal(1, await Number($"SELECT COUNT(*) FROM listings WHERE userId = @user AND {ArchiveListings.IsArchived}", seller.Id));
    }

    [Fact]
    public async Task Operators_see_and_run_the_jobs()
    {
        var (exit, output, error) = await HostProcess.Run(app.Settings, "jobs", "run", "clean-tokens");
        Assert.True(exit == 0, output + error);
        Assert.Contains("clean-tokens: ", output, StringComparison.Ordinal);
        (exit, output, _) = await HostProcess.Run(app.Settings, "jobs");
        Assert.Equal(0, exit);
        foreach (var name in new[] { "sweep-orphans", "archive-listings", "clean-tokens", "clean-outbox", "OK", "sessions deleted" }) Assert.Contains(name, output, StringComparison.Ordinal);
        (exit, _, error) = await HostProcess.Run(app.Settings, "jobs", "run", "nonsense");
        Assert.Equal(1, exit);
        Assert.Contains("There is no job 'nonsense'. There are: ", error, StringComparison.Ordinal);
    }

    private Task<string> Run(string job) => app.Services.GetRequiredService<DailyJobs>().RunNow(job, default);

    private async Task Execute(string sql, Guid user)
    {
        await using var db = await app.Database.Open(default);
        await db.Execute(sql, new { user, now = DateTimeOffset.UtcNow }, default);
    }

    private async Task<long> Number(string sql, Guid user)
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<long>(sql, new { user }, default);
    }

    private async Task<string[]> Texts(string sql, Guid user)
    {
        await using var db = await app.Database.Open(default);
        return [.. await db.Query<string>(sql, new { user }, default)];
    }
}
