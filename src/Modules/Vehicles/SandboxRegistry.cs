using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks;

namespace KiwiCar.Vehicles;

/// <summary>
/// The local door: needs no account, and makes a car up for every plate, always the same one. It behaves as real registries do: the first answer
/// comes late, some plates are unknown, one moves between two cars, one is always down, one answers nonsense (docs/operations.md).
/// </summary>
internal sealed class SandboxRegistry(TimeProvider clock) : IVehicleRegistry
{
    public const string Moving = "KIWI1", Down = "DOWN01", Nonsense = "ODD001", Unknown = "NONE01", Slow = "SLOW01", Stolen = "TAKEN1";
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(1), SlowAnswer = TimeSpan.FromMinutes(2);

    private static readonly (string Make, string Model, string Body, int Cc, string Fuel)[] Cars =
    [
        ("TOYOTA", "COROLLA", "Hatchback", 1800, "Petrol"), ("TOYOTA", "AQUA", "Hatchback", 1500, "Petrol Hybrid"), ("MAZDA", "CX-5", "SUV", 2488, "Petrol"), ("MAZDA", "DEMIO", "Hatchback", 1300, "Petrol"),
        ("FORD", "RANGER", "Ute", 3198, "Diesel"), ("NISSAN", "LEAF", "Hatchback", 0, "Electric"), ("SUZUKI", "SWIFT", "Hatchback", 1242, "Petrol"), ("HONDA", "FIT", "Hatchback", 1300, "Petrol"),
        ("MITSUBISHI", "OUTLANDER", "SUV", 2360, "Plug-in Petrol Hybrid"), ("SUBARU", "LEGACY", "Station Wagon", 2498, "Petrol"), ("HYUNDAI", "IONIQ", "Hatchback", 0, "Electric"), ("KIA", "SPORTAGE", "SUV", 1999, "Diesel"),
    ];

    private static readonly string[] Colours = ["White", "Silver", "Black", "Grey", "Blue", "Red", "Green"];
    private readonly ConcurrentDictionary<string, DateTimeOffset> asked = new(StringComparer.Ordinal);

    public string Source => "sandbox";

    public Task<RegistryAnswer> Ask(string plate, CancellationToken ct)
    {
        if (plate == Down) throw new RegistryException("The sandbox registry is always down for this plate");
        if (plate == Nonsense) throw new RegistryException("The sandbox registry always answers nonsense for this plate");
        var now = clock.GetUtcNow();
        if (asked.Count >= MostRemembered) asked.Clear();
        var ready = asked.GetOrAdd(plate, now) + (plate == Slow ? SlowAnswer : FirstAnswer);
        if (now < ready) return Task.FromResult(new RegistryAnswer(null, ready - now));
        var today = NewZealand.DayOf(now);
        return Task.FromResult(new RegistryAnswer(plate == Unknown ? null : Make(plate, plate == Moving ? $"{plate} {today.DayNumber % 2}" : plate, today)));
    }

    private static RegisteredVehicle Make(string plate, string car, DateOnly today)
    {
        var random = new Random(BitConverter.ToInt32(SHA256.HashData(Encoding.ASCII.GetBytes(car)))); // the same on every machine
        var (make, model, body, cc, fuel) = Cars[random.Next(Cars.Length)];
        var year = today.Year - 1 - random.Next(18);
        var built = new DateOnly(year, 1, 1);
        var import = random.Next(2) == 0;
        var here = built.AddDays(import ? 365 * 3 + random.Next(365) : random.Next(300));
        if (here > today) here = built;
        var vin = $"7A8{random.Next(100_000_000, 999_999_999)}{random.Next(10_000, 99_999)}";
        return new(plate, vin, null, make, model, year, body, Colours[random.Next(Colours.Length)], cc > 0 ? cc : null, fuel,
            today.AddDays(random.Next(-30, 340)), today.AddDays(random.Next(-20, 200)), here, import ? built : null, import ? "Japan" : null, import ? "New: used import" : "New", plate == Stolen,
            fuel is "Diesel" or "Electric" ? random.Next(20_000, 200_000) / 1_000 * 1_000 : null, Readings(random, here, today));
    }

    // At every yearly inspection since it came.
    private static List<OdometerReading> Readings(Random random, DateOnly from, DateOnly today)
    {
        var (reading, readings) = (random.Next(10, 60_000), new List<OdometerReading>());
        for (var day = from; day <= today; day = day.AddDays(350 + random.Next(30)))
        {
            readings.Insert(0, new(day, reading, "km", "WOF"));
            reading += random.Next(6_000, 18_000);
        }
        return readings;
    }
}
