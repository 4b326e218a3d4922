using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Messaging;

/// <summary>No more messages from somebody. What they have written stays; doing it twice is doing it once.</summary>
internal static class BlockMember
{
    public static async Task<NoContent> Handle(Guid userId, CurrentUser user, IUserCards people, Blocks blocks, CancellationToken ct)
    {
        if (userId == user.Id) throw Rejection.BadRequest("You cannot block yourself");
        if (!(await people.For([userId], ct)).ContainsKey(userId)) throw Rejection.NotFound("There is no such person");
        await blocks.Block(user.Id, userId, ct);
        return TypedResults.NoContent();
    }
}
