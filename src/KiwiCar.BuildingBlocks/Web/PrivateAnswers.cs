using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>
/// No cache keeps what one person was told: <c>no-store</c> where somebody shows who they are, and on all that is about accounts, unless the
/// handler set a Cache-Control itself. Whatever a cache does keep of the API, it keeps apart for guests and for websites.
/// </summary>
public static class PrivateAnswers
{
    private static readonly string Apart = $"{HeaderNames.Authorization}, {HeaderNames.Origin}";

    public static void UsePrivateAnswers(this IApplicationBuilder app) => app.Use(next => http =>
    {
        if (http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase, out var rest)) http.Response.OnStarting(IsAboutAccounts(rest) ? KeepPrivate : Keep, http);
        return next(http);
    });

    private static bool IsAboutAccounts(PathString path) =>
        path.StartsWithSegments("/auth", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments("/users", StringComparison.OrdinalIgnoreCase);

    private static readonly Func<object, Task> Keep = state => Mark((HttpContext)state, isPrivate: false);

    private static readonly Func<object, Task> KeepPrivate = state => Mark((HttpContext)state, isPrivate: true);

    private static Task Mark(HttpContext http, bool isPrivate)
    {
        var headers = http.Response.Headers;
        if (headers.CacheControl.Count == 0 && (isPrivate || http.Request.Headers.Authorization.Count > 0)) headers.CacheControl = "no-store";
        // CORS names Origin, but only to websites that it lets in.
        headers.Vary = headers.Vary.Count == 0 || headers.Vary == HeaderNames.Origin ? Apart : $"{headers.Vary}, {Apart}";
        return Task.CompletedTask;
    }
}
