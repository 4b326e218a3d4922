using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>New tokens for a refresh token, from the body or the cookie; the access token may be long gone.</summary>
internal static class Refresh
{
    /// <param name="RefreshToken">May be left out where the cookie holds it.</param>
    public sealed record Request(string? RefreshToken = null);

    public sealed record Response(string AccessToken, string RefreshToken, int ExpiresIn);

    public static async Task<Ok<Response>> Handle(HttpContext http, Sessions sessions, Tokens tokens, AllowedOrigins origins, CancellationToken ct)
    {
        var token = await RefreshCookie.Read(http.Request, origins) ?? throw Rejection.Unauthorized("Send the refresh token, in the body or as the cookie");
        var pair = await sessions.Refresh(token, ct);
        RefreshCookie.Set(http.Response, pair.Refresh, tokens.Settings);
        return TypedResults.Ok(new Response(pair.Access, pair.Refresh, (int)tokens.Settings.AccessLife.TotalSeconds));
    }
}
