using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <summary>Tells everybody who has marked an advert that the car was sold; once a sale.</summary>
internal sealed class WhenSold(EventStore store, IMailReceivers people, Outbox outbox, AlertMails mails)
{
    public Reaction Reaction => new Reaction("alerts-when-sold").On<Sold>(MailWatchers);

    public async Task MailWatchers(Sold e, Recorded recorded, Scope scope, CancellationToken ct)
    {
        var watchers = (await scope.Db.Query<(Guid Id, Guid UserId)>("SELECT id, userId FROM favorites WHERE listingId = @ListingId", new { e.ListingId }, ct)).ToList();
        if (watchers.Count == 0) return;
        var asking = await Asking.Read(e.ListingId, store, ct);
        if (asking.IsOpen) return; // the sale fell through meanwhile
        var to = await people.For([.. watchers.Select(w => w.UserId)], MailKind.FavoriteSold, ct);
        foreach (var (favorite, user) in watchers)
            if (user != asking.SellerId && to.TryGetValue(user, out var receiver))
                outbox.Add(scope.Writer, $"listing-sold:{recorded.EventId}:{favorite}", mails.OfSale(receiver, e.ListingId, asking.Title));
    }
}
