using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Messaging;

internal static class UnblockMember
{
    public static async Task<NoContent> Handle(Guid userId, CurrentUser user, Blocks blocks, CancellationToken ct)
    {
        await blocks.Unblock(user.Id, userId, ct);
        return TypedResults.NoContent();
    }
}
