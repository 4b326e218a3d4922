using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Tests.Web;

public class LimitTests
{
    private static readonly Limit Limit = new("reset-password", Per.Ip, "10/1h");

    private static IConfiguration Settings(params (string Name, string? Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Name, s => s.Value)).Build();

    [Fact]
    public void Without_a_setting_it_has_its_own_size() => Assert.Equal(new LimitSize(10, TimeSpan.FromHours(1)), Limit.SizeIn(Settings()));

    [Theory]
    [InlineData("5/15m", 5, 900)]
    [InlineData("1/1s", 1, 1)]
    [InlineData("10000/30d", 10_000, 2_592_000)]
    public void A_setting_gives_another(string text, int count, int seconds) =>
        Assert.Equal(new LimitSize(count, TimeSpan.FromSeconds(seconds)), Limit.SizeIn(Settings(("RATE_LIMIT_RESET_PASSWORD", text))));

    [Fact]
    public void It_can_be_turned_off_and_all_can() =>
        Assert.Equal([null, null], [Limit.SizeIn(Settings(("RATE_LIMIT_RESET_PASSWORD", "off"))), Limit.SizeIn(Settings(("RATE_LIMITS", "off")))]);

    [Theory]
    [InlineData("5")]
    [InlineData("5/")]
    [InlineData("/15m")]
    [InlineData("0/15m")]
    [InlineData("-5/15m")]
    [InlineData("5/15")]
    [InlineData("5 / 15m")]
    [InlineData("10001/1m")]
    [InlineData("5/1m/1")]
    [InlineData("OFF")]
    public void What_has_no_meaning_stops_the_start_and_is_named(string text)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => Limit.SizeIn(Settings(("RATE_LIMIT_RESET_PASSWORD", text))));
        Assert.StartsWith("RATE_LIMIT_RESET_PASSWORD is ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_are_not_turned_off_by_mistake() => Assert.Throws<InvalidOperationException>(() => Limit.SizeIn(Settings(("RATE_LIMITS", "of"))));
}
