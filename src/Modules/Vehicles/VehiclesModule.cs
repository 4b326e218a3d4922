using System.Globalization;
using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.Vehicles;

/// <summary>Cars by plate, and how often one may ask. Plain rows.</summary>
public sealed class VehiclesModule : IModule
{
    private const int LongestAnswer = 256 * 1024;

    public string Tables => Resource.Text(typeof(VehiclesModule), "Tables.sql");

    public IEnumerable<JsonSerializerContext> Json => [VehiclesJson.Default];

    public void Services(IServiceCollection services, IConfiguration settings)
    {
        services.AddSingleton(LookupLimits.Read(settings)); // here, so that a bad one stops the start
        services.AddSingleton<LookupQuota>();
        services.AddSingleton<KnownVehicles>();
        if (settings["NZTA_API_KEY"] is { Length: > 0 } key) AddNzta(services, settings, key);
        else services.AddSingleton<IVehicleRegistry, SandboxRegistry>();
    }

    public IEnumerable<Job> Jobs(IServiceProvider services) => [services.GetRequiredService<LookupQuota>().Cleaning];

    public void Routes(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/vehicles/{plateNumber}", LookUpVehicle.Handle).WithTags("Vehicles").WithName("LookUpVehicle")
            .WithSummary("What the vehicle registry says of a plate; guests may ask, too").Refuses(400, 401, 404);
        routes.MapGet("/api/users/me/lookup-quota", GetLookupQuota.Handle).WithTags("Vehicles").WithName("GetLookupQuota")
            .WithSummary("How many plates one may still look up today").RequireAuthorization().Refuses(401);
    }

    private static void AddNzta(IServiceCollection services, IConfiguration settings, string key)
    {
        var address = Uri.TryCreate(settings["NZTA_API_URL"], UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
            : throw new InvalidOperationException("NZTA_API_KEY is set, so NZTA_API_URL must be the registry's address, as https://api.nzta.govt.nz");
        var rest = settings["NZTA_REST_SECONDS"] is not { Length: > 0 } text ? 30
            : double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0.5 and <= 3_600 ? seconds
            : throw new InvalidOperationException($"NZTA_REST_SECONDS must be a number from 0.5 to 3600, not '{text}'");
        services.AddSingleton(_ =>
        {
            var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
            {
                BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/"), Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LongestAnswer,
            };
            http.DefaultRequestHeaders.Authorization = new("Bearer", key);
            return new NztaRegistry(http, TimeSpan.FromSeconds(rest));
        });
        services.AddSingleton<IVehicleRegistry>(s => s.GetRequiredService<NztaRegistry>());
        services.AddSingleton<IDoorState>(s => s.GetRequiredService<NztaRegistry>());
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LookUpVehicle.Response), TypeInfoPropertyName = "LookUpVehicleResponse")]
[JsonSerializable(typeof(QuotaStanding))]
[JsonSerializable(typeof(RegisteredVehicle))]
[JsonSerializable(typeof(KeptAnswer))]
[JsonSerializable(typeof(IReadOnlyList<OdometerReading>))]
[JsonSerializable(typeof(NztaVehicle))]
internal sealed partial class VehiclesJson : JsonSerializerContext;
