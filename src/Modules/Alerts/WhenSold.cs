using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <summary>Tells everybody who has marked an advert that the car was sold; once a sale.</summary>
internal sealed class WhenSold(EventStore store, Outbox outbox)
{
    public Reaction Reaction => new Reaction("alerts-when-sold").On<Sold>(MailWatchers);

    public async Task MailWatchers(Sold e, Recorded recorded, Scope scope, CancellationToken ct)
    {
        var watchers = (await scope.Db.Query<(Guid Id, Guid UserId)>("SELECT id, userId FROM favorites WHERE listingId = @ListingId", new { e.ListingId }, ct)).ToList();
        if (watchers.Count == 0) return;
        var seller = (await Asking.Read(e.ListingId, store, ct)).SellerId;
        foreach (var (favorite, user) in watchers)
            if (user != seller) outbox.Add(scope.Writer, $"listing-sold:{recorded.EventId}:{favorite}", ListingSoldMail.Draft(user, e.ListingId));
    }
}
