using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>What the limits say to one request: whether it may go on, and what its answer tells of them.</summary>
internal sealed class RequestLimits
{
    private readonly List<Permit> permits = [];

    public static RequestLimits Of(HttpContext http)
    {
        if (http.Features.Get<RequestLimits>() is { } known) return known;
        var limits = new RequestLimits();
        http.Features.Set(limits);
        // Whoever writes the answer, also one that begins anew as an error; and before it leaves, so that the client's next try finds the permit back.
        http.Response.OnStarting(static state => ((HttpContext)state).Features.Get<RequestLimits>()!.Finish(((HttpContext)state).Response), http);
        return limits;
    }

    /// <summary>Null where the request may go on.</summary>
    public async Task<Rejection?> Take(RateLimits limits, Claim[] claims)
    {
        var taken = await limits.Take(claims);
        var refused = Array.Find(taken, p => p.Standing.Refused);
        permits.AddRange(refused is null ? taken : [refused]);
        return refused is null ? null : Refusal(refused.Standing.Seconds);
    }

    private static Rejection Refusal(int seconds) => new(StatusCodes.Status429TooManyRequests, "RATE_LIMIT_EXCEEDED", $"Too many requests; please try again in {InWords(seconds)}", retryAfter: seconds);

    private static string InWords(int seconds) => seconds switch
    {
        1 => "1 second",
        < 120 => $"{seconds} seconds",
        < 7_200 => $"{(seconds + 59) / 60} minutes",
        _ => $"{(seconds + 3_599) / 3_600} hours",
    };

    private async Task Finish(HttpResponse response)
    {
        if (permits.Count == 0) return;
        if (response.StatusCode is < 400 or >= 500)
            foreach (var permit in permits.Where(p => p.FailuresOnly)) await permit.GiveBack();
        var tightest = permits.MinBy(p => (!p.Standing.Refused, p.Standing.Remaining))!.Standing;
        response.Headers["RateLimit-Limit"] = tightest.Limit.ToString(CultureInfo.InvariantCulture);
        response.Headers["RateLimit-Remaining"] = tightest.Remaining.ToString(CultureInfo.InvariantCulture);
        response.Headers["RateLimit-Reset"] = tightest.Seconds.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>Limits on routes.</summary>
public static class RateLimiting
{
    /// <summary>This route, or group, may be used so often; several limits hold together.</summary>
    public static TBuilder Limited<TBuilder>(this TBuilder route, params IReadOnlyList<Limit> limits) where TBuilder : IEndpointConventionBuilder
    {
        if (limits.Any(l => l.Per == Per.Value)) throw new ArgumentException("What such a limit counts only the handler knows: use RateLimits.Require there", nameof(limits));
        return route.WithMetadata([.. limits]);
    }

    /// <summary>Refuses what is over a limit. After authentication, since limits are about people; before authorisation, which may ask a database.</summary>
    public static void UseRateLimits(this IApplicationBuilder app)
    {
        var limits = app.ApplicationServices.GetRequiredService<RateLimits>(); // here, so that a bad setting stops the start
        if (limits.AnyOn) app.Use(next => http => ClaimsOf(http, limits) is { Length: > 0 } claims ? Guard(http, limits, claims, next) : next(http));
    }

    private static async Task Guard(HttpContext http, RateLimits limits, Claim[] claims, RequestDelegate next)
    {
        // Not thrown: under a flood that would cost more than all the rest.
        if (await RequestLimits.Of(http).Take(limits, claims) is { } refusal) await ErrorResponses.Write(http, refusal);
        else await next(http);
    }

    private static Claim[] ClaimsOf(HttpContext http, RateLimits limits)
    {
        var own = http.GetEndpoint()?.Metadata.GetOrderedMetadata<Limit>() ?? [];
        var general = http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) ? limits.WindowOf(Limit.General) : null;
        if (own.Count == 0) return general is null ? [] : [new Claim(general, Limited(general, http)!)];
        return [.. own.Select(limits.WindowOf).Prepend(general).Where(w => w is not null && Limited(w, http) is not null).Select(w => new Claim(w!, Limited(w!, http)!))];
    }

    // Null for a guest where only people are counted: authorisation refuses them.
    private static string? Limited(LocalWindow window, HttpContext http) => window.Limit.Per switch
    {
        Per.Ip => ClientAddress.KeyOf(http),
        Per.User => http.User.FindFirst("sub")?.Value,
        _ => http.User.FindFirst("sub")?.Value ?? ClientAddress.KeyOf(http),
    };
}
