using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace KiwiCar.IntegrationTests.Listings;

[Collection(nameof(KiwiCarCollection))]
public sealed class DraftTests(KiwiCarApp app)
{
    [Fact]
    public async Task A_draft_grows_is_published_and_keeps_its_address()
    {
        var seller = await app.SignUp();
        var id = await Saved(seller, new { make = "Toyota", description = "Not much yet" });
        var draft = await seller.Http.GetJson($"/api/listings/{id}");
        Assert.Equal(("DRAFT", "Toyota", JsonValueKind.Null), (draft.GetProperty("status").GetString(), draft.GetProperty("make").GetString(), draft.GetProperty("price").ValueKind));
        await app.Http.GetAsync($"/api/listings/{id}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");

        var advert = KiwiCarApp.Advert(await app.Photos(seller));
        await (await seller.Http.PutAsJsonAsync($"/api/listings/{id}", advert)).Json();
        var publish = await (await seller.Http.PutAsJsonAsync($"/api/listings/{id}/status", new { status = "ACTIVE" })).Json();
        Assert.Equal("ACTIVE", publish.GetProperty("status").GetString());

        var page = await app.Http.GetJson($"/api/listings/{id}");
        Assert.Equal(advert["description"], page.GetProperty("description").GetString());
        Assert.Equal(3, page.GetProperty("images").GetArrayLength());
        Assert.Equal(draft.GetProperty("createdAt").GetString(), page.GetProperty("createdAt").GetString());
        Assert.Equal([25_000m], (await app.Http.GetJson($"/api/listings/{id}/price-history")).GetProperty("data").EnumerateArray().Select(p => p.GetProperty("price").GetDecimal()));
        var found = await app.Http.GetJson("/api/listings?limit=1");
        Assert.Equal((id, page.GetProperty("createdAt").GetString()), (found.GetProperty("data")[0].GetProperty("id").GetGuid(), found.GetProperty("data")[0].GetProperty("createdAt").GetString()));
    }

    [Fact]
    public async Task What_an_advert_may_not_lack_is_named_when_a_draft_is_published()
    {
        var seller = await app.SignUp();
        var id = await Saved(seller, new { make = "Toyota", year = 1850, description = "short", fuelType = "PETROL" });
        var error = await seller.Http.PutAsJsonAsync($"/api/listings/{id}/status", new { status = "ACTIVE" }).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["plateNumber", "model", "year", "mileage", "price", "description", "region", "transmission", "bodyType", "color", "images"], error.Paths());
    }

    [Fact]
    public async Task What_no_draft_may_say_is_refused_with_every_broken_field()
    {
        var seller = await app.SignUp();
        var error = await seller.Http.PostAsJsonAsync("/api/listings/drafts", new { make = new string('x', 51), year = "2020", price = 1.234, fuelType = "WATER", images = new[] { "none" } })
            .Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["make", "year", "price", "fuelType", "images.0"], error.Paths());
    }

    [Fact]
    public async Task Saving_twice_under_one_id_makes_one_draft_and_null_clears()
    {
        var seller = await app.SignUp();
        var id = Guid.CreateVersion7();
        await (await seller.Http.PostAsJsonAsync("/api/listings/drafts", new { id, make = "Toyota", model = "Yaris" })).Json(HttpStatusCode.Created);
        await (await seller.Http.PostAsJsonAsync("/api/listings/drafts", new { id, make = "Toyota", model = "Corolla" })).Json();
        await (await seller.Http.PutAsJsonAsync($"/api/listings/{id}", new { make = (string?)null, mileage = 10 })).Json();
        var draft = await seller.Http.GetJson($"/api/listings/{id}");
        Assert.Equal((JsonValueKind.Null, "Corolla", 10), (draft.GetProperty("make").ValueKind, draft.GetProperty("model").GetString(), draft.GetProperty("mileage").GetInt32()));
        Assert.Equal(id, Assert.Single((await seller.Http.GetJson("/api/listings/drafts")).GetProperty("data").EnumerateArray()).GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task A_draft_that_is_thrown_away_is_gone_and_its_photos_are_free()
    {
        var seller = await app.SignUp();
        var photos = await app.Photos(seller);
        var id = await Saved(seller, new { images = photos });
        await (await seller.Http.DeleteAsync($"/api/listings/{id}")).Json();
        await seller.Http.GetAsync($"/api/listings/{id}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        await seller.Http.PostAsJsonAsync("/api/listings/drafts", new { id }).Refused(HttpStatusCode.Conflict, "DRAFT_DISCARDED");
        Assert.Empty((await seller.Http.GetJson("/api/listings/drafts")).GetProperty("data").EnumerateArray());
        await app.Listing(seller, advert => advert["images"] = photos);
    }

    [Fact]
    public async Task My_list_has_every_status_and_counts_who_marked_it()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var (active, sold, draft) = (await app.Listing(seller), await app.Listing(seller), await Saved(seller, new { year = 2015, make = "Ford" }));
        await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = active })).Json(HttpStatusCode.Created);
        await (await seller.Http.PutAsJsonAsync($"/api/listings/{sold}/status", new { status = "SOLD" })).Json();

        var mine = await seller.Http.GetJson("/api/listings/my");
        Assert.Equal(3, mine.GetProperty("pagination").GetProperty("total").GetInt32());
        var cards = mine.GetProperty("data").EnumerateArray().ToDictionary(c => c.GetProperty("id").GetGuid());
        Assert.Equal(("ACTIVE", 1), (cards[active].GetProperty("status").GetString(), cards[active].GetProperty("favorites").GetInt32()));
        Assert.Equal(("2015 Ford", JsonValueKind.Null), (cards[draft].GetProperty("title").GetString(), cards[draft].GetProperty("price").ValueKind));
        Assert.Equal(sold, Assert.Single((await seller.Http.GetJson("/api/listings/my?status=SOLD")).GetProperty("data").EnumerateArray()).GetProperty("id").GetGuid());
        Assert.Empty((await buyer.Http.GetJson("/api/listings/my")).GetProperty("data").EnumerateArray());
        Assert.Equal(["status"], (await seller.Http.GetAsync("/api/listings/my?status=GONE").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR")).Paths());
    }

    [Fact]
    public async Task An_unchanged_page_is_not_sent_again()
    {
        var (seller, path) = (await app.SignUp(), "");
        path = $"/api/listings/{await app.Listing(seller)}";
        using var first = await app.Http.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotModified, (await Ask(first.Headers.ETag!.ToString())).StatusCode);
        await (await seller.Http.PutAsJsonAsync("/api/users/me", new { nickname = "Wiremu" })).Json();
        using var second = await Ask(first.Headers.ETag!.ToString());
        Assert.Equal(HttpStatusCode.OK, second.StatusCode); // the seller's card is on it
        await (await seller.Http.Put(path, new { price = 20_000 }, second.Headers.ETag!.ToString())).Json(); // and its tag goes for changes
        await seller.Http.Put(path, new { price = 19_000 }, second.Headers.ETag!.ToString()).Refused(HttpStatusCode.PreconditionFailed, "PRECONDITION_FAILED");

        Task<HttpResponseMessage> Ask(string etag)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("If-None-Match", etag);
            return app.Http.SendAsync(request);
        }
    }

    private static async Task<Guid> Saved(Member seller, object draft) =>
        (await (await seller.Http.PostAsJsonAsync("/api/listings/drafts", draft)).Json(HttpStatusCode.Created)).GetProperty("id").GetGuid();
}
