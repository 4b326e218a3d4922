using System.Net;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Images;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Listings;

[Collection(nameof(KiwiCarCollection))]
public sealed class UploadsTests(KiwiCarApp app)
{
    private readonly Guid listing = Guid.CreateVersion7();

    [Fact]
    public async Task Ones_own_unused_photos_can_be_claimed_and_claimed_again_by_the_same_listing()
    {
        var member = await app.SignUp();
        var ids = await app.Photos(member, 4);

        await Claim(member, listing, ids[..3]);
        Assert.Equal(3, await Attached(listing));
        await Claim(member, listing, ids);
        Assert.Equal(4, await Attached(listing));
    }

    [Fact]
    public async Task Photos_that_are_not_ones_own_unknown_or_used_elsewhere_are_named_and_none_is_claimed()
    {
        var (member, other) = (await app.SignUp(), await app.SignUp());
        var (mine, used, theirs) = (await app.Photos(member, 2), await app.Photos(member, 1), await app.Photos(other, 1));
        await Claim(member, Guid.CreateVersion7(), used);

        var refusal = await Assert.ThrowsAsync<Rejection>(() => Claim(member, listing, [mine[0], theirs[0], used[0], mine[1], Guid.CreateVersion7()]));
        Assert.Equal((400, "VALIDATION_ERROR"), (refusal.Status, refusal.Code));
        Assert.Equal(["images.1", "images.2", "images.4"], refusal.Details!.Select(d => d.Path));
        Assert.Equal(0, await Attached(listing));
    }

    [Fact]
    public async Task Of_many_that_claim_the_same_photos_at_once_one_gets_them_all()
    {
        var member = await app.SignUp();
        for (var round = 0; round < 10; round++)
        {
            var ids = await app.Photos(member, 5);
            var listings = Enumerable.Range(0, 8).Select(_ => Guid.CreateVersion7()).ToArray();
            var claims = await Task.WhenAll(listings.Select(async id =>
            {
                try { await Claim(member, id, [.. ids.OrderBy(_ => Random.Shared.Next())]); }
                catch (Rejection e) when (e.Status == 400) { }
                return await Attached(id);
            }));
            Assert.Equal(1, claims.Count(c => c == 5));
            Assert.Equal(7, claims.Count(c => c == 0));
        }
    }

    [Fact]
    public async Task A_change_that_is_refused_claims_nothing()
    {
        var (member, other) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(member);
        var photos = await app.Photos(other);
        await other.Http.Put($"/api/listings/{id}", new { images = photos }).Refused(HttpStatusCode.Forbidden, "FORBIDDEN");
        Assert.Equal(3, await Attached(id));
        await app.Listing(other, a => a["images"] = photos);
    }

    [Fact]
    public async Task Of_changes_at_once_with_the_same_new_photo_it_is_the_listings_that_shows_it()
    {
        var member = await app.SignUp();
        for (var round = 0; round < 5; round++)
        {
            var photo = (await app.Photos(member, 1))[0];
            Guid[][] old = [await app.Photos(member), await app.Photos(member)];
            Guid[] listings = [await app.Listing(member, a => a["images"] = old[0]), await app.Listing(member, a => a["images"] = old[1])];
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => member.Http.Put($"/api/listings/{listings[i % 2]}", new { images = (Guid[])[.. old[i % 2], photo], mileage = 50_000 + i })));
            var shown = await Task.WhenAll(listings.Select(async id => (await app.Http.GetJson($"/api/listings/{id}")).GetProperty("images").GetArrayLength() == 4));
            Assert.Equal(1, shown.Count(s => s));
            Assert.Contains(answers, a => a.StatusCode == HttpStatusCode.OK);
            Assert.Equal(4, await Attached(listings[shown[0] ? 0 : 1]));
        }
    }

    private Task Claim(Member member, Guid id, Guid[] photos) => Uploads.Claim(app.Database, id, 0, member.Id, photos, default);

    private async Task<long> Attached(Guid id)
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<long>("SELECT COUNT(*) FROM uploads WHERE listingId = @id AND attachedAt IS NOT NULL", new { id }, default);
    }
}
