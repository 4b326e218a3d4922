using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>What helmet 8 sets by default, on every answer, refusals included. What a handler set itself stays.</summary>
public static class SecurityHeaders
{
    private static readonly (string Name, StringValues Value)[] All =
    [
        ("Content-Security-Policy", "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;"
            + "object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Origin-Agent-Cluster", "?1"),
        ("Referrer-Policy", "no-referrer"),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-DNS-Prefetch-Control", "off"),
        ("X-Download-Options", "noopen"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("X-Permitted-Cross-Domain-Policies", "none"),
        ("X-XSS-Protection", "0"),
    ];

    /// <summary>When the answer starts, since an error begins it anew.</summary>
    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use(next => http =>
    {
        http.Response.OnStarting(static state =>
        {
            AddTo(((HttpResponse)state).Headers);
            return Task.CompletedTask;
        }, http.Response);
        return next(http);
    });

    internal static void AddTo(IHeaderDictionary headers)
    {
        foreach (var (name, value) in All) headers.TryAdd(name, value);
    }
}
