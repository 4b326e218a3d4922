using System.Net;
using System.Net.Http.Json;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>What may come twice and must not happen twice.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class IdempotencyTests(KiwiCarApp app)
{
    [Fact]
    public async Task The_same_request_under_a_key_gets_the_same_answer_again()
    {
        var seller = await app.SignUp();
        var advert = KiwiCarApp.Advert(await app.Photos(seller));
        using var first = await Create(seller, "key-1", advert);
        using var again = await Create(seller, "key-1", advert);
        var body = await first.Json(HttpStatusCode.Created);
        Assert.Equal(body.GetRawText(), (await again.Json(HttpStatusCode.Created)).GetRawText());
        Assert.Equal((first.Headers.Location, first.Headers.ETag), (again.Headers.Location, again.Headers.ETag));
        Assert.Equal(1, (await seller.Http.GetJson("/api/listings/my")).GetProperty("pagination").GetProperty("total").GetInt32());
        await app.Http.GetJson($"/api/listings/{body.GetProperty("id").GetGuid()}");
    }

    [Fact]
    public async Task Another_request_under_the_key_is_refused_and_other_people_have_other_keys()
    {
        var (seller, other) = (await app.SignUp(), await app.SignUp());
        await (await Create(seller, "key-1", KiwiCarApp.Advert(await app.Photos(seller)))).Json(HttpStatusCode.Created);
        await Create(seller, "key-1", KiwiCarApp.Advert(await app.Photos(seller))).Refused(HttpStatusCode.UnprocessableEntity, "IDEMPOTENCY_KEY_REUSED");
        await (await Create(other, "key-1", KiwiCarApp.Advert(await app.Photos(other)))).Json(HttpStatusCode.Created);
        await Create(seller, "not a key", KiwiCarApp.Advert(await app.Photos(seller))).Refused(HttpStatusCode.BadRequest, "BAD_REQUEST");
    }

    [Fact]
    public async Task Of_twins_one_makes_the_listing_and_its_photos_stay_with_it()
    {
        var seller = await app.SignUp();
        for (var round = 0; round < 30; round++)
        {
            var advert = KiwiCarApp.Advert(await app.Photos(seller));
            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Create(seller, $"round-{round}", advert)));
            var ids = new HashSet<Guid>();
            foreach (var answer in answers)
            {
                if (answer.StatusCode == HttpStatusCode.Created) ids.Add((await answer.Json(HttpStatusCode.Created)).GetProperty("id").GetGuid());
                else await Task.FromResult(answer).Refused(HttpStatusCode.Conflict, "IDEMPOTENCY_KEY_IN_USE");
            }
            await using var db = await app.Database.Open(default);
            Assert.Equal(3, await db.Single<long>("SELECT COUNT(*) FROM uploads WHERE listingId = @id", new { id = Assert.Single(ids) }, default));
        }
    }

    [Fact]
    public async Task Of_ten_adverts_of_one_car_at_once_one_is_open()
    {
        var seller = await app.SignUp();
        var photos = await app.Photos(seller, 30);
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Create(seller, null, Of(photos[(3 * i)..(3 * i + 3)]))));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Created);
        foreach (var refused in answers.Where(a => a.StatusCode != HttpStatusCode.Created)) await Task.FromResult(refused).Refused(HttpStatusCode.Conflict, "ALREADY_LISTED");
        var first = (await answers.Single(a => a.IsSuccessStatusCode).Json(HttpStatusCode.Created)).GetProperty("id").GetGuid();

        // Sold, it may be offered again by another advert; then the first cannot come back beside it.
        await (await seller.Http.PutAsJsonAsync($"/api/listings/{first}/status", new { status = "SOLD" })).Json();
        await (await Create(seller, null, Of(await app.Photos(seller)))).Json(HttpStatusCode.Created);
        await seller.Http.PutAsJsonAsync($"/api/listings/{first}/status", new { status = "ACTIVE" }).Refused(HttpStatusCode.Conflict, "ALREADY_LISTED");

        // Whose car it really is, we do not judge.
        var other = await app.SignUp();
        await (await Create(other, null, Of(await app.Photos(other)))).Json(HttpStatusCode.Created);

        static Dictionary<string, object?> Of(Guid[] photos)
        {
            var advert = KiwiCarApp.Advert(photos);
            advert["plateNumber"] = "SAME1";
            return advert;
        }
    }

    private static Task<HttpResponseMessage> Create(Member seller, string? key, Dictionary<string, object?> advert)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/listings") { Content = JsonContent.Create(advert) };
        if (key is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return seller.Http.SendAsync(request);
    }
}
