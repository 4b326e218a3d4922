using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>Signs one of one's own devices out.</summary>
internal static class EndSession
{
    public sealed record Response(Guid Id, string Message);

    public static async Task<Ok<Response>> Handle(Guid id, CurrentUser user, Sessions sessions, CancellationToken ct) =>
        await sessions.End(id, user.Id, ct) ? TypedResults.Ok(new Response(id, "That device is signed out.")) : throw Rejection.NotFound("You have no such session");
}
