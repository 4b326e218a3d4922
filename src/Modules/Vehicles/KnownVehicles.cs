using System.Collections.Concurrent;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace KiwiCar.Vehicles;

/// <summary>What is known of a plate.</summary>
/// <param name="Answer">Null where no car has this plate.</param>
/// <param name="Cached">Not asked for just now.</param>
/// <param name="Stale">The registry fails, and this is what it said last.</param>
internal sealed record Known(KeptAnswer? Answer, bool Cached, bool Stale = false);

/// <summary>A registry's answer, as Redis and <c>vehicle_answers</c> keep it.</summary>
internal sealed record KeptAnswer(RegisteredVehicle Vehicle, string Source, DateTimeOffset FetchedAt);

/// <summary>
/// Cars by plate: Redis for a day, then our row of less than a day, then the registry, once for all who ask at the same time; and where that fails
/// our row, however old.
/// </summary>
internal sealed class KnownVehicles(IVehicleRegistry registry, Database database, Redis redis, TimeProvider clock, ILogger<KnownVehicles> log)
{
    private const string Prefix = "kiwicar:vehicle:", None = "-";
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(24), UnknownFor = TimeSpan.FromMinutes(10), Budget = TimeSpan.FromSeconds(8);
    private readonly ConcurrentDictionary<string, Lazy<Task<Known>>> underway = new(StringComparer.Ordinal);

    /// <exception cref="Rejection">503: the registry fails, or is still looking, and we know nothing.</exception>
    public async Task<Known> Find(string plate, CancellationToken ct)
    {
        if (await Remembered(plate) is { } known) return known;
        // Whoever goes away does not end what others wait for.
        return await underway.GetOrAdd(plate, p => new(() => Look(p))).Value.WaitAsync(ct);
    }

    private async Task<Known?> Remembered(string plate)
    {
        var text = await redis.Ask(db => db.StringGetAsync(Prefix + plate), otherwise: RedisValue.Null);
        if (text.IsNull) return null;
        return text == None ? new Known(null, Cached: true) : new Known(JsonSerializer.Deserialize(text.ToString(), VehiclesJson.Default.KeptAnswer), Cached: true);
    }

    private async Task<Known> Look(string plate)
    {
        try
        {
            var row = await Row(plate);
            if (row is not null && clock.GetUtcNow() - row.FetchedAt is var age && age < Fresh)
            {
                await Remember(plate, Text(row), Fresh - age);
                return new(row, Cached: true);
            }
            return await Fetch(plate, row);
        }
        finally
        {
            underway.TryRemove(plate, out _);
        }
    }

    private async Task<Known> Fetch(string plate, KeptAnswer? before)
    {
        try
        {
            if (await Ask(plate) is not { } vehicle)
            {
                await Remember(plate, None, UnknownFor);
                return new(null, Cached: false);
            }
            var kept = new KeptAnswer(vehicle, registry.Source, clock.GetUtcNow());
            kept = kept with { Vehicle = await Keep(kept) };
            await Remember(plate, Text(kept), Fresh);
            return new(kept, Cached: false);
        }
        catch (RegistryException e)
        {
            log.LogWarning("No answer about a plate: {Reason}", e.Message);
            return before is not null ? new(before, Cached: true, Stale: true)
                : throw Rejection.Unavailable("The vehicle registry cannot be reached", (int)Math.Ceiling(e.RetryAfter?.TotalSeconds ?? 30));
        }
    }

    // A registry that is still looking is asked again when it says, as long as people are likely to wait.
    private async Task<RegisteredVehicle?> Ask(string plate)
    {
        using var patience = new CancellationTokenSource(Budget);
        try
        {
            while (true)
            {
                var answer = await registry.Ask(plate, patience.Token);
                if (answer.Later is not { } later) return answer.Vehicle;
                if (later > Budget) throw new RegistryException("It is still looking", later);
                await Task.Delay(later, patience.Token);
            }
        }
        catch (OperationCanceledException e) when (patience.IsCancellationRequested) { throw new RegistryException("It took too long", inner: e); }
    }

