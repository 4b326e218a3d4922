using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;

namespace KiwiCar.Identity;

/// <summary>
/// The refresh token where scripts cannot read it; sent to /api/auth only. A browser sends it by itself, also when another site asks it to;
/// so where it comes from the cookie, the request must come from one of our own pages.
/// </summary>
internal static class RefreshCookie
{
    public const string Name = "refreshToken";

    public static void Set(HttpResponse response, string token, TokenSettings settings) => response.Cookies.Append(Name, token, Options(settings, settings.RefreshLife));

    public static void Clear(HttpResponse response, TokenSettings settings) => response.Cookies.Append(Name, "", Options(settings, TimeSpan.Zero));

    /// <summary>The refresh token of a request: in the body (<c>{"refreshToken"}</c>), else in the cookie. Null where there is none.</summary>
    /// <exception cref="Rejection">403: the cookie came with a page that is not ours. Programs that are no browsers send no Origin, and are nobody's victims.</exception>
    public static async Task<string?> Read(HttpRequest request, AllowedOrigins origins)
    {
        if (await Input.Optional(request.HttpContext) is { } body && body.Has("refreshToken")) return body.Read(b => b.Text("refreshToken", max: 4_096));
        if (request.Cookies[Name] is not { Length: > 0 } token) return null;
        var fromOurPage = request.Headers.Origin is { Count: 1 } origin ? origins.Allows(origin) : request.Headers.Origin.Count == 0 && request.Headers["Sec-Fetch-Site"] != "cross-site";
        return fromOurPage ? token : throw Rejection.Forbidden("The refresh cookie works from KiwiCar's own pages only");
    }

    private static CookieOptions Options(TokenSettings settings, TimeSpan life) => new()
    {
        HttpOnly = true,
        Secure = settings.SecureCookie,
        SameSite = SameSiteMode.Lax,
        Path = "/api/auth",
        MaxAge = life,
        IsEssential = true,
    };
}
