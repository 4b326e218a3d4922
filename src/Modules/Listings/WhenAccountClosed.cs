using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;

namespace KiwiCar.Listings;

/// <summary>The seller's adverts come down, each by an event of its own, and their photos go. Done twice it does nothing more.</summary>
internal sealed class WhenAccountClosed(EventStore store, Progress progress, Database database, IImageStorage images)
{
    public Reaction Reaction => new Reaction("listings-when-account-closed").On<AccountClosed>(Withdraw);

    /// <summary>An advert that is down already, too: its text and photos must go as well.</summary>
    public static IEnumerable<ListingEvent> Decide(Listing state, Guid id, Guid seller)
    {
        if (state.SellerId == seller) yield return new SellerLeft(id);
    }

    // No advert of theirs comes after the event (its text would have needed their key), so all are in the table once that is as far.
    public async Task Withdraw(AccountClosed e, Recorded recorded, Scope scope, CancellationToken ct)
    {
        await progress.Of(ListingsProjection.Definition.Name).Reached(recorded.Position, ct);
        foreach (var id in await Ids("SELECT id FROM listings WHERE userId = @UserId", e, ct))
            await store.Transact(Listing.Decider, id, state => Decide(state, id, e.UserId), ct);
        foreach (var id in await Ids("SELECT id FROM uploads WHERE userId = @UserId", e, ct))
        {
            await images.Delete(PhotoKeys.Full(id), ct);
            await images.Delete(PhotoKeys.Thumb(id), ct);
        }
        await scope.Db.Execute("DELETE FROM uploads WHERE userId = @UserId; DELETE FROM upload_quotas WHERE userId = @UserId", new { e.UserId }, ct);
    }

    private async Task<List<Guid>> Ids(string sql, AccountClosed e, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return [.. await db.Query<Guid>(sql, new { e.UserId }, ct)];
    }
}
