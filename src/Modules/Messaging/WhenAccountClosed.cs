using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Messaging;

/// <summary>Whom they had blocked goes with them, and who had blocked them. What they wrote goes by the projection.</summary>
internal static class WhenAccountClosed
{
    public static readonly Reaction Reaction = new Reaction("messaging-when-account-closed").On<AccountClosed>(ForgetBlocks);

    private static Task ForgetBlocks(AccountClosed e, Recorded recorded, Scope scope, CancellationToken ct) =>
        scope.Db.Execute("DELETE FROM member_blocks WHERE blockerId = @UserId; DELETE FROM member_blocks WHERE blockedId = @UserId", new { e.UserId }, ct);
}
