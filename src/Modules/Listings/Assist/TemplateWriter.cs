using System.Globalization;
using System.Text;
using KiwiCar.BuildingBlocks;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Assist;

/// <summary>Says the facts and nothing else; the same car always gets the same text, other cars get others.</summary>
internal sealed class TemplateWriter(TimeProvider clock) : IDescriptionWriter
{
    public string Source => "template";

    public Task<string> Write(CarFacts facts, IReadOnlyCollection<string> refused, CancellationToken ct) => Task.FromResult(Write(facts, NewZealand.DayOf(clock.GetUtcNow())));

    public static string Write(CarFacts f, DateOnly today)
    {
        var choice = f.Make.Concat(f.Model).Aggregate(f.Year + f.Mileage, (sum, c) => unchecked(sum * 31 + c)) & 0x7fff_ffff;
        var text = new StringBuilder(Opening(f, choice % 3)).Append(' ').Append(Drive(f)).Append("\n\n");
        var papers = Papers(f, today);
        if (papers.Length > 0) text.Append(papers).Append("\n\n");
        if (f.Features.Count > 0) text.Append("It comes with ").Append(List(f.Features)).Append(".\n\n");
        return text.Append((choice / 3 % 3) switch
        {
            0 => "Message me with any questions, or to arrange a time to see it and take it for a drive.",
            1 => "Get in touch if you would like to know more, or to come and see it in person.",
            _ => "Questions are welcome; send a message to arrange a viewing and a drive.",
        }).ToString();
    }

    private static string Opening(CarFacts f, int choice)
    {
        var car = $"{f.Year} {f.Make} {f.Model}{(f.BodyType is { } body ? $" {Lower(body)}" : "")}";
        var colour = f.Color is { } color ? $" in {Lower(color)}" : "";
        var kilometres = $"{f.Mileage.ToString("N0", CultureInfo.InvariantCulture)} km";
        return choice switch
        {
            0 => $"For sale: a {car}{colour}, with {kilometres} on the odometer.",
            1 => $"This {car}{colour} has travelled {kilometres}.",
            _ => $"{car}{colour}. The odometer shows {kilometres}.",
        } + (f.Region is { } region ? $" The car is in {region}." : "");
    }

    private static string Drive(CarFacts f)
    {
        var engine = f.EngineCc is { } cc ? $" with a {cc.ToString("N0", CultureInfo.InvariantCulture)} cc engine" : "";
        var fuel = f.FuelType switch
        {
            FuelType.PETROL => $"It runs on petrol{engine}",
            FuelType.DIESEL => $"It is a diesel{engine}",
            FuelType.HYBRID => $"It is a hybrid{engine}",
            FuelType.ELECTRIC => "It is fully electric",
            _ => engine.Length > 0 ? $"It comes{engine}" : "",
        };
        var gearbox = f.Transmission switch { Transmission.AUTOMATIC => "an automatic transmission", Transmission.MANUAL => "a manual gearbox", _ => "" };
        return (fuel, gearbox) switch { ("", "") => "", ("", _) => $"It has {gearbox}.", (_, "") => $"{fuel}.", _ => $"{fuel} and has {gearbox}." };
    }

    private static string Papers(CarFacts f, DateOnly today)
    {
        var parts = new List<string>();
        if (f.WofExpiry is { } wof) parts.Add(wof >= today ? $"The WOF runs to {Day(wof)}." : $"The WOF expired on {Day(wof)}.");
        if (f.RegoExpiry is { } rego) parts.Add(rego >= today ? $"It is registered to {Day(rego)}." : $"The registration expired on {Day(rego)}.");
        if (f.Owners is { } owners) parts.Add(owners == 1 ? "It has had one owner." : $"It has had {owners} owners.");
        if (f.ServiceHistory == true) parts.Add("The full service history is available.");
        return string.Join(' ', parts);
    }

    private static string Day(DateOnly day) => day.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    private static string List(IReadOnlyList<string> items) => items.Count == 1 ? items[0] : $"{string.Join(", ", items.SkipLast(1))} and {items[^1]}";

    // "SUV" stays, "Station Wagon" is none.
    private static string Lower(string text) => text.Length > 3 || text.Any(char.IsLower) ? text.ToLowerInvariant() : text;
}
