using System.Diagnostics;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.BuildingBlocks.Pictures;
using KiwiCar.Listings.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>Uploads while something they need is broken: never a row without its pictures.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class UploadFaultsTests(KiwiCarApp app) : IDisposable
{
    private static readonly byte[] Photo = Pictures.Make(".jpg");
    private readonly CurrentUser user = new(Guid.CreateVersion7(), Guid.CreateVersion7());
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Where_the_pictures_cannot_be_stored_no_row_is_written()
    {
        await File.WriteAllTextAsync(folder.File("images"), "a file where the folder should be");
        Assert.Equal(503, (await Assert.ThrowsAsync<Rejection>(() => Upload("vips", app.Database, 2))).Status);
        Assert.Equal(0, await Rows());
        Assert.Equal(0, await Count("SELECT photos FROM upload_quotas WHERE userId = @Id")); // our fault, not counted
    }

    [Fact]
    public async Task Where_the_rows_cannot_be_written_no_picture_stays()
    {
        await using var away = new Database("mysql://nobody:x@127.0.0.1:9/nothing");
        await Assert.ThrowsAnyAsync<Exception>(() => Upload("vips", away, 2));
        Assert.Empty(Directory.GetFiles(folder.File("images")));
    }

    [Fact]
    public async Task A_decoder_that_hangs_costs_the_client_one_time_limit_and_not_one_for_each_photo()
    {
        await File.WriteAllTextAsync(folder.File("hangs"), "#!/bin/sh\ncase $2 in *.png) exec vips \"$@\";; esac\nexec sleep 60\n"); // passes the test at the start
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.File("hangs"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var watch = Stopwatch.StartNew();
        var refusal = await Assert.ThrowsAsync<Rejection>(() => Upload(folder.File("hangs"), app.Database, 6));

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(13), $"took {watch.Elapsed}"); // the test at the start included
        Assert.Equal(400, refusal.Status);
        Assert.All(refusal.Details!, problem => Assert.Contains(problem.Path, (string[])["images.0", "images.1"]));
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("work")));
        Assert.Equal(0, await Rows());
    }

    private async Task Upload(string tool, Database database, int photos)
    {
        using var vips = new Vips(folder.File("work"), NullLogger<Vips>.Instance, tool);
        await vips.StartAsync(default);
        using var form = Pictures.Form(Enumerable.Repeat(Photo, photos));
        var context = new DefaultHttpContext { Request = { Method = "POST", ContentType = form.Headers.ContentType!.ToString(), Body = await form.ReadAsStreamAsync() } };
        var storage = new ImageFolder(folder.Path, "http://localhost:3000", NullLogger<ImageFolder>.Instance);
        await UploadImages.Handle(context.Request, user, vips, storage, database, new UploadQuota(UploadLimits.Read(new ConfigurationBuilder().Build()), app.Database), TimeProvider.System, NullLogger<Vips>.Instance, default);
    }

    private Task<long> Rows() => Count("SELECT COUNT(*) FROM uploads WHERE userId = @Id");

    private async Task<long> Count(string sql)
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<long>(sql, new { user.Id }, default);
    }
}
