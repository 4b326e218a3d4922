using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Alerts;

/// <summary>What somebody marked goes with them.</summary>
internal static class WhenAccountClosed
{
    public static readonly Reaction Reaction = new Reaction("alerts-when-account-closed").On<AccountClosed>(ForgetFavorites);

    private static Task ForgetFavorites(AccountClosed e, Recorded recorded, Scope scope, CancellationToken ct) => scope.Db.Execute("""
        DELETE a FROM price_alerts a JOIN favorites f ON f.id = a.favoriteId WHERE f.userId = @UserId;
        DELETE FROM favorites WHERE userId = @UserId
        """, new { e.UserId }, ct);
}
