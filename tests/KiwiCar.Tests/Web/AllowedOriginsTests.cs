using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Tests.Web;

public class AllowedOriginsTests
{
    private static AllowedOrigins Origins(params (string Name, string? Value)[] settings) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Name, s => s.Value)).Build());

    [Theory]
    [InlineData("https://kiwicar.co.nz", true)]
    [InlineData("https://app.kiwicar.co.nz", true)]
    [InlineData("http://kiwicar.co.nz", false)]
    [InlineData("https://kiwicar.co.nz:8443", false)]
    [InlineData("https://app.kiwicar.co.nz.evil.example", false)]
    [InlineData("https://x.app.kiwicar.co.nz", false)]
    [InlineData("null", false)]
    [InlineData(null, false)]
    public void Without_settings_they_are_the_prds_two(string? origin, bool allowed) => Assert.Equal(allowed, Origins().Allows(origin));

    [Fact]
    public void The_frontends_own_addresses_count() =>
        Assert.Equal((true, true, false), (Origins(("FRONTEND_URL", "http://localhost:5173/")) is var o && o.Allows("http://localhost:5173"), o.Allows("https://kiwicar.co.nz"), o.Allows("https://app.kiwicar.co.nz")));

    [Fact]
    public void A_list_replaces_them() =>
        Assert.Equal((true, true, false), (Origins(("CORS_ORIGINS", "https://A.example:443, http://b.example:81")) is var o && o.Allows("https://a.example"), o.Allows("http://b.example:81"), o.Allows("https://kiwicar.co.nz")));

    [Theory]
    [InlineData("*")]
    [InlineData("a.example")]
    [InlineData("https://*.example")]
    [InlineData("https://a.example/app")]
    public void What_is_no_origin_stops_the_start(string list) =>
        Assert.Contains("CORS_ORIGINS", Assert.Throws<InvalidOperationException>(() => Origins(("CORS_ORIGINS", list))).Message, StringComparison.Ordinal);
}
