using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Vehicles;

namespace KiwiCar.Tests.Vehicles;

public sealed class VehicleTests
{
    [Theory]
    [InlineData("ABC123", "ABC123")]
    [InlineData(" abc-123 ", "ABC123")]
    [InlineData("k i w i", "KIWI")]
    [InlineData("1", "1")]
    public void A_plate_is_read_as_people_write_it(string written, string plate) => Assert.Equal(plate, Plate.Parse(written));

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("ABCD1234")]
    [InlineData("ÄBC")]
    [InlineData("AB\0C")]
    [InlineData("../x")]
    [InlineData("Ｋ1")]
    public void What_is_no_plate_is_refused(string written) => Assert.Equal(400, Assert.Throws<Rejection>(() => Plate.Parse(written)).Status);

    [Theory]
    [InlineData("Petrol", "PETROL")]
    [InlineData("DIESEL", "DIESEL")]
    [InlineData("PETROL HYBRID", "HYBRID")]
    [InlineData("Plug-in Petrol Hybrid", "HYBRID")]
    [InlineData("PETROL ELECTRIC", "HYBRID")]
    [InlineData("Electric", "ELECTRIC")]
    [InlineData("Battery electric (BEV)", "ELECTRIC")]
    [InlineData("LPG", "OTHER")]
    [InlineData("CNG", "OTHER")]
    [InlineData("Petrol/LPG", "OTHER")]
    [InlineData("Hydrogen", "OTHER")]
    public void A_registrys_fuel_is_one_of_ours(string text, string fuel) => Assert.Equal(fuel, $"{(Car() with { FuelText = text }).FuelKind}");

    // New Zealand is 13 hours ahead in summer and 12 in winter: the day changes at 11:00 or 12:00 UTC.
    [Theory]
    [InlineData("2026-11-24T10:59:59Z", "Current")]
    [InlineData("2026-11-24T11:00:00Z", "Expired")]
    public void A_warrant_holds_to_midnight_in_New_Zealand(string now, string status) =>
        Assert.Equal(status, LookUpVehicle.StatusOf(new DateOnly(2026, 11, 24), NewZealand.DayOf(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture))));

    [Theory]
    [InlineData("2026-06-30T11:59:59Z", "Current")]
    [InlineData("2026-06-30T12:00:00Z", "Expired")]
    public void And_in_winter_an_hour_later(string now, string status) =>
        Assert.Equal(status, LookUpVehicle.StatusOf(new DateOnly(2026, 6, 30), NewZealand.DayOf(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture))));

    [Fact]
    public void Without_a_date_there_is_no_status() => Assert.Null(LookUpVehicle.StatusOf(null, new DateOnly(2026, 1, 1)));

    [Fact]
    public async Task The_sandbox_answers_late_and_then_always_the_same()
    {
        var clock = new Clock();
        var first = new SandboxRegistry(clock);
        foreach (var plate in Enumerable.Range(0, 500).Select(i => $"S{i}"))
        {
            Assert.True((await first.Ask(plate, default)).Later > TimeSpan.Zero);
            clock.Now += TimeSpan.FromSeconds(1);
            var car = (await first.Ask(plate, default)).Vehicle!;
            var second = new SandboxRegistry(clock);
            await second.Ask(plate, default);
            clock.Now += TimeSpan.FromSeconds(1);
            var other = (await second.Ask(plate, default)).Vehicle!;
            Assert.Equal(car with { OdometerReadings = [] }, other with { OdometerReadings = [] });
            Assert.Equal(car.OdometerReadings, other.OdometerReadings);
            Assert.True(car.FirstRegistered <= NewZealand.DayOf(clock.Now) && car.OdometerReadings.Zip(car.OdometerReadings.Skip(1)).All(r => r.First.Date > r.Second.Date && r.First.Reading > r.Second.Reading));
        }
    }

    [Fact]
    public async Task The_sandbox_has_a_plate_for_every_trouble()
    {
        var clock = new Clock();
        var sandbox = new SandboxRegistry(clock);
        await Assert.ThrowsAsync<RegistryException>(() => sandbox.Ask(SandboxRegistry.Down, default));
        await Assert.ThrowsAsync<RegistryException>(() => sandbox.Ask(SandboxRegistry.Nonsense, default));
        foreach (var plate in (string[])[SandboxRegistry.Unknown, SandboxRegistry.Moving, SandboxRegistry.Slow, SandboxRegistry.Stolen]) await sandbox.Ask(plate, default);
        clock.Now += TimeSpan.FromSeconds(2);
        Assert.Equal(new RegistryAnswer(null), await sandbox.Ask(SandboxRegistry.Unknown, default));
        Assert.True((await sandbox.Ask(SandboxRegistry.Stolen, default)).Vehicle!.Stolen);
        Assert.True((await sandbox.Ask(SandboxRegistry.Slow, default)).Later > TimeSpan.FromMinutes(1));
        var today = (await sandbox.Ask(SandboxRegistry.Moving, default)).Vehicle!;
        clock.Now += TimeSpan.FromDays(1);
        Assert.NotEqual(today.Vin, (await sandbox.Ask(SandboxRegistry.Moving, default)).Vehicle!.Vin);
    }

    private static RegisteredVehicle Car() => new("ABC123", null, null, "Toyota", "Corolla", 2020, null, null, null, null, null, null, null, null, null, null, null, null, []);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
