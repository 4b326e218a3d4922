using KiwiCar.Listings.Assist;
using KiwiCar.Listings.Contracts;
using Xunit.Abstractions;

namespace KiwiCar.Tests.Assist;

public sealed class ClaimsTests(ITestOutputHelper output)
{
    private static readonly DateOnly Today = new(2026, 1, 24);

    private static readonly CarFacts Corolla = new("Toyota", "Corolla", 2020, 45_000, FuelType.PETROL, Transmission.AUTOMATIC, "Silver", "Sedan", 1798, "Auckland",
        new(2026, 6, 15), new(2026, 8, 20), Owners: null, ServiceHistory: null, ["Reversing camera", "Towbar"]);

    private const string Plain = "This 2020 Toyota Corolla sedan in silver has travelled 45,000 km and runs on petrol. ";

    [Theory]
    [InlineData("It has an automatic transmission.")]
    [InlineData("The odometer shows 45000 km, or 45k as people say.")]
    [InlineData("A 1.8 litre engine (1,798 cc).")]
    [InlineData("WOF until June 2026, rego to 20 August 2026.")]
    [InlineData("The WOF runs to 15 June 2026.")]
    [InlineData("With a reversing camera and a tow bar.")]
    [InlineData("You may find it in Auckland. Send a message to arrange a viewing.")]
    public void What_the_facts_carry_passes(string claim) => Assert.Empty(Claims.Unfounded(Plain + claim, Corolla, Today));

    [Theory]
    [InlineData("Only 44,000 km.", "numbers that are not among the facts")]
    [InlineData("Yours for $18,990.", "numbers that are not among the facts")]
    [InlineData("Around forty-five thousand kilometres.", "numbers in words that are not among the facts")]
    [InlineData("It has five-door practicality.", "numbers in words that are not among the facts")]
    [InlineData("One owner from new.", "the number of owners")]
    [InlineData("A one-owner car.", "the number of owners")]
    [InlineData("Single lady owner.", "the number of owners")]
    [InlineData("WOF until July 2026.", "dates that are not among the facts")]
    [InlineData("It comes with a new WOF.", "a new or long WOF or registration")]
    [InlineData("A fresh 12-month warrant.", "a new or long WOF or registration")]
    [InlineData("Full service history.", "the service history")]
    [InlineData("Always serviced at the dealer.", "the service history")]
    [InlineData("This well-maintained car is a fantastic choice.", "praise of condition, care, safety, reliability or value")]
    [InlineData("In immaculate condition.", "praise of condition, care, safety, reliability or value")]
    [InlineData("Drives like new.", "praise of condition, care, safety, reliability or value")]
    [InlineData("Known for its reliability.", "praise of condition, care, safety, reliability or value")]
    [InlineData("Low mileage for its age.", "praise of condition, care, safety, reliability or value")]
    [InlineData("It gives you peace of mind.", "praise of condition, care, safety, reliability or value")]
    [InlineData("Never been in an accident.", "promises: warranty, finance, trade-ins, no accidents, no faults")]
    [InlineData("Accident-free and with no known faults.", "promises: warranty, finance, trade-ins, no accidents, no faults")]
    [InlineData("Finance available, trade-ins welcome.", "promises: warranty, finance, trade-ins, no accidents, no faults")]
    [InlineData("A warranty is included.", "promises: warranty, finance, trade-ins, no accidents, no faults")]
    [InlineData("NZ-new.", "where the car comes from")]
    [InlineData("A Japanese import.", "where the car comes from")]
    [InlineData("With leather seats.", "equipment that is not among the features")]
    [InlineData("It has a sunroof, Bluetooth and alloys.", "equipment that is not among the features")]
    [InlineData("A hybrid.", "another fuel")]
    [InlineData("A manual gearbox.", "another gearbox")]
    [InlineData("Black interior.", "another colour")]
    [InlineData("Call me on the number below.", "contact details or web addresses")]
    [InlineData("See www.example.co.nz for more.", "contact details or web addresses")]
    [InlineData("Write to seller@example.com today.", "contact details or web addresses")]
    [InlineData("**A car for you**", "markup: write plain text")]
    [InlineData("<b>Look</b> at it.", "markup: write plain text")]
    public void What_they_do_not_carry_is_refused(string claim, string reason) => Assert.Contains(reason, Claims.Unfounded(Plain + claim, Corolla, Today));

    [Fact]
    public void What_is_true_may_be_said()
    {
        var facts = Corolla with { Owners = 1, ServiceHistory = true, Features = ["NZ new", "Black leather seats", "Two keys", "12 months warranty"] };
        Assert.Empty(Claims.Unfounded(Plain + "It has had one owner, has a full service history, is NZ new, and comes with black leather, two keys and 12 months warranty.", facts, Today));
        Assert.Contains("the number of owners", Claims.Unfounded(Plain + "Two owners.", facts, Today));
    }

