using System.Reflection;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>Who asks. As a handler's parameter: <c>CurrentUser</c> on routes that require sign-in, <c>CurrentUser?</c> where guests may ask too.</summary>
/// <param name="SessionId">The sign-in that the request comes from.</param>
public sealed record CurrentUser(Guid Id, Guid SessionId)
{
    public static ValueTask<CurrentUser?> BindAsync(HttpContext context, ParameterInfo _) =>
        ValueTask.FromResult(Of(context.User));

    /// <summary>The person behind these claims; null for a guest.</summary>
    public static CurrentUser? Of(ClaimsPrincipal claims) =>
        Guid.TryParseExact(claims.FindFirstValue("sub"), "D", out var id) && Guid.TryParseExact(claims.FindFirstValue("sid"), "D", out var session) ? new(id, session) : null;
}
