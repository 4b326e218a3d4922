using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Outside;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace KiwiCar.Vehicles;

/// <summary>
/// The registry over HTTP: <c>GET vehicles/{plate}</c> answers 200 with the car, 202 with <c>Retry-After</c> while it is looking, 404. An answer that
/// lacks what every car has, or is about another plate, is a failure. Five failures in a row, and nobody asks for a while.
/// </summary>
internal sealed class NztaRegistry : IVehicleRegistry, IDoorState
{
    private static readonly TimeSpan PatienceATry = TimeSpan.FromSeconds(3), LongestRetryAfter = TimeSpan.FromSeconds(2);
    private static readonly PredicateBuilder<RegistryAnswer> Failures = new PredicateBuilder<RegistryAnswer>().Handle<RegistryException>().Handle<HttpRequestException>().Handle<TimeoutRejectedException>();

    private readonly HttpClient http;
    private readonly CircuitBreakerStateProvider breaker = new();
    private readonly ResiliencePipeline<RegistryAnswer> pipeline;

    /// <param name="http">With the registry's address, its key, and no time-out of its own.</param>
    /// <param name="rest">How long nobody asks after five failures.</param>
    public NztaRegistry(HttpClient http, TimeSpan rest)
    {
        this.http = http;
        pipeline = new ResiliencePipelineBuilder<RegistryAnswer>()
            .AddRetry(new RetryStrategyOptions<RegistryAnswer>
            {
                ShouldHandle = Failures, MaxRetryAttempts = 2, Delay = TimeSpan.FromMilliseconds(200), BackoffType = DelayBackoffType.Exponential, UseJitter = true,
                DelayGenerator = args => ValueTask.FromResult((args.Outcome.Exception as RegistryException)?.RetryAfter is { } wait && wait <= LongestRetryAfter ? wait : (TimeSpan?)null),
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<RegistryAnswer>
            {
                ShouldHandle = Failures, FailureRatio = 1, MinimumThroughput = 5, SamplingDuration = TimeSpan.FromMinutes(1), BreakDuration = rest, StateProvider = breaker,
            })
            .AddTimeout(PatienceATry)
            .Build();
    }

    public string Source => "nzta";

    public string Name => "nzta";

    public bool Works => breaker.CircuitState is CircuitState.Closed or CircuitState.HalfOpen;

    public async Task<RegistryAnswer> Ask(string plate, CancellationToken ct)
    {
        try { return await pipeline.ExecuteAsync(async inner => await Once(plate, inner), ct); }
        catch (Exception e) when (e is HttpRequestException or TimeoutRejectedException or BrokenCircuitException) { throw new RegistryException($"The vehicle registry does not answer: {e.Message}", inner: e); }
    }

    private async Task<RegistryAnswer> Once(string plate, CancellationToken ct)
    {
        using var response = await http.GetAsync($"vehicles/{plate}", ct);
        var wait = response.Headers.RetryAfter?.Delta;
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK: return new(await Read(response, plate, ct));
            case HttpStatusCode.Accepted: return new(null, wait ?? TimeSpan.FromSeconds(1));
            case HttpStatusCode.NotFound: return new(null);
            default: throw new RegistryException($"The vehicle registry answered {(int)response.StatusCode}", wait);
        }
    }

    private static async Task<RegisteredVehicle> Read(HttpResponseMessage response, string plate, CancellationToken ct)
    {
        try
        {
            var body = await response.Content.ReadAsStringAsync(ct);
            return (JsonSerializer.Deserialize(body, VehiclesJson.Default.NztaVehicle) ?? throw new JsonException("it is null")).Checked(plate);
        }
        catch (Exception e) when (e is JsonException or FormatException) { throw new RegistryException($"The vehicle registry's answer is not understood: {e.Message}", inner: e); }
    }
}

/// <summary>A car as the registry writes it.</summary>
internal sealed record NztaVehicle(
    string? PlateNumber, string? Vin, string? Chassis, string? Make, string? Model, int? Year, string? BodyStyle, string? Color, int? EngineCc, string? FuelType,
    DateOnly? WofExpiry, DateOnly? RegoExpiry, DateOnly? FirstRegistered, DateOnly? FirstRegisteredOverseas, string? ImportedFrom,
    string? CauseOfLatestRegistration, bool? Stolen, int? RucPaidToKm, IReadOnlyList<NztaVehicle.Read>? OdometerReadings)
{
    private const double KilometresAMile = 1.609344;
    private const int Longest = 100;

    public sealed record Read([property: JsonRequired] DateOnly Date, [property: JsonRequired] int Reading, string? Unit, string? Source);

    /// <exception cref="JsonException">It is about another plate, or lacks what every car has.</exception>
    public RegisteredVehicle Checked(string plate)
    {
        if (PlateNumber is null || Plate.Normalised(PlateNumber) != plate) throw new JsonException("it is about another plate");
        if (Year is not ({ } year and >= 1886 and <= 2100)) throw new JsonException("it has no year");
        return new(plate, Short(Vin), Short(Chassis), Needed(Make, "make"), Needed(Model, "model"), year, Short(BodyStyle), Short(Color), EngineCc is > 0 ? EngineCc : null, Short(FuelType),
            WofExpiry, RegoExpiry, FirstRegistered, FirstRegisteredOverseas, Short(ImportedFrom), Short(CauseOfLatestRegistration), Stolen, RucPaidToKm,
            [.. (OdometerReadings ?? []).Where(r => r.Reading >= 0).Select(InKilometres).OrderByDescending(r => r.Date).ThenByDescending(r => r.Reading)]);
    }

    private static OdometerReading InKilometres(Read r) => r.Unit?.StartsWith("mi", StringComparison.OrdinalIgnoreCase) == true
        ? new(r.Date, (int)Math.Round(r.Reading * KilometresAMile), "mi", Short(r.Source) ?? "registry")
        : new(r.Date, r.Reading, "km", Short(r.Source) ?? "registry");

    private static string Needed(string? text, string name) => Short(text) ?? throw new JsonException($"it has no {name}");

    private static string? Short(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Length <= Longest ? text.Trim() : throw new JsonException("a text is too long");
}