    [Fact]
    public void An_expired_warrant_is_told_as_expired()
    {
        var facts = Corolla with { WofExpiry = new(2026, 1, 10) };
        Assert.Contains("the WOF", Claims.Unfounded(Plain + "It has a WOF.", facts, Today));
        Assert.Empty(Claims.Unfounded(Plain + "The WOF expired on 10 January 2026.", facts, Today));
        Assert.Contains("the WOF", Claims.Unfounded(Plain + "It has a current WOF.", Corolla with { WofExpiry = null }, Today));
    }

    [Theory]
    [InlineData("")]
    [InlineData("A car.")]
    public void Too_short_is_refused(string text) => Assert.NotEmpty(Claims.Unfounded(text, Corolla, Today));

    [Fact]
    public void Ten_thousand_characters_of_anything_are_judged_at_once()
    {
        foreach (var text in new[] { new string('1', 10_000), new string('<', 10_000), string.Concat(Enumerable.Repeat("one ", 2_500)), new string('a', 10_000), string.Concat(Enumerable.Repeat("a.", 5_000)) })
            Assert.NotEmpty(Claims.Unfounded(text, Corolla, Today));
    }

    // The template claims only facts, whatever they are; and a number or a claim put into it is found.
    [Fact]
    public void A_thousand_templates_pass_and_none_with_something_added()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string[] added = ["It has done 123,457 km.", "One owner.", "Immaculate condition.", "New WOF.", "Panoramic sunroof.", "Full service history.", "No accidents.", "Serviced on time."];
        for (var i = 0; i < 1_000; i++)
        {
            var facts = RandomFacts(random);
            var text = TemplateWriter.Write(facts, Today);
            Assert.True(Claims.Unfounded(text, facts, Today) is [], $"{string.Join("; ", Claims.Unfounded(text, facts, Today))}: {text}");
            Assert.NotEmpty(Claims.Unfounded($"{text} {added[i % added.Length]}", facts with { Owners = null, ServiceHistory = null, Features = [] }, Today));
        }
    }

    [Fact]
    public void The_template_reads_well_and_is_the_same_for_the_same_car()
    {
        var text = TemplateWriter.Write(Corolla, Today);
        Assert.Equal(text, TemplateWriter.Write(Corolla with { Make = "Toyota" }, Today));
        Assert.Matches(@"2020 Toyota Corolla sedan in silver.* 45,000 km.* The car is in Auckland\. It runs on petrol with a 1,798 cc engine and has an automatic transmission\.\n\n", text);
        Assert.Contains("\n\nThe WOF runs to 15 June 2026. It is registered to 20 August 2026.\n\nIt comes with Reversing camera and Towbar.\n\n", text, StringComparison.Ordinal);
        Assert.InRange(Enumerable.Range(0, 100).Select(i => TemplateWriter.Write(Corolla with { Mileage = 50_000 + i }, Today).Replace($"{50_000 + i:N0}", "", StringComparison.Ordinal)).Distinct().Count(), 6, 9);
    }

    private static CarFacts RandomFacts(Random random)
    {
        (string Make, string Model)[] cars = [("Toyota", "Corolla"), ("Mazda", "CX-5"), ("Mazda", "3"), ("BMW", "320i"), ("Ford", "Ranger"), ("Nissan", "Leaf"), ("Suzuki", "Swift"), ("Land Rover", "Discovery 4")];
        string[] features = ["Towbar", "Reversing camera", "Heated seats", "Apple CarPlay", "7 seats", "Black leather", "Two keys", "NZ new", "4WD", "New tyres"];
        var (make, model) = cars[random.Next(cars.Length)];
        return new(make, model, random.Next(1990, 2027), random.Next(0, 400_000), Maybe(() => (FuelType?)random.Next(5)), Maybe(() => (Transmission?)random.Next(2)), Maybe(() => "Silver"), Maybe(() => "Station Wagon"),
            Maybe(() => (int?)random.Next(600, 6_000)), Maybe(() => "Waikato"), Maybe(() => (DateOnly?)Today.AddDays(random.Next(-300, 365))), Maybe(() => (DateOnly?)Today.AddDays(random.Next(-300, 365))),
            Maybe(() => (int?)random.Next(1, 9)), Maybe(() => (bool?)true), [.. features.Where(_ => random.Next(3) == 0)]);

        T? Maybe<T>(Func<T?> make) => random.Next(3) > 0 ? make() : default;
    }
}
