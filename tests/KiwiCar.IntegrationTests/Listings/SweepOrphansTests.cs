using System.Net;
using System.Net.Http.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.Listings.Images;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>What nobody uses goes after a day; what somebody uses never goes.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class SweepOrphansTests(KiwiCarApp app)
{
    private readonly TestClock clock = new(DateTimeOffset.UtcNow);
    private readonly IImageStorage storage = app.Services.GetRequiredService<IImageStorage>();

    [Fact]
    public async Task Unused_photos_go_after_a_day_and_used_ones_and_avatars_stay()
    {
        var member = await app.SignUp();
        var images = (await (await member.Http.PostAsync("/api/uploads/images", Pictures.Form(Enumerable.Repeat(Pictures.Make(".jpg"), 4)))).Json()).GetProperty("images")
            .EnumerateArray().Select(i => (Id: i.GetProperty("id").GetGuid(), Url: i.GetProperty("url").GetString()!, Thumb: i.GetProperty("thumbnailUrl").GetString()!)).ToList();
        await Listing(member, images.Take(3).Select(i => i.Id).ToArray());
        var avatar = (await (await member.Http.PostAsync("/api/users/me/avatar", Pictures.Form(Pictures.Make(".jpg"), "avatar", "me.jpg", "image/jpeg"))).Json()).GetProperty("avatarUrl").GetString()!;

        clock.Now = DateTimeOffset.UtcNow.AddHours(23);
        await Sweep();
        Assert.Equal(4, (await Rows(member)).Length);
        clock.Now = DateTimeOffset.UtcNow.AddHours(25);
        await Sweep();
        Assert.Equal(images.Take(3).Select(i => i.Id).Order(), await Rows(member));
        Assert.Equal("True True True False", string.Join(" ", await Task.WhenAll(images.Select(i => app.Exists(i.Url)))));
        Assert.Equal("True True True False", string.Join(" ", await Task.WhenAll(images.Select(i => app.Exists(i.Thumb)))));
        Assert.True(await app.Exists(avatar));
    }

    [Fact]
    public async Task Pictures_without_a_row_go_after_a_day_and_what_is_not_ours_stays()
    {
        var (orphan, unfinished) = (PhotoKeys.Thumb(Guid.CreateVersion7()), $"{PhotoKeys.Full(Guid.CreateVersion7())}.{Guid.NewGuid():N}.tmp");
        string[] others = ["images/logo.webp", "images/deeper/other.webp"], all = [orphan, unfinished, .. others];
        foreach (var key in all) await storage.Put(key, new byte[] { 1 }, "image/webp", default);
        clock.Now = DateTimeOffset.UtcNow.AddHours(23);
        await Sweep();
        Assert.All(all, key => Assert.True(IsThere(key), key));
        clock.Now = DateTimeOffset.UtcNow.AddHours(25);
        await Sweep();
        Assert.Equal(others, all.Where(IsThere));
        foreach (var key in others) await storage.Delete(key, default);
    }

    [Fact]
    public async Task Photos_of_a_listing_that_was_never_written_and_replaced_ones_are_freed_after_an_hour()
    {
        var member = await app.SignUp();
        var photos = await app.Photos(member, 8);
        await Uploads.Claim(app.Database, Guid.CreateVersion7(), 0, member.Id, photos[..2], default);
        var id = await Listing(member, photos[2..5]);
        await (await member.Http.Put($"/api/listings/{id}", new { images = photos[4..7] })).Json();

        await Execute("UPDATE uploads SET attachedAt = attachedAt - INTERVAL 59 MINUTE WHERE id IN @photos", photos);
        await Sweep();
        Assert.Equal(7, (await Claimed(member)).Length);
        await Execute("UPDATE uploads SET attachedAt = attachedAt - INTERVAL 2 MINUTE WHERE id IN @photos", photos);
        await Sweep();
        Assert.Equal(photos[4..7].Order(), await Claimed(member));
        Assert.Equal(8, (await Rows(member)).Length);
        await Listing(member, [.. photos[..4], photos[7]]);
    }

    [Fact]
    public async Task A_listing_made_while_its_photos_are_swept_has_them_all_or_is_not_made()
    {
        var (made, refused, member) = (0, 0, await app.SignUp());
        for (var round = 0; round < 100; round++)
        {
            var photos = await app.Photos(member);
            foreach (var key in photos.SelectMany(Keys)) await storage.Put(key, new byte[] { 1 }, "image/webp", default);
            await Execute("UPDATE uploads SET createdAt = createdAt - INTERVAL 25 HOUR WHERE id IN @photos", photos);
            // Now the one begins first, now the other: which of them is slower differs from machine to machine.
            var lead = round % 24 - 12;
            var sweeping = After(lead, Sweep);
            var creating = After(-lead, () => member.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert(photos)));
            await Task.WhenAll(creating, sweeping);
            var created = (await creating).IsSuccessStatusCode;
            if (!created) await creating.Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
            Assert.Equal(created ? 6 : 0, photos.SelectMany(Keys).Count(IsThere));
            Assert.Equal(created ? 3 : 0, (await Claimed(member)).Intersect(photos).Count());
            (made, refused) = created ? (made + 1, refused) : (made, refused + 1);
        }
        Assert.True(made > 0 && refused > 0, $"{made} made, {refused} refused: no race");
    }

    [Fact]
    public async Task Pictures_that_a_listing_shows_stay_even_where_their_rows_are_lost()
    {
        var member = await app.SignUp();
        var photos = await app.Photos(member);
        foreach (var key in photos.SelectMany(Keys)) await storage.Put(key, new byte[] { 1 }, "image/webp", default);
        await Listing(member, photos);
        await Execute("DELETE FROM uploads WHERE id IN @photos", photos);
        clock.Now = DateTimeOffset.UtcNow.AddHours(25);
        await Sweep();
        Assert.All(photos.SelectMany(Keys), key => Assert.True(IsThere(key)));
    }

    [Fact]
    public async Task More_orphans_than_pictures_are_somebody_elses()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("images"));
        for (var i = 0; i < 1_001; i++) await File.WriteAllBytesAsync(folder.File(PhotoKeys.Full(Guid.CreateVersion7())), [1]);
        clock.Now = DateTimeOffset.UtcNow.AddHours(25);
        var pictures = SweepOf(new ImageFolder(folder.Path, "http://localhost", NullLogger<ImageFolder>.Instance));
        Assert.Contains("none was deleted", (await Assert.ThrowsAsync<InvalidOperationException>(() => pictures.Run(default))).Message, StringComparison.Ordinal);
        Assert.Equal(1_001, Directory.GetFiles(folder.File("images")).Length);
    }

    private static async Task<Guid> Listing(Member member, Guid[] photos) =>
        (await (await member.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert(photos))).Json(HttpStatusCode.Created)).GetProperty("id").GetGuid();

    private static async Task<T> After<T>(int milliseconds, Func<Task<T>> act)
    {
        await Task.Delay(Math.Max(0, milliseconds));
        return await act();
    }

    private static string[] Keys(Guid id) => [PhotoKeys.Full(id), PhotoKeys.Thumb(id)];

    private SweepPictures SweepOf(IImageStorage of) => new(
        of, app.Services.GetServices<IPictureOwner>(), app.Database, app.Services.GetRequiredService<EventConnections>(), clock, NullLogger<SweepPictures>.Instance);

    private Task<string> Sweep() => new SweepOrphans(app.Database, app.Services.GetRequiredService<EventStore>(), SweepOf(storage), clock).Job.Run(default);

    private async Task Execute(string sql, Guid[] photos)
    {
        await using var db = await app.Database.Open(default);
        await db.Execute(sql, new { photos }, default);
    }

    private bool IsThere(string key) => File.Exists(Path.Combine(app.Folder, key));

    private Task<Guid[]> Rows(Member member) => Rows(member, "TRUE");

    private Task<Guid[]> Claimed(Member member) => Rows(member, "listingId IS NOT NULL");

    private async Task<Guid[]> Rows(Member member, string which)
    {
        await using var db = await app.Database.Open(default);
        return [.. await db.Query<Guid>($"SELECT id FROM uploads WHERE userId = @Id AND {which} ORDER BY id", new { member.Id }, default)];
    }
}
