using System.Net;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Pictures;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace KiwiCar.IntegrationTests.Listings;

[Collection(nameof(KiwiCarCollection))]
public sealed class UploadQuotaTests(KiwiCarApp app)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero); // 13:00 in New Zealand
    private readonly Guid user = Guid.CreateVersion7();

    [Fact]
    public async Task Of_a_thousand_photos_at_once_two_hundred_are_taken()
    {
        var member = await app.SignUp();
        var photo = Pictures.Make(".jpg", 16, 12);
        var statuses = new System.Collections.Concurrent.ConcurrentBag<HttpStatusCode>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 100), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (_, ct) =>
        {
            using var answer = await member.Http.PostAsync("/api/uploads/images", Pictures.Form(Enumerable.Repeat(photo, 10)), ct);
            statuses.Add(answer.StatusCode);
        });
        Assert.Equal([(HttpStatusCode.OK, 20), (HttpStatusCode.TooManyRequests, 80)], statuses.CountBy(s => s).Select(s => (s.Key, s.Value)).Order());
        Assert.Equal(200, await Rows(member.Id));
        using var refused = await member.Http.PostAsync("/api/uploads/images", Pictures.Form(photo));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.Zero, TimeSpan.FromHours(25));
        Assert.Contains("The day ends at midnight in New Zealand", (await Task.FromResult(refused).Refused(HttpStatusCode.TooManyRequests, "UPLOAD_QUOTA_EXCEEDED")).GetProperty("message").GetString());
    }

    [Fact]
    public async Task Takes_at_once_never_pass_the_days_number()
    {
        var quota = Quota(("UPLOADS_PER_DAY", "10"));
        var taken = await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            try { await quota.Take(user, 3, Noon, default); return 3; }
            catch (Rejection e) when (e.Status == 429) { return 0; }
        }));
        Assert.Equal(9, taken.Sum());
        await quota.Take(user, 1, Noon, default);
    }

    [Fact]
    public async Task The_day_ends_at_midnight_in_New_Zealand()
    {
        var quota = Quota(("UPLOADS_PER_DAY", "2"));
        await quota.Take(user, 2, Noon, default);
        var refusal = await Assert.ThrowsAsync<Rejection>(() => quota.Take(user, 1, Noon.AddHours(10).AddMinutes(30), default));
        Assert.Equal((429, "UPLOAD_QUOTA_EXCEEDED", 1_800), (refusal.Status, refusal.Code, refusal.RetryAfter));
        Assert.Contains("have uploaded 2", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("in 0 h 30 min", refusal.Message, StringComparison.Ordinal);
        await quota.Take(user, 2, Noon.AddHours(11), default);
    }

    [Fact]
    public async Task What_is_given_back_can_be_taken_again_on_that_day_only()
    {
        var quota = Quota(("UPLOADS_PER_DAY", "2"));
        await quota.Take(user, 2, Noon, default);
        await quota.GiveBack(user, 2, Noon, default);
        await quota.Take(user, 2, Noon.AddDays(1), default);
        await quota.GiveBack(user, 2, Noon, default); // yesterday's
        await Assert.ThrowsAsync<Rejection>(() => quota.Take(user, 1, Noon.AddDays(1), default));
    }

    [Fact]
    public async Task Uploads_at_once_never_pass_the_room_and_what_is_refused_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        var photo = Pictures.Make(".jpg");
        await Upload(folder, photo, Quota());
        var size = await Bytes();
        var quota = Quota(("UPLOAD_BYTES_PER_USER", $"{size * 4 + size / 2}"));
        var kept = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try { await Upload(folder, photo, quota); return 1; }
            catch (Rejection e) when (e.Code == "UPLOAD_QUOTA_EXCEEDED") { Assert.Equal(409, e.Status); return 0; }
        }));
        Assert.Equal(3, kept.Sum());
        Assert.Equal((size * 4, 4, 8), (await Bytes(), await Rows(user), Directory.GetFiles(folder.File("images")).Length));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("500 MB")]
    public void A_setting_that_is_no_number_stops_the_start(string value) =>
        Assert.Contains("UPLOADS_PER_DAY must be a whole number", Assert.Throws<InvalidOperationException>(() => Quota(("UPLOADS_PER_DAY", value))).Message, StringComparison.Ordinal);

    private UploadQuota Quota(params (string Name, string Value)[] settings) =>
        new(UploadLimits.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value))).Build()), app.Database);

    private async Task Upload(TemporaryFolder folder, byte[] photo, UploadQuota quota)
    {
        using var vips = new Vips(folder.File($"work-{Guid.NewGuid():N}"), NullLogger<Vips>.Instance);
        await vips.StartAsync(default);
        using var form = Pictures.Form(photo);
        var context = new DefaultHttpContext { Request = { Method = "POST", ContentType = form.Headers.ContentType!.ToString(), Body = await form.ReadAsStreamAsync() } };
        var storage = new ImageFolder(folder.Path, "http://localhost:3000", NullLogger<ImageFolder>.Instance);
        await UploadImages.Handle(context.Request, new CurrentUser(user, Guid.CreateVersion7()), vips, storage, app.Database, quota, TimeProvider.System, NullLogger<Vips>.Instance, default);
    }

    private Task<long> Rows(Guid of) => Number("SELECT COUNT(*) FROM uploads WHERE userId = @of", of);

    private Task<long> Bytes() => Number("SELECT SUM(bytes) FROM uploads WHERE userId = @of", user);

    private async Task<long> Number(string sql, Guid of)
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<long>(sql, new { of }, default);
    }
}
