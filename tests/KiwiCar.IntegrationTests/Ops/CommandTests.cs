using System.Text.Json;

namespace KiwiCar.IntegrationTests.Ops;

/// <summary>The operators' and analysts' commands, as processes of their own beside the running host.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class CommandTests(KiwiCarApp app)
{
    [Fact]
    public async Task A_streams_history_is_one_json_line_an_event()
    {
        var seller = await app.SignUp();
        var id = await app.Listing(seller);
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 22_000 })).Json();
        var (exit, output, _) = await HostProcess.Run(app.Settings, "events", "stream", $"{id}");
        Assert.Equal(0, exit);
        var lines = Lines(output);
        Assert.Equal(["listing_created", "price_changed"], lines.Select(l => l.GetProperty("type").GetString()));
        Assert.Equal([1, 2], lines.Select(l => l.GetProperty("version").GetInt32()));
        Assert.Equal(22_000, lines[1].GetProperty("data").GetProperty("newPrice").GetInt32());
    }

    [Fact]
    public async Task An_export_goes_on_after_the_last_position()
    {
        var seller = await app.SignUp();
        var id = await app.Listing(seller);
        for (var i = 1; i <= 3; i++) await (await seller.Http.Put($"/api/listings/{id}", new { price = 20_000 - i })).Json();
        var all = Lines((await HostProcess.Run(app.Settings, "events", "export", "--stream", $"{id}")).Output);
        Assert.Equal(4, all.Count);
        var prices = Lines((await HostProcess.Run(app.Settings, "events", "export", "--stream", $"{id}", "--type", "price_changed", "--since", $"{all[1].GetProperty("position").GetInt64()}")).Output);
        Assert.Equal(all.Skip(2).Select(l => l.GetProperty("id").GetGuid()), prices.Select(l => l.GetProperty("id").GetGuid()));
        Assert.Empty(Lines((await HostProcess.Run(app.Settings, "events", "export", "--stream", $"{id}", "--since", "2126-01-01")).Output));
    }

    [Fact]
    public async Task Projections_are_listed_and_rebuilt_by_name()
    {
        var (exit, output, _) = await HostProcess.Run(app.Settings, "projections");
        Assert.Equal(0, exit);
        Assert.Contains("listings", output, StringComparison.Ordinal);
        Assert.Contains("alerts-when-price-changed", output, StringComparison.Ordinal);
        (exit, output, _) = await HostProcess.Run(app.Settings, "projections", "rebuild", "listings");
        Assert.True(exit == 0, output);
        Assert.Contains("is rebuilt and swapped in", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no projection 'nonsense'. There are: listings", "projections", "rebuild", "nonsense")]
    [InlineData("There is no stream", "events", "stream", "01939f00-0000-7000-8000-000000000001")]
    [InlineData("--since takes a position or a time, not 'yesterday'", "events", "export", "--since", "yesterday")]
    public async Task What_cannot_be_done_is_said_in_a_sentence(string sentence, params string[] arguments)
    {
        var (exit, _, error) = await HostProcess.Run(app.Settings, arguments);
        Assert.Equal(1, exit);
        Assert.StartsWith("kiwicar: ", error, StringComparison.Ordinal);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Production_does_not_start_with_the_samples_secrets()
    {
        var settings = new Dictionary<string, string?>(app.Settings) { ["NODE_ENV"] = "production", ["JWT_ACCESS_SECRET"] = "your-access-secret", ["JWT_REFRESH_SECRET"] = "your-refresh-secret" };
        var (exit, _, error) = await HostProcess.Run(settings, "projections");
        Assert.Equal(1, exit);
        Assert.Contains("JWT_ACCESS_SECRET", error, StringComparison.Ordinal);
    }

    private static List<JsonElement> Lines(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith('{')).Select(l => JsonDocument.Parse(l).RootElement)];
}
