using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <summary>A fall to or below what a watcher waits for: one mail a favourite and change, with both prices as the event tells them.</summary>
internal sealed class WhenPriceChanged(IListingCards listings, IUserCards users, Outbox outbox, Settings settings)
{
    public const string Template = "price-alert";

    private const string Watchers = """
        SELECT id, userId FROM favorites
        WHERE listingId = @ListingId AND priceAlert AND (targetPrice IS NULL OR targetPrice >= @NewPrice)
        """;

    public Reaction Reaction => new Reaction("alerts-when-price-changed").On<PriceChanged>(MailWatchers);

    public async Task MailWatchers(PriceChanged e, Recorded recorded, Scope scope, CancellationToken ct)
    {
        if (e.NewPrice >= e.OldPrice) return;
        var watchers = (await scope.Db.Query<(Guid Id, Guid UserId)>(Watchers, new { e.ListingId, e.NewPrice }, ct)).ToList();
        if (watchers.Count == 0) return;
        var listing = (await listings.For([e.ListingId], ct)).GetValueOrDefault(e.ListingId)
            ?? throw new InvalidOperationException("The listing is not in its table yet"); // parked and tried again rather than lost
        if (listing.Status != ListingStatus.ACTIVE) return; // sold or taken down meanwhile: nothing left to hurry for
        var emails = await users.VerifiedEmails([.. watchers.Select(w => w.UserId)], ct);
        foreach (var (favorite, user) in watchers)
        {
            if (user != listing.SellerId && emails.TryGetValue(user, out var email))
                outbox.Add(scope.Writer, $"price-alert:{recorded.EventId}:{favorite}", Alert(email, e, listing));
        }
    }

    private Mail Alert(string to, PriceChanged e, ListingCardInfo listing)
    {
        var url = $"{settings.FrontendUrl}/buy/{e.ListingId}";
        var data = new Dictionary<string, string>
        {
            ["listingTitle"] = listing.Title, ["oldPrice"] = $"{e.OldPrice:0.##}", ["newPrice"] = $"{e.NewPrice:0.##}", ["listingUrl"] = url,
        };
        return Mail.Of(to, Template, $"Price drop: {listing.Title}, now ${e.NewPrice:#,0.##}", data,
            "Kia ora,", $"The {listing.Title} on your favourites went from ${e.OldPrice:#,0.##} to ${e.NewPrice:#,0.##}.", url);
    }
}
