using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests;

[CollectionDefinition(nameof(KiwiCarCollection))]
public sealed class KiwiCarCollection : ICollectionFixture<KiwiCarApp>;

/// <summary>The whole host on real servers and a real socket, with databases and a data folder of its own.</summary>
public sealed class KiwiCarApp : IAsyncLifetime
{
    /// <summary>Its data folder: logs, mails, pictures.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("kiwicar-test-").FullName;

    public WebApplication App { get; private set; } = null!;

    /// <summary>A guest.</summary>
    public HttpClient Http { get; private set; } = null!;

    public IServiceProvider Services => App.Services;

    internal Database Database => Services.GetRequiredService<Database>();

    /// <summary>What a test puts here before the start wins.</summary>
    public Dictionary<string, string?> Settings { get; } = [];

    public async Task InitializeAsync()
    {
        var (events, database) = (await Servers.NewEventDatabase(), await Servers.NewDatabase());
        foreach (var (name, value) in new Dictionary<string, string?>
        {
            ["EVENTS_DATABASE_URL"] = events, ["DATABASE_URL"] = database, ["REDIS_URL"] = Servers.RedisUrl, ["KIWICAR_DATA"] = Folder,
            ["NODE_ENV"] = "development", ["PORT"] = "0", ["LOG_LEVEL"] = "error", ["PASSWORD_COST"] = "4", ["RATE_LIMITS"] = "off",
        }) Settings.TryAdd(name, value);
        App = Server.Build(Settings);
        await App.StartAsync();
        Http = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = new Uri(App.Urls.Single()) }; // one test's sign-in is not the next one's
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The newest mail to this address; waits up to 20 s for it.</summary>
    public async Task<JsonElement> MailTo(string email, string? template = null)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var mail = (await MailsTo(email)).FirstOrDefault(m => template is null || m.GetProperty("template").GetString() == template);
            if (mail.ValueKind == JsonValueKind.Object) return mail;
            await Task.Delay(100);
        }
        throw new InvalidOperationException($"No {template} mail to {email} within 20 s");
    }

    public async Task<IReadOnlyList<JsonElement>> MailsTo(string email) =>
        [.. (await Http.GetFromJsonAsync<JsonElement>($"/dev/mails?to={Uri.EscapeDataString(email)}")).EnumerateArray()];

    /// <summary>Every mail of the folder.</summary>
    public IEnumerable<JsonElement> Mails() => Directory.EnumerateFiles(Path.Combine(Folder, "mail"), "*.json").Select(f => JsonDocument.Parse(File.ReadAllText(f)).RootElement);

    /// <summary>Whether a picture's address leads to one. It names the configured host; the test listens elsewhere.</summary>
    public async Task<bool> Exists(string url) => (await Http.GetAsync(new Uri(url).AbsolutePath)).IsSuccessStatusCode;

    /// <summary>A fresh account, signed in.</summary>
    public async Task<Member> SignUp(bool verified = true)
    {
        var email = $"{Guid.NewGuid():N}@example.com";
        const string password = "correct horse battery";
        var registered = await Http.PostAsJsonAsync("/api/auth/register", new { email, password });
        registered.EnsureSuccessStatusCode();
        var id = (await registered.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("userId").GetGuid();
        // The test of the mail is AuthTests'; here the account is only wanted verified.
        if (verified) await using (var db = await Database.Open(default)) await db.Execute("UPDATE users SET isVerified = 1 WHERE id = @id", new { id }, default);
        var login = await Http.PostAsJsonAsync("/api/auth/login", new { email, password });
        login.EnsureSuccessStatusCode();
        var http = new HttpClient { BaseAddress = Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await login.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString());
        return new Member(id, email, http);
    }

    /// <summary>Photos that count as uploaded; no picture lies behind them.</summary>
    public async Task<Guid[]> Photos(Member owner, int count = 3)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        await using var db = await Database.Open(default);
        foreach (var id in ids)
            await db.Execute("INSERT INTO uploads (id, userId, bytes, width, height, createdAt) VALUES (@id, @owner, 1, 1, 1, UTC_TIMESTAMP(3))", new { id, owner = owner.Id }, default);
        return ids;
    }

    /// <summary>A body that the PRD's schema takes.</summary>
    public static Dictionary<string, object?> Advert(Guid[] photos) => new()
    {
        ["plateNumber"] = Plate(), ["make"] = "Toyota", ["model"] = "Corolla", ["year"] = 2020, ["mileage"] = 45_000, ["price"] = 25_000,
        ["description"] = "Well kept family car, serviced on time, drives as it should and smells of nothing.", ["region"] = "Auckland",
        ["fuelType"] = "PETROL", ["transmission"] = "AUTOMATIC", ["bodyType"] = "Sedan", ["color"] = "Silver", ["images"] = photos,
    };

    public async Task<Guid> Listing(Member seller, Action<Dictionary<string, object?>>? change = null)
    {
        var advert = Advert(await Photos(seller));
        change?.Invoke(advert);
        var answer = await seller.Http.PostAsJsonAsync("/api/listings", advert);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    /// <summary>A read model from the first event on, while the host goes on.</summary>
    public Task Rebuild(string projection) => new Rebuild(Modules.All.SelectMany(m => m.Projections).Single(p => p.Name == projection), Database, Services.GetRequiredService<EventReader>()).Run((_, _) => { }, default);

    private const int AllPlates = 26 * 26 * 26 * 1_000;
    private static int plates = Random.Shared.Next(AllPlates);

    // Each another: a seller has one open advert a plate.
    private static string Plate()
    {
        var n = (int)((uint)Interlocked.Increment(ref plates) * 7_919L % AllPlates);
        return $"{(char)('A' + n / 676_000)}{(char)('A' + n / 26_000 % 26)}{(char)('A' + n / 1_000 % 26)}{n % 1_000:000}";
    }
}

/// <summary>Somebody signed in.</summary>
public sealed record Member(Guid Id, string Email, HttpClient Http);