    private Task<bool> Remember(string plate, string text, TimeSpan time) => redis.Ask(db => db.StringSetAsync(Prefix + plate, text, time), otherwise: false);

    private async Task<KeptAnswer?> Row(string plate)
    {
        await using var db = await database.Open(CancellationToken.None);
        var row = await db.Single<AnswerRow>("SELECT answer, source, fetchedAt FROM vehicle_answers WHERE plateNumber = @plate", new { plate }, CancellationToken.None);
        return row is null ? null : new(JsonSerializer.Deserialize(row.Answer, VehiclesJson.Default.RegisteredVehicle)!, row.Source, row.FetchedAt);
    }

    /// <returns>The car with every reading that was ever seen of it.</returns>
    private async Task<RegisteredVehicle> Keep(KeptAnswer kept)
    {
        var ct = CancellationToken.None; // others wait for it
        var v = kept.Vehicle;
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        var car = await db.Single<string>("SELECT car FROM vehicle_plates WHERE plateNumber = @PlateNumber AND seenUntil IS NULL FOR UPDATE", new { v.PlateNumber }, ct);
        if (car != v.Car)
        {
            await db.Execute("""
                UPDATE vehicle_plates SET seenUntil = @FetchedAt WHERE plateNumber = @PlateNumber AND seenUntil IS NULL;
                INSERT INTO vehicle_plates (plateNumber, car, seenFrom) VALUES (@PlateNumber, @Car, @FetchedAt)
                """, new { v.PlateNumber, v.Car, kept.FetchedAt }, ct);
        }
        foreach (var r in v.OdometerReadings)
            await db.Execute("INSERT IGNORE INTO vehicle_readings (car, date, reading, unit, source, seenAt) VALUES (@Car, @Date, @Reading, @Unit, @Source, @FetchedAt)",
                new { v.Car, r.Date, r.Reading, r.Unit, r.Source, kept.FetchedAt }, ct);
        var readings = await db.Query<OdometerReading>("SELECT date, reading, unit, source FROM vehicle_readings WHERE car = @Car ORDER BY date DESC, reading DESC", new { v.Car }, ct);
        v = v with { OdometerReadings = [.. readings] };
        await db.Execute("""
            INSERT INTO vehicle_answers (plateNumber, answer, source, fetchedAt) VALUES (@PlateNumber, @answer, @Source, @FetchedAt)
            ON DUPLICATE KEY UPDATE answer = @answer, source = @Source, fetchedAt = @FetchedAt;
            INSERT INTO vehicle_info (plateNumber, make, model, year, bodyStyle, color, engineCc, fuelType, wofExpiry, regoExpiry, firstRegistered, odometerReadings, fetchedAt)
            VALUES (@PlateNumber, @Make, @Model, @Year, @BodyStyle, @Color, @EngineCc, @FuelText, @WofExpiry, @RegoExpiry, @FirstRegistered, @readings, @FetchedAt)
            ON DUPLICATE KEY UPDATE make = @Make, model = @Model, year = @Year, bodyStyle = @BodyStyle, color = @Color, engineCc = @EngineCc, fuelType = @FuelText,
                wofExpiry = @WofExpiry, regoExpiry = @RegoExpiry, firstRegistered = @FirstRegistered, odometerReadings = @readings, fetchedAt = @FetchedAt
            """, new
        {
            v.PlateNumber, v.Make, v.Model, v.Year, v.BodyStyle, v.Color, v.EngineCc, v.FuelText, v.WofExpiry, v.RegoExpiry, v.FirstRegistered, kept.Source, kept.FetchedAt,
            answer = JsonSerializer.Serialize(v, VehiclesJson.Default.RegisteredVehicle), readings = JsonSerializer.Serialize(v.OdometerReadings, VehiclesJson.Default.IReadOnlyListOdometerReading),
        }, ct);
        await db.Commit(ct);
        return v;
    }

    private sealed record AnswerRow(string Answer, string Source, DateTimeOffset FetchedAt);

    private static string Text(KeptAnswer kept) => JsonSerializer.Serialize(kept, VehiclesJson.Default.KeptAnswer);
}
