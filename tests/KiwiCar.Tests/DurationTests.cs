using KiwiCar.BuildingBlocks;

namespace KiwiCar.Tests;

public class DurationTests
{
    [Theory]
    [InlineData("45s", 45)]
    [InlineData("15m", 900)]
    [InlineData("1h", 3_600)]
    [InlineData("30d", 2_592_000)]
    [InlineData("365d", 31_536_000)]
    public void It_is_a_number_and_a_unit(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("3600")]        // seconds here, milliseconds in jsonwebtoken: neither
    [InlineData("h")]
    [InlineData("0h")]
    [InlineData("-1h")]
    [InlineData("1.5h")]
    [InlineData("1 h")]
    [InlineData("1H")]
    [InlineData("1w")]
    [InlineData("366d")]
    [InlineData("99999999h")]
    [InlineData("١h")]
    public void Anything_else_has_no_meaning(string text) => Assert.Null(Duration.Parse(text));
}
