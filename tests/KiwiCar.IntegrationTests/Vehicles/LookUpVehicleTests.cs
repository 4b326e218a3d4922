using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace KiwiCar.IntegrationTests.Vehicles;

/// <summary>Plates, a real HTTP registry with its faults, a Redis of its own.</summary>
public sealed class LookUpVehicleTests : IAsyncLifetime
{
    private static int plates, places;
    private readonly KiwiCarApp app = new();
    private RegistryServer registry = null!;
    private RedisServer redis = null!;

    public async Task InitializeAsync()
    {
        (registry, redis) = (await new RegistryServer().Start(), await RedisServer.Start());
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["NZTA_API_URL"] = registry.Url, ["NZTA_API_KEY"] = "a-key", ["NZTA_REST_SECONDS"] = "1", ["REDIS_URL"] = redis.Url, ["REDIS_TIMEOUT_MS"] = "5000", ["TRUSTED_PROXIES"] = "127.0.0.1",
        }) app.Settings[name] = value;
        await app.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await registry.DisposeAsync();
        await redis.DisposeAsync();
    }

    [Fact]
    public async Task A_plate_answers_in_the_shape_of_the_PRD_and_is_asked_for_once_a_day()
    {
        var plate = NewPlate();
        var car = await (await Guest($"/api/vehicles/{plate[..3].ToLowerInvariant()}-{plate[3..]}")).Json();
        Assert.Equal(
            """{"plateNumber":"@","make":"Toyota","model":"Corolla","year":2020,"bodyStyle":"Sedan","color":"Silver","engineCc":1800,"fuelType":"Hybrid","fuelText":"Petrol Hybrid","wofStatus":"Current","wofExpiry":"2099-06-15","regoStatus":"Expired","regoExpiry":"2001-08-20","firstRegistered":"2020-03-10","firstRegisteredOverseas":"2018-02-01","importedFrom":"Japan","causeOfLatestRegistration":"New: used import","stolen":false,"rucPaidToKm":null,"odometerReadings":[{"date":"2026-01-10","reading":45000,"unit":"km","source":"WOF"},{"date":"2024-01-15","reading":18000,"unit":"km","source":"WOF"},{"date":"2018-02-01","reading":16,"unit":"mi","source":"registry"}],"cached":false,"source":"nzta","fetchedAt":"#"}""",
            car.GetRawText().Replace(plate, "@", StringComparison.Ordinal).Replace(car.GetProperty("fetchedAt").GetString()!, "#", StringComparison.Ordinal));

        var again = await (await Guest($"/api/vehicles/{plate}")).Json();
        Assert.True(again.GetProperty("cached").GetBoolean());
        await redis.Ask("FLUSHALL");
        Assert.True((await (await Guest($"/api/vehicles/{plate}")).Json()).GetProperty("cached").GetBoolean()); // our row
        Assert.Equal([plate], registry.Asked);

        await using var db = await app.Database.Open(default);
        Assert.Equal("Toyota Corolla 2020 Petrol Hybrid 2020-03-10", await db.Single<string>("SELECT CONCAT_WS(' ', make, model, year, fuelType, DATE(firstRegistered)) FROM vehicle_info WHERE plateNumber = @plate", new { plate }, default));
    }

    [Fact]
    public async Task Fifty_at_once_are_one_question()
    {
        registry.Answer = async (http, plate) => { await Task.Delay(300); await http.Response.WriteAsJsonAsync(RegistryServer.Car(plate)); };
        var plate = NewPlate();
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Guest($"/api/vehicles/{plate}")));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        Assert.Equal([plate], registry.Asked);
    }

    public static TheoryData<string> Faults => ["500", "429", "401", "reset", "garbage", "another plate", "no make", "a year of text", "huge", "hangs", "half", "null"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_registry_that_fails_costs_nobody_a_lookup_and_what_it_said_before_is_told(string fault)
    {
        var member = await app.SignUp();
        var (known, unknown) = (NewPlate(), NewPlate());
        await member.Http.GetJson($"/api/vehicles/{known}");
        await redis.Ask("FLUSHALL");
        await Execute("UPDATE vehicle_answers SET fetchedAt = fetchedAt - INTERVAL 2 DAY");
        Assert.Equal(1, await Used(member));

        registry.Answer = Fault(fault);
        var stale = await member.Http.GetJson($"/api/vehicles/{known}");
        Assert.Equal((true, true, "Corolla"), (stale.GetProperty("stale").GetBoolean(), stale.GetProperty("cached").GetBoolean(), stale.GetProperty("model").GetString()));
        using var refused = await member.Http.GetAsync($"/api/vehicles/{unknown}");
        await Task.FromResult(refused).Refused(HttpStatusCode.ServiceUnavailable, "UNAVAILABLE");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(1, await Used(member));

        registry.Answer = new RegistryServer().Answer;
        await Task.Delay(1_100); // the breaker's rest
        await member.Http.GetJson($"/api/vehicles/{unknown}");
        Assert.Equal(2, await Used(member));
    }

    [Fact]
    public async Task After_five_failures_nobody_asks_for_a_while_and_health_says_so()
    {
        registry.Answer = RegistryServer.Status(500);
        for (var i = 0; i < 4; i++) await Guest($"/api/vehicles/{NewPlate()}").Refused(HttpStatusCode.ServiceUnavailable, "UNAVAILABLE");
        Assert.Equal(5, registry.Asked.Count());
        Assert.Equal("error", (await app.Http.GetJson("/health")).GetProperty("checks").GetProperty("nzta").GetProperty("status").GetString());
        Assert.Equal(5, registry.Asked.Count()); // health asked nobody
        registry.Answer = new RegistryServer().Answer;
        await Task.Delay(1_100);
        await (await Guest($"/api/vehicles/{NewPlate()}")).Json();
    }

    [Fact]
    public async Task A_registry_that_is_still_looking_is_asked_again_when_it_says()
    {
        var times = 0;
        registry.Answer = (http, plate) =>
        {
            if (++times > 2) return http.Response.WriteAsJsonAsync(RegistryServer.Car(plate));
            http.Response.Headers.RetryAfter = "1";
            return RegistryServer.Status(202)(http, plate);
        };
        await (await Guest($"/api/vehicles/{NewPlate()}")).Json();
        Assert.Equal(3, times);

        registry.Answer = (http, plate) => { http.Response.Headers.RetryAfter = "60"; return RegistryServer.Status(202)(http, plate); };
        using var later = await Guest($"/api/vehicles/{NewPlate()}");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(60)), (later.StatusCode, later.Headers.RetryAfter!.Delta));
    }

    [Fact]
    public async Task An_unknown_plate_is_404_counts_and_is_not_asked_for_again_at_once()
    {
        var member = await app.SignUp();
        registry.Answer = RegistryServer.Status(404);
        var plate = NewPlate();
        for (var i = 0; i < 3; i++) await member.Http.GetAsync($"/api/vehicles/{plate}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
        Assert.Equal((1, 1), (registry.Asked.Count(), await Used(member)));
        foreach (var bad in new[] { "ABCD1234", "AB$1", "%C3%84BC" })
            await member.Http.GetAsync($"/api/vehicles/{bad}").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(1, await Used(member));
    }

    [Fact]
    public async Task Of_fifty_plates_at_once_ten_are_answered_also_while_Redis_is_away()
    {
        foreach (var away in new[] { false, true })
        {
            if (away) await redis.Stop();
            var member = await app.SignUp();
            var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => member.Http.GetAsync($"/api/vehicles/{NewPlate()}")));
            Assert.Equal(10, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
            var refused = answers.Where(a => a.StatusCode == HttpStatusCode.TooManyRequests).ToList();
            Assert.Equal(40, refused.Count);
            await Task.FromResult(refused[0]).Refused(HttpStatusCode.TooManyRequests, "RATE_LIMIT_EXCEEDED");
            Assert.InRange(refused[0].Headers.RetryAfter!.Delta!.Value.TotalHours, 0, 25);
            var standing = await member.Http.GetJson("/api/users/me/lookup-quota");
            Assert.Equal((10, 10, 0), (standing.GetProperty("limit").GetInt32(), standing.GetProperty("used").GetInt32(), standing.GetProperty("remaining").GetInt32()));
            Assert.True(standing.GetProperty("resetAt").GetDateTimeOffset() > DateTimeOffset.UtcNow);
        }
    }

    [Fact]
    public async Task A_guest_has_three_a_day_wherever_in_their_network_and_may_ask_for_the_same_again()
    {
        string[] mine = [NewPlate(), NewPlate(), NewPlate()];
        var network = $"2001:db8:0:{Interlocked.Increment(ref places):x}";
        foreach (var (i, plate) in mine.Concat(mine).Index()) await (await Guest($"/api/vehicles/{plate}", $"{network}::{i + 1:x}")).Json();
        await Guest($"/api/vehicles/{NewPlate()}", $"{network}:ffff::1").Refused(HttpStatusCode.TooManyRequests, "RATE_LIMIT_EXCEEDED");
        await (await Guest($"/api/vehicles/{NewPlate()}", $"2001:db8:0:{Interlocked.Increment(ref places):x}::1")).Json();
        // A new day in New Zealand.
        await Execute("UPDATE guest_lookup_quotas SET resetAt = resetAt - INTERVAL 2 DAY; UPDATE looked_up_plates SET resetAt = resetAt - INTERVAL 2 DAY");
        await (await Guest($"/api/vehicles/{NewPlate()}", $"{network}::1")).Json();
    }

    [Fact]
    public async Task A_plate_that_moves_leaves_both_cars_their_history()
    {
        var plate = NewPlate();
        await (await Guest($"/api/vehicles/{plate}")).Json();
        registry.Answer = (http, p) => http.Response.WriteAsJsonAsync(new Dictionary<string, object?>(RegistryServer.Car(p)) { ["vin"] = "7A8OTHERCAR000001", ["model"] = "Camry", ["odometerReadings"] = new[] { new { date = "2025-05-05", reading = 90_000 } } });
        await Expire();
        Assert.Equal(["Camry", "90000"], Told(await (await Guest($"/api/vehicles/{plate}")).Json()));
        // It comes back; and of the first car a reading was taken back, which stays.
        registry.Answer = (http, p) => http.Response.WriteAsJsonAsync(new Dictionary<string, object?>(RegistryServer.Car(p)) { ["odometerReadings"] = new[] { new { date = "2026-02-02", reading = 12_000 } } });
        await Expire();
        Assert.Equal(["Corolla", "12000 45000 18000 16"], Told(await (await Guest($"/api/vehicles/{plate}")).Json()));
        await using var db = await app.Database.Open(default);
        Assert.Equal(3, await db.Single<int>("SELECT COUNT(*) FROM vehicle_plates WHERE plateNumber = @plate", new { plate }, default));
        Assert.Equal(1, await db.Single<int>("SELECT COUNT(*) FROM vehicle_plates WHERE plateNumber = @plate AND seenUntil IS NULL", new { plate }, default));

        static string[] Told(JsonElement car) => [car.GetProperty("model").GetString()!, string.Join(' ', car.GetProperty("odometerReadings").EnumerateArray().Select(r => r.GetProperty("reading").GetInt32()))];

        async Task Expire()
        {
            await redis.Ask("FLUSHALL");
            await Execute("UPDATE vehicle_answers SET fetchedAt = fetchedAt - INTERVAL 2 DAY");
        }
    }

    [Fact]
    public async Task A_bad_token_is_no_guest()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/vehicles/{NewPlate()}") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "nonsense") } };
        await app.Http.SendAsync(request).Refused(HttpStatusCode.Unauthorized, "UNAUTHORIZED");
        Assert.Empty(registry.Asked);
    }

    private static Func<HttpContext, string, Task> Fault(string name) => name switch
    {
        "500" => RegistryServer.Status(500),
        "429" => (http, plate) => { http.Response.Headers.RetryAfter = "1"; return RegistryServer.Status(429)(http, plate); },
        "401" => RegistryServer.Status(401),
        "reset" => (http, _) => { http.Abort(); return Task.CompletedTask; },
        "garbage" => (http, _) => http.Response.WriteAsync("<html>We are upgrading</html>"),
        "another plate" => (http, _) => http.Response.WriteAsJsonAsync(RegistryServer.Car("OTHER1")),
        "no make" => With("make", null),
        "a year of text" => With("year", "MMXX"),
        "huge" => With("color", new string('x', 1_000_000)),
        "hangs" => (http, _) => Task.Delay(30_000, http.RequestAborted),
        "half" => async (http, _) => { http.Response.ContentLength = 1_000; await http.Response.WriteAsync("{\"plateNumber\":"); http.Abort(); },
        _ => (http, _) => http.Response.WriteAsync("null"),
    };

    private static Func<HttpContext, string, Task> With(string field, object? value) => (http, plate) => http.Response.WriteAsJsonAsync(new Dictionary<string, object?>(RegistryServer.Car(plate)) { [field] = value });

    private static string NewPlate() => $"T{Interlocked.Increment(ref plates):D5}";

    private Task<HttpResponseMessage> Guest(string path, string? address = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Forwarded-For", address ?? $"198.51.{Interlocked.Increment(ref places) / 250}.{places % 250}");
        return app.Http.SendAsync(request);
    }

    private static async Task<int> Used(Member member) => (await member.Http.GetJson("/api/users/me/lookup-quota")).GetProperty("used").GetInt32();

    private async Task Execute(string sql)
    {
        await using var db = await app.Database.Open(default);
        await db.Run(sql, default);
    }
}
