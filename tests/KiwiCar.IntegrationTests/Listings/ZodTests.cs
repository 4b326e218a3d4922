using System.Diagnostics;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>The body of POST /api/listings is judged as the PRD's zod schema judges it, by the real zod.</summary>
public sealed class ZodTests(ITestOutputHelper output)
{
    private const int Bodies = 10_000;
    private static readonly string[] Anything = ["null", "true", "12", "1.5", "-1", "\"\"", "\"x\"", "[]", "{}", "[1]", "1e400", "-1e400"];

    private readonly int seed = Environment.TickCount;

    [Fact]
    public async Task Ten_thousand_random_bodies_break_the_same_fields()
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var bodies = Enumerable.Range(0, Bodies).Select(_ => Body(random)).ToList();
        var expected = await Zod(bodies);
        Assert.InRange(expected.Count(paths => paths.Length == 0), Bodies / 50, Bodies / 2); // both kinds were tried
        foreach (var (body, paths) in bodies.Zip(expected))
            if (!paths.SequenceEqual(Ours(body))) Assert.Fail($"zod: {string.Join(", ", paths)}; ours: {string.Join(", ", Ours(body))}; {body}");
    }

    [Theory] // What zod lets through and we do not, each for the reason given
    [InlineData("price", "25000.005")] // events, columns and answers hold cents
    [InlineData("vin", "\"\"")] // it is not one
    [InlineData("vin", "\"JT2-VIN I O Q\"")]
    [InlineData("make", "\"To\\u0000yota\"")] // no database keeps it
    [InlineData("region", "\"\\ud83d\"")]
    [InlineData("color", null)] // 192 characters do not fit its column
    [InlineData("images", "[\"01939f00-0000-7000-8000-000000000001\",\"01939f00-0000-7000-8000-000000000001\",\"01939f00-0000-7000-8000-000000000002\"]")] // a photo twice
    public async Task Beyond_zod(string field, string? value)
    {
        var fields = Fields(new Random(seed), field => field.Right[0]);
        fields[field] = value ?? $"\"{new string('x', 192)}\"";
        var body = Json(fields);
        Assert.Empty((await Zod([body])).Single());
        Assert.Equal([field], Ours(body));
    }

    private static string Body(Random random) => Json(Fields(random, field => random.Next(24) switch
    {
        0 => null,
        1 => field.Wrong[random.Next(field.Wrong.Length)],
        2 when field.Name != "vin" => Anything[random.Next(Anything.Length)], // of VINs zod knows nothing
        _ => field.Right[random.Next(field.Right.Length)],
    }));

    private static Dictionary<string, string> Fields(Random random, Func<(string Name, string[] Right, string[] Wrong), string?> choose)
    {
        var newest = DateTime.UtcNow.Year + 1;
        (string Name, string[] Right, string[] Wrong)[] all =
        [
            ("plateNumber", [Text("A"), Text("ABC1234"), Text("0")], [Text("abc123"), Text("ABC12345"), Text("AB C12"), Text("ABC123\\n"), Text("ÄBC"), Text("")]),
            ("make", [Text("T"), Letters(50), Emoji(25)], [Text(""), Letters(51), Emoji(26)]),
            ("model", [Text("T"), Letters(50), Text(" ")], [Text(""), Letters(51), "[\"Corolla\"]"]),
            ("year", ["1900", "2020", "2020.0", "2.02e3", $"{newest}"], ["1899", $"{newest + 1}", "2020.5", "\"2020\"", "-0.5"]),
            ("mileage", ["0", "-0", "1000000", "45e3"], ["-1", "1000001", "0.1", "\"45000\"", "12345678901234567890"]),
            ("price", ["100", "100.00", "10000000", "25000.5", "1e6"], ["99.99", "10000000.01", "\"25000\"", "-25000"]),
            ("description", [Letters(50), Letters(5_000), Emoji(25), Emoji(2_500)], [Letters(49), Letters(5_001), Emoji(24), Emoji(2_501), Text("")]),
            ("region", [Text("Auckland"), Text("x"), Letters(191), Text(" ")], [Text("")]),
            ("fuelType", [Text("PETROL"), Text("OTHER"), Text("ELECTRIC")], [Text("petrol"), Text("0"), Text("PETROL "), Text("PETROL,DIESEL"), "0"]),
            ("transmission", [Text("AUTOMATIC"), Text("MANUAL")], [Text("CVT"), Text("Manual"), "1"]),
            ("bodyType", [Text("SUV"), Letters(191)], [Text("")]),
            ("color", [Text("Red"), Text("Māori blue")], [Text("")]),
            ("vin", [Text("JTDKN3DU5A0123456"), Text("NZE141-1234567")], ["null", "17", "[]"]),
            ("images", [Ids(3), Ids(10), Ids(5, upper: true)], [Ids(2), Ids(11), "[]", Ids(4, broken: 2), Ids(3, broken: 0), "\"not an array\""]),
        ];
        var fields = new Dictionary<string, string> { ["somethingElse"] = "1" };
        foreach (var field in all.OrderBy(_ => random.Next()))
            if (choose(field) is { } value) fields[field.Name] = value;
        return fields;

        string Letters(int length) => Text(new string((char)('a' + random.Next(26)), length));
    }

    private static string Text(string text) => $"\"{text}\"";

    private static string Emoji(int count) => Text(string.Concat(Enumerable.Repeat("🚗", count)));

    private static string Ids(int count, int broken = -1, bool upper = false) => "[" + string.Join(',', Enumerable.Range(0, count).Select(i =>
        i == broken ? Text($"{Guid.NewGuid():N}") : Text(upper ? $"{Guid.NewGuid():D}".ToUpperInvariant() : $"{Guid.NewGuid():D}"))) + "]";

    private static string Json(Dictionary<string, string> fields) => "{" + string.Join(',', fields.Select(f => $"\"{f.Key}\":{f.Value}")) + "}";

    private static string[] Ours(string body)
    {
        try
        {
            new Input(JsonDocument.Parse(body).RootElement).Read(b => CreateListing.Validate(b, DateTimeOffset.UtcNow));
            return [];
        }
        catch (Rejection refused)
        {
            return [.. refused.Details!.Select(p => p.Path).Distinct().Order(StringComparer.Ordinal)];
        }
    }

    private static async Task<List<string[]>> Zod(IEnumerable<string> bodies)
    {
        var folder = Environment.GetEnvironmentVariable("KIWICAR_TEST_NODE_MODULES") ?? throw new InvalidOperationException("KIWICAR_TEST_NODE_MODULES is not set: run the tests with ./dev test");
        using var node = Process.Start(new ProcessStartInfo("node", ["zod.mjs"]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        foreach (var body in bodies) await node.StandardInput.WriteLineAsync(body);
        node.StandardInput.Close();
        await node.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(node.ExitCode == 0, await error);
        return [.. (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<string[]>(line)!)];
    }
}
