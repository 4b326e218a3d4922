using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace KiwiCar.Identity;

/// <summary>Behind <see cref="Contracts.AccountPolicies.VerifiedEmail"/>. Verified once is verified for good, so that answer is remembered.</summary>
internal sealed class VerifiedEmail(Database database) : AuthorizationHandler<VerifiedEmail.Requirement>
{
    private const int Remembered = 100_000;
    private readonly ConcurrentDictionary<Guid, bool> verified = new();

    public sealed class Requirement : IAuthorizationRequirement;

    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, Requirement requirement)
    {
        if (!Guid.TryParseExact(context.User.FindFirst("sub")?.Value, "D", out var id)) return; // a guest: the answer is 401
        if (!verified.ContainsKey(id))
        {
            var ct = (context.Resource as HttpContext)?.RequestAborted ?? CancellationToken.None;
            if (!await IsVerified(id, ct))
                throw Rejection.Forbidden("Please verify your e-mail address first: open the link in our mail, or ask for a new one (POST /api/auth/resend-verification)", "EMAIL_NOT_VERIFIED");
            if (verified.Count >= Remembered) verified.Clear();
            verified[id] = true;
        }
        context.Succeed(requirement);
    }

    private async Task<bool> IsVerified(Guid id, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return await db.Single<bool?>("SELECT isVerified FROM users WHERE id = @id", new { id }, ct) ?? throw Account.Gone();
    }
}
