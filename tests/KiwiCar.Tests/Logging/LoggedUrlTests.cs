using KiwiCar.Host.Logging;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;

namespace KiwiCar.Tests.Logging;

public class LoggedUrlTests
{
    private const string Id = "0193f5a2-7c1e-7d55-9a3b-3f1c2b4d5e6f";

    [Theory]
    [InlineData("/api/listings/", "/api/listings")]
    [InlineData("/api/listings/?q=mere@example.com&page=2&to=1&to=2", "/api/listings?q&page&to")]
    [InlineData("/api/listings/?mere@example.com=1&a%0d%0ab=2", "/api/listings?*&*")]
    public void Of_a_query_the_names_remain(string url, string logged) => Assert.Equal(logged, Logged("/api/listings/", url));

    [Theory]
    [InlineData("/api/listings/{id:guid}/price-history", "id", Id, $"/api/listings/{Id}/price-history")]
    [InlineData("/api/auth/verify-email/{token}", "token", "secret", "/api/auth/verify-email/*")]
    [InlineData("/api/vehicles/{plate}", "plate", "ABC123", "/api/vehicles/*")]
    [InlineData("/images/{name}.webp", "name", "x\r\ny", "/images/*.webp")]
    [InlineData("/files/{**rest}", "rest", Id, $"/files/{Id}")]
    public void Of_a_routes_values_the_uuids_remain(string route, string name, string value, string logged) => Assert.Equal(logged, Logged(route, "/whatever", (name, value)));

    [Theory]
    [InlineData("/api/nowhere", "/api/nowhere")]
    [InlineData("/api/price-history/" + Id, "/api/price-history/" + Id)]
    [InlineData("/api/auth/reset/Qx3-sEcReT", "/api/auth/reset/*")]
    [InlineData("/.env", "/*")]
    [InlineData("/a%0d%0a%1bb/mere@example.com//", "/*/*//")]
    [InlineData("/", "/")]
    [InlineData("/a/b/c/d/e/f/g/h/i/j/k/l/m/n", "/a/b/c/d/e/f/g/h/i/j/k/*")]
    public void Without_a_route_plain_words_remain(string url, string logged) => Assert.Equal(logged, Logged(null, url));

    private static string Logged(string? route, string url, params (string Name, string Value)[] values)
    {
        var request = new DefaultHttpContext().Request;
        var parts = url.Split('?');
        request.Path = PathString.FromUriComponent(parts[0]);
        if (parts.Length > 1) request.QueryString = new QueryString("?" + parts[1]);
        foreach (var (name, value) in values) request.RouteValues[name] = value;
        return LoggedUrl.Of(route is null ? null : RoutePatternFactory.Parse(route), request);
    }
}
