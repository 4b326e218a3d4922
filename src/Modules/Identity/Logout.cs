using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>Ends the session of the refresh token (body or cookie), or of the access token where that is all there is. Once more does no harm.</summary>
internal static class Logout
{
    public sealed record Response(string Message);

    public static async Task<Ok<Response>> Handle(HttpContext http, Sessions sessions, Tokens tokens, AllowedOrigins origins, CancellationToken ct)
    {
        var token = await RefreshCookie.Read(http.Request, origins);
        if (token is not null) await sessions.EndOf(token, ct);
        else if (CurrentUser.Of(http.User) is { } user) await sessions.End(user.SessionId, user.Id, ct);
        else throw Rejection.Unauthorized("Nobody is signed in here: send the refresh token, in the body or as the cookie");
        RefreshCookie.Clear(http.Response, tokens.Settings);
        return TypedResults.Ok(new Response("You are signed out."));
    }
}
