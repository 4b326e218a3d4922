using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>What a route line says about itself, for OpenAPI.</summary>
public static class Routes
{
    /// <summary>The JSON object it takes.</summary>
    public static RouteHandlerBuilder Takes<TRequest>(this RouteHandlerBuilder route) where TRequest : notnull =>
        route.Accepts<TRequest>("application/json");

    /// <summary>A text parameter of its query string.</summary>
    public static RouteHandlerBuilder Asks(this RouteHandlerBuilder route, string parameter, string description) =>
        route.WithMetadata(new QueryParameter(parameter, IsNumber: false, description));

    /// <summary>A numeric parameter of its query string.</summary>
    public static RouteHandlerBuilder AsksNumber(this RouteHandlerBuilder route, string parameter, string description) =>
        route.WithMetadata(new QueryParameter(parameter, IsNumber: true, description));

    /// <summary>The statuses it refuses with, all in the error shape; every route may also answer 429, 500 and 503.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses) route.Produces<ErrorResponse>(status);
        return route.Produces<ErrorResponse>(StatusCodes.Status429TooManyRequests)
            .Produces<ErrorResponse>(StatusCodes.Status500InternalServerError).Produces<ErrorResponse>(StatusCodes.Status503ServiceUnavailable);
    }
}

/// <summary>A parameter of the query string, for OpenAPI.</summary>
public sealed record QueryParameter(string Name, bool IsNumber, string Description);

/// <summary>The route constraint <c>{id:uuid}</c>: a UUID in its one canonical form, so that anything else is a 404 and every entity has one address.</summary>
public sealed class UuidConstraint : IRouteConstraint
{
    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        values.TryGetValue(routeKey, out var value) && Guid.TryParseExact(Convert.ToString(value, CultureInfo.InvariantCulture), "D", out _);
}
