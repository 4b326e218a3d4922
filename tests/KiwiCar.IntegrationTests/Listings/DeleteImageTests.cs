using System.Net;
using System.Net.Http.Json;
using KiwiCar.Listings.Images;

namespace KiwiCar.IntegrationTests.Listings;

[Collection(nameof(KiwiCarCollection))]
public sealed class DeleteImageTests(KiwiCarApp app)
{
    [Fact]
    public async Task An_unused_photo_goes_with_both_its_pictures()
    {
        var member = await app.SignUp();
        var image = (await (await member.Http.PostAsync("/api/uploads/images", Pictures.Form(Pictures.Make(".jpg")))).Json()).GetProperty("images")[0];
        Assert.True(await app.Exists(image.GetProperty("url").GetString()!));
        var answer = await (await member.Http.DeleteAsync($"/api/uploads/images/{image.GetProperty("id").GetString()}")).Json();

        Assert.Equal(image.GetProperty("id").GetString(), answer.GetProperty("id").GetString());
        Assert.False(await app.Exists(image.GetProperty("url").GetString()!));
        Assert.False(await app.Exists(image.GetProperty("thumbnailUrl").GetString()!));
        Assert.Empty(await Rows(member));
    }

    [Fact]
    public async Task Somebody_elses_an_unknown_one_and_one_that_is_gone_are_not_found()
    {
        var (member, other) = (await app.SignUp(), await app.SignUp());
        var theirs = (await app.Photos(other, 1))[0];
        foreach (var id in new[] { theirs, Guid.CreateVersion7() })
            await member.Http.DeleteAsync($"/api/uploads/images/{id}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.Equal([theirs], await Rows(other));
        await (await Delete(other, theirs)).Json();
        await Delete(other, theirs).Refused(HttpStatusCode.NotFound, "NOT_FOUND");
    }

    [Fact]
    public async Task A_listing_of_four_loses_it_through_its_stream_and_a_listing_of_three_keeps_it()
    {
        var (member, photos) = await Seller(4);
        var id = await Listing(member, photos);
        await (await Delete(member, photos[0])).Json();
        Assert.Equal(photos[1..], await Shown(id));
        Assert.StartsWith("\"2-", (await app.Http.GetAsync($"/api/listings/{id}")).Headers.ETag?.Tag, StringComparison.Ordinal);

        await Delete(member, photos[1]).Refused(HttpStatusCode.Conflict, "TOO_FEW_PHOTOS");
        Assert.Equal(photos[1..], await Shown(id));
        Assert.Equal(photos[1..].Order(), await Rows(member));
    }

    [Fact]
    public async Task A_photo_that_was_replaced_goes_and_the_listing_stays()
    {
        var (member, photos) = await Seller(6);
        var id = await Listing(member, photos[..3]);
        await (await member.Http.Put($"/api/listings/{id}", new { images = photos[3..] })).Json();
        await (await Delete(member, photos[0])).Json();
        Assert.Equal(photos[3..], await Shown(id));
    }

    [Fact]
    public async Task One_that_a_listing_in_the_making_has_claimed_stays_for_an_hour()
    {
        var (member, photos) = await Seller(1);
        await Uploads.Claim(app.Database, Guid.CreateVersion7(), 0, member.Id, photos, default);
        await Delete(member, photos[0]).Refused(HttpStatusCode.Conflict, "IMAGE_IN_USE");
        await using (var db = await app.Database.Open(default)) await db.Execute("UPDATE uploads SET attachedAt = attachedAt - INTERVAL 61 MINUTE WHERE id = @id", new { id = photos[0] }, default);
        await (await Delete(member, photos[0])).Json();
    }

    [Fact]
    public async Task Of_two_at_once_one_deletes_it_and_the_other_finds_nothing()
    {
        for (var round = 0; round < 20; round++)
        {
            var (member, photos) = await Seller(4);
            var id = await Listing(member, photos);
            var answers = await Task.WhenAll(Delete(member, photos[0]), Delete(member, photos[0]));
            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.NotFound], answers.Select(a => a.StatusCode).Order());
            Assert.Equal(photos[1..], await Shown(id));
        }
    }

    [Fact]
    public async Task Of_five_deleted_at_once_the_listing_keeps_three()
    {
        var (member, photos) = await Seller(5);
        var id = await Listing(member, photos);
        var answers = await Task.WhenAll(photos.Select(p => Delete(member, p)));
        Assert.Equal(3, (await Shown(id)).Length);
        Assert.Equal(2, answers.Count(a => a.IsSuccessStatusCode));
        Assert.Equal((await Shown(id)).Order(), await Rows(member));
    }

    [Fact]
    public async Task A_listing_made_at_the_same_moment_has_all_its_pictures()
    {
        var (made, deleted) = (0, 0);
        for (var round = 0; round < 100; round++)
        {
            var (member, photos) = await Seller(4);
            var creating = member.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert(photos));
            if (round % 3 > 0) await Task.Delay(round % 10);
            var deleting = Delete(member, photos[round % 4]);
            var (created, gone) = (await creating, await deleting);
            Assert.Contains(created.StatusCode, (HttpStatusCode[])[HttpStatusCode.Created, HttpStatusCode.BadRequest]);
            Assert.Contains(gone.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.Conflict]);
            var rows = await Rows(member);
            Assert.Equal(gone.IsSuccessStatusCode ? 3 : 4, rows.Length);
            if (gone.IsSuccessStatusCode) deleted++;
            if (!created.IsSuccessStatusCode) continue;
            made++;
            var shown = await Shown((await created.Json(HttpStatusCode.Created)).GetProperty("id").GetGuid());
            Assert.Equal(rows, shown.Order());
        }
        Assert.True(made > 0 && deleted > 0, $"{made} made, {deleted} deleted: no race");
    }

    [Fact]
    public async Task A_listing_changed_at_the_same_moment_shows_only_photos_that_are_there()
    {
        for (var round = 0; round < 100; round++)
        {
            var (member, photos) = await Seller(5);
            var id = await Listing(member, photos);
            var changing = Enumerable.Range(0, 3).Select(i => member.Http.Put($"/api/listings/{id}", new { images = photos.OrderBy(_ => Random.Shared.Next()), mileage = 50_000 + i })).ToList();
            var deleting = Delete(member, photos[0]);
            await Task.WhenAll([.. changing, deleting]);
            var shown = await Shown(id);
            Assert.True(shown.Length >= 3);
            Assert.Empty(shown.Except(await Rows(member)));
            Assert.True(!(await deleting).IsSuccessStatusCode || !shown.Contains(photos[0]));
        }
    }

    private async Task<(Member, Guid[])> Seller(int photos)
    {
        var member = await app.SignUp();
        return (member, await app.Photos(member, photos));
    }

    private static async Task<Guid> Listing(Member member, Guid[] photos) =>
        (await (await member.Http.PostAsJsonAsync("/api/listings", KiwiCarApp.Advert(photos))).Json(HttpStatusCode.Created)).GetProperty("id").GetGuid();

    private static Task<HttpResponseMessage> Delete(Member member, Guid id) => member.Http.DeleteAsync($"/api/uploads/images/{id}");

    private async Task<Guid[]> Shown(Guid listing) =>
        [.. (await app.Http.GetJson($"/api/listings/{listing}")).GetProperty("images").EnumerateArray().Select(i => i.GetProperty("id").GetGuid())];

    private async Task<Guid[]> Rows(Member member)
    {
        await using var db = await app.Database.Open(default);
        return [.. await db.Query<Guid>("SELECT id FROM uploads WHERE userId = @Id ORDER BY id", new { member.Id }, default)];
    }
}
