using System.Text.Json;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>Pages are kept in memory, and are never older than the log.</summary>
public sealed class ListingPageTests : IAsyncLifetime
{
    private readonly KiwiCarApp app = new(), other = new();

    public async Task InitializeAsync()
    {
        await app.InitializeAsync();
        foreach (var (name, value) in app.Settings) other.Settings[name] = value; // a second process on the same databases
        await other.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await other.DisposeAsync();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task While_many_look_a_change_is_seen_at_once_here_and_within_a_moment_at_another_host()
    {
        var seller = await app.SignUp();
        var id = await app.Listing(seller);
        using var done = new CancellationTokenSource();
        var readers = Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            while (!done.IsCancellationRequested) await (i % 2 == 0 ? app : other).Http.GetJson($"/api/listings/{id}");
        }));
        for (var price = 24_900; price > 24_000; price -= 10)
        {
            await (await seller.Http.Put($"/api/listings/{id}", new { price })).Json();
            Assert.Equal(price, await Price(app, id));
        }
        for (var attempt = 0; attempt < 100 && await Price(other, id) != 24_010; attempt++) await Task.Delay(20);
        Assert.Equal(24_010, await Price(other, id));
        await done.CancelAsync();
        await readers;

        await (await seller.Http.DeleteAsync($"/api/listings/{id}")).Json();
        await app.Http.GetAsync($"/api/listings/{id}").Refused(System.Net.HttpStatusCode.NotFound, "NOT_FOUND");
    }

    [Fact]
    public async Task What_a_person_changes_of_themselves_is_seen_at_once_here_and_within_seconds_at_another_host()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        await (await seller.Http.Put("/api/users/me", new { nickname = "Aroha", phone = "+64211234567", showPhone = true })).Json();
        foreach (var host in new[] { app, other }) Assert.Equal(("Aroha", "+64211234567"), SellerOf(await Page(host)));

        await (await seller.Http.Put("/api/users/me", new { nickname = "Ari", showPhone = false })).Json();
        Assert.Equal(("Ari", null), SellerOf(await Page(app)));
        for (var attempt = 0; attempt < 100 && SellerOf(await Page(other)) != ("Ari", null); attempt++) await Task.Delay(100);
        Assert.Equal(("Ari", null), SellerOf(await Page(other)));

        async Task<JsonElement> Page(KiwiCarApp host)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Http.BaseAddress!, $"/api/listings/{id}"));
            request.Headers.Authorization = buyer.Http.DefaultRequestHeaders.Authorization;
            return await (await host.Http.SendAsync(request)).Json();
        }

        static (string?, string?) SellerOf(JsonElement page) =>
            (page.GetProperty("seller").GetProperty("nickname").GetString(), page.GetProperty("seller").TryGetProperty("phone", out var phone) ? phone.GetString() : null);
    }

    private static async Task<int> Price(KiwiCarApp host, Guid id) => (await host.Http.GetJson($"/api/listings/{id}")).GetProperty("price").GetInt32();
}
