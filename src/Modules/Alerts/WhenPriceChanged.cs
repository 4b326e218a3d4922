using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <summary>
/// Tells the watchers of an advert that it has become cheaper: at once, then in one mail for all that follows within a pause (decision 0060). Follows the
/// log and the events' own times, so a restart, or another host, changes no mail.
/// </summary>
internal sealed class WhenPriceChanged(EventStore store, IListingCards listings, Outbox outbox, AlertSettings settings, TimeProvider clock)
{
    private const int DueAtOnce = 1_000;
    private static readonly Table Alerts = new("price_alerts", "favoriteId");
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private const string Watchers = """
        SELECT f.id, f.userId, f.targetPrice, a.mailedAt, a.mailedPrice, a.dueAt, a.price
        FROM favorites f LEFT JOIN price_alerts a ON a.favoriteId = f.id WHERE f.listingId = @ListingId AND f.priceAlert ORDER BY f.id
        """;

    private const string DueSql = """
        SELECT a.favoriteId AS id, a.listingId, f.userId, f.targetPrice, a.mailedAt, a.mailedPrice, a.dueAt, a.price
        FROM price_alerts a LEFT JOIN favorites f ON f.id = a.favoriteId AND f.priceAlert WHERE a.dueAt <= @asOf ORDER BY a.dueAt LIMIT @most
        """;

    public Reaction Reaction => new Reaction("alerts-when-price-changed").On<PriceChanged>(MailWatchers)
        .On<Sold>((e, _, scope, ct) => ForgetWhatWaits(e.ListingId, scope, ct)).On<Removed>((e, _, scope, ct) => ForgetWhatWaits(e.ListingId, scope, ct))
        .On<SellerLeft>((e, _, scope, ct) => ForgetWhatWaits(e.ListingId, scope, ct)).Every(LookEvery, clock, MailWhatIsDue);

    public async Task MailWatchers(PriceChanged e, Recorded recorded, Scope scope, CancellationToken ct)
    {
        var watchers = (await scope.Db.Query<Watcher>(Watchers, new { e.ListingId }, ct)).Where(w => w.DueAt is not null || e.NewPrice < e.OldPrice).ToList();
        if (watchers.Count == 0) return;
        var asking = await Asking.Read(e.ListingId, store, ct);
        var change = new Change(e.OldPrice, e.NewPrice, asking.FloorBefore(recorded), recorded.At);
        var rows = new Writer([Alerts]);
        foreach (var watcher in watchers)
        {
            var (falls, after) = PriceAlert.Decide(watcher.Alert, watcher.TargetPrice, change, settings.Pause);
            if (after is not null && after != watcher.Alert) Keep(rows, watcher.Id, e.ListingId, after);
            if (watcher.UserId == asking.SellerId) continue;
            foreach (var (n, fall) in falls.Index())
                outbox.Add(scope.Writer, $"price-alert:{recorded.EventId}:{watcher.Id}:{n}", PriceAlertMail.Draft(watcher.UserId!.Value, e.ListingId, fall));
        }
        // At once: the next change of the batch reads them.
        foreach (var command in rows.Commands()) await scope.Db.Run(command, ct);
    }

    private async Task<bool> MailWhatIsDue(DateTimeOffset asOf, Scope scope, CancellationToken ct)
    {
        var due = (await scope.Db.Query<Watcher>(DueSql, new { asOf, most = DueAtOnce }, ct)).ToList();
        if (due.Count == 0) return false;
        var cards = await listings.For([.. due.Select(d => d.ListingId).Distinct()], ct);
        var (rows, falls) = (new Writer([Alerts]), new List<Fall>(1));
        foreach (var watcher in due)
        {
            falls.Clear();
            Keep(rows, watcher.Id, watcher.ListingId, watcher.Alert!.Settle(watcher.TargetPrice, falls));
            if (falls is [var fall] && watcher.UserId is { } user && user != cards.GetValueOrDefault(watcher.ListingId)?.SellerId)
                outbox.Add(scope.Writer, $"price-alert:{watcher.Id}:{watcher.DueAt:O}", PriceAlertMail.Draft(user, watcher.ListingId, fall));
        }
        foreach (var command in rows.Commands()) await scope.Db.Run(command, ct);
        return true;
    }

    private static Task ForgetWhatWaits(Guid listing, Scope scope, CancellationToken ct) =>
        scope.Db.Execute("DELETE FROM price_alerts WHERE listingId = @listing", new { listing }, ct);

    private static void Keep(Writer rows, Guid favorite, Guid listing, PriceAlert alert) => rows.Insert(Alerts.Name, favorite,
        ("listingId", listing), ("mailedAt", alert.MailedAt), ("mailedPrice", alert.MailedPrice), ("dueAt", alert.DueAt), ("price", alert.Price));

    private sealed class Watcher
    {
        public Guid Id { get; init; }
        public Guid ListingId { get; init; }
        public Guid? UserId { get; init; }
        public decimal? TargetPrice { get; init; }
        public DateTimeOffset? MailedAt { get; init; }
        public decimal? MailedPrice { get; init; }
        public DateTimeOffset? DueAt { get; init; }
        public decimal? Price { get; init; }

        public PriceAlert? Alert => MailedAt is { } at ? new(at, MailedPrice!.Value, DueAt, Price!.Value) : null;
    }
}
