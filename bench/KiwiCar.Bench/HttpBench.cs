using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Host;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Bench;

/// <summary>The host as a process of its own, asked over HTTP; a bare Kestrel that sends the same bytes is asked beside it.</summary>
internal static class HttpBench
{
    private const int Listings = 44_000;

    public static async Task Run()
    {
        var settings = new Dictionary<string, string>
        {
            ["EVENTS_DATABASE_URL"] = await TestDatabases.NewEvents(), ["DATABASE_URL"] = await TestDatabases.NewReadModels(), ["REDIS_URL"] = TestDatabases.RedisUrl,
            ["KIWICAR_DATA"] = Directory.CreateTempSubdirectory("kiwicar-bench-").FullName, ["NODE_ENV"] = "development", ["LOG_LEVEL"] = "error", ["RATE_LIMITS"] = "off", ["PORT"] = "39871",
        };
        using (var first = await HostProcess.Start(settings))
        {
            Console.WriteLine($"start on empty databases            {first.StartUp.TotalMilliseconds:0} ms");
            await Fill(settings);
        }
        using var host = await HostProcess.Start(settings);
        Console.WriteLine($"start with {Listings:n0} listings        {host.StartUp.TotalMilliseconds:0} ms, memory {host.Megabytes} MB");
        await Search(host);
        await Write(host, settings);
        Console.WriteLine($"memory afterwards                   {host.Megabytes} MB");
    }

    private static async Task Search(HostProcess host)
    {
        string[] queries = ["/api/listings", "/api/listings?q=corolla&sort=price_asc", "/api/listings?make=Toyota,Mazda&minYear=2015&maxPrice=20000&page=3", "/api/listings?region=Auckland&fuelType=DIESEL&sort=mileage_asc"];
        var body = await host.Http.GetByteArrayAsync(queries[0]);
        await using var bare = await BareKestrel(body);
        for (var round = 1; round <= 2; round++)
        {
            Console.WriteLine($"bare Kestrel, the first page's bytes  {await Wrk(bare.Urls.Single() + "/")}");
            foreach (var query in queries) Console.WriteLine($"{query,-36}  {await Wrk(host.Url + query)}");
        }
    }

    private static async Task Write(HostProcess host, Dictionary<string, string> settings)
    {
        var (seller, http) = await SignUp(host, settings);
        await using var database = new Database(settings["DATABASE_URL"]);
        var (create, change) = (new Figures(), new Figures());
        for (var i = 0; i < 200; i++)
        {
            var photos = await Photos(database, seller);
            var began = Stopwatch.GetTimestamp();
            var created = await http.PostAsJsonAsync("/api/listings", new
            {
                plateNumber = $"B{i}", make = "Toyota", model = "Corolla", year = 2020, mileage = 45_000, price = 25_000, description = new string('x', 200), region = "Auckland",
                fuelType = "PETROL", transmission = "AUTOMATIC", bodyType = "Sedan", color = "Silver", images = photos,
            });
            create.Add(Stopwatch.GetElapsedTime(began));
            created.EnsureSuccessStatusCode();
            var address = created.Headers.Location!;
            began = Stopwatch.GetTimestamp();
            (await http.PutAsJsonAsync(address, new { price = 24_000 })).EnsureSuccessStatusCode();
            change.Add(Stopwatch.GetElapsedTime(began));
        }
        Console.WriteLine($"create listing, answered when visible {create}");
        Console.WriteLine($"change price, answered when visible   {change}");
    }

    private static async Task Fill(Dictionary<string, string> settings)
    {
        await using var connections = new EventConnections(settings["EVENTS_DATABASE_URL"]);
        await using var database = new Database(settings["DATABASE_URL"]);
        var store = new EventStore(connections, new EventTypes(Modules.All.SelectMany(m => m.Events)), TimeProvider.System);
        string[] makes = ["Toyota", "Mazda", "Ford", "Nissan"], models = ["Corolla", "Demio", "Ranger", "Leaf"], regions = ["Auckland", "Wellington", "Canterbury", "Otago"];
        await Parallel.ForAsync(0, Listings, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, ct) =>
        {
            var id = Guid.CreateVersion7();
            await store.Append("listing", id, 0, [new ListingCreated(id, Guid.CreateVersion7(), $"X{i}", makes[i % 4], models[i / 4 % 4], 2000 + i % 25, i * 7 % 300_000, 500 + i * 13 % 60_000,
                $"Advert number {i}: well kept, serviced on time, with towbar and reversing camera.", regions[i / 3 % 4], (FuelType)(i % 4), (Transmission)(i % 2), "Sedan", "White", null, [])], ct);
        });
        await using var position = connections.Reads.CreateCommand("SELECT max(seq_id) FROM events.mt_events");
        var last = (long)(await position.ExecuteScalarAsync())!;
        await using var db = await database.Open(default);
        while (await db.Single<long>("SELECT position FROM checkpoints WHERE name = 'listings'", null, default) < last) await Task.Delay(100);
    }

    private static async Task<(Guid, HttpClient)> SignUp(HostProcess host, Dictionary<string, string> settings)
    {
        var account = new { email = "bench@example.com", password = "correct horse battery" };
        (await host.Http.PostAsJsonAsync("/api/auth/register", account)).EnsureSuccessStatusCode();
        await using var database = new Database(settings["DATABASE_URL"]);
        await using (var db = await database.Open(default)) await db.Run("UPDATE users SET isVerified = 1", default);
        var login = await (await host.Http.PostAsJsonAsync("/api/auth/login", account)).Content.ReadFromJsonAsync<JsonElement>();
        var http = new HttpClient { BaseAddress = new Uri(host.Url) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", login.GetProperty("accessToken").GetString());
        return (login.GetProperty("user").GetProperty("id").GetGuid(), http);
    }

    private static async Task<Guid[]> Photos(Database database, Guid owner)
    {
        var ids = Enumerable.Range(0, 3).Select(_ => Guid.CreateVersion7()).ToArray();
        await using var db = await database.Open(default);
        foreach (var id in ids) await db.Execute("INSERT INTO uploads (id, userId, bytes, width, height, createdAt) VALUES (@id, @owner, 1, 1, 1, UTC_TIMESTAMP(3))", new { id, owner }, default);
        return ids;
    }

    private static async Task<WebApplication> BareKestrel(byte[] body)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(async context =>
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body);
        });
        await app.StartAsync();
        return app;
    }

    // wrk (Debian's package) for 4 s: one thread, 32 connections.
    private static async Task<string> Wrk(string url)
    {
        try
        {
            using var wrk = Process.Start(new ProcessStartInfo("wrk", ["-t1", "-c32", "-d4s", "--latency", url]) { RedirectStandardOutput = true })!;
            var told = await wrk.StandardOutput.ReadToEndAsync();
            await wrk.WaitForExitAsync();
            string Of(string name) => told.Split('\n').FirstOrDefault(l => l.TrimStart().StartsWith(name, StringComparison.Ordinal))?.Trim()[name.Length..].Trim(' ', ':') ?? "-";
            return $"{Of("Requests/sec")} requests/s, p50 {Of("50%")}, p99 {Of("99%")}{(told.Contains("Non-2xx", StringComparison.Ordinal) ? ", ERRORS" : "")}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "not measured: wrk is not installed (apt-get install wrk)";
        }
    }
}
