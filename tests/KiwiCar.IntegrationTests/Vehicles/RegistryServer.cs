using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KiwiCar.IntegrationTests.Vehicles;

/// <summary>A vehicle registry over HTTP that does what a test tells it.</summary>
internal sealed class RegistryServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> asked = new();
    private WebApplication? app;

    public string Url { get; private set; } = "";

    /// <summary>The plates it was asked for, in order.</summary>
    public IEnumerable<string> Asked => asked;

    /// <summary>How it answers; a Corolla at first.</summary>
    public Func<HttpContext, string, Task> Answer { get; set; } = (http, plate) => http.Response.WriteAsJsonAsync(Car(plate));

    public static Dictionary<string, object?> Car(string plate) => new()
    {
        ["plateNumber"] = plate, ["vin"] = $"7A8{plate.PadLeft(14, '0')}", ["make"] = "Toyota", ["model"] = "Corolla", ["year"] = 2020, ["bodyStyle"] = "Sedan", ["color"] = "Silver", ["engineCc"] = 1800,
        ["fuelType"] = "Petrol Hybrid", ["wofExpiry"] = "2099-06-15", ["regoExpiry"] = "2001-08-20", ["firstRegistered"] = "2020-03-10", ["firstRegisteredOverseas"] = "2018-02-01", ["importedFrom"] = "Japan",
        ["causeOfLatestRegistration"] = "New: used import", ["stolen"] = false, ["somethingNew"] = new { a = 1 },
        ["odometerReadings"] = new object[] { new { date = "2024-01-15", reading = 18_000, source = "WOF" }, new { date = "2026-01-10", reading = 45_000, source = "WOF" }, new { date = "2018-02-01", reading = 10, unit = "miles" } },
    };

    public static Func<HttpContext, string, Task> Status(int status) => (http, _) => { http.Response.StatusCode = status; return Task.CompletedTask; };

    public async Task<RegistryServer> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(http =>
        {
            var plate = http.Request.Path.Value!.Split('/')[^1];
            if (http.Request.Headers.Authorization != "Bearer a-key" || http.Request.Path != $"/v1/vehicles/{plate}") return Status(401)(http, plate);
            asked.Enqueue(plate);
            return Answer(http, plate);
        });
        await app.StartAsync();
        Url = app.Urls.Single() + "/v1";
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
    }
}
