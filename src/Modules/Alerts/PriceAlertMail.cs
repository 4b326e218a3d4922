using System.Globalization;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <summary>"It costs less now." Who has left, has unsubscribed or reads of a car that was sold meanwhile gets none.</summary>
internal sealed class PriceAlertMail(IMailReceivers people, IListingCards listings, EventStore store, Settings settings) : IMailFinisher
{
    public static readonly MailTemplate Kind = new("price-alert", Once: true);

    public string Template => Kind.Name;

    public static Mail Draft(Guid to, Guid listing, Fall fall) => Mail.Draft($"{to}", Kind.Name, ("listing", $"{listing}"), ("oldPrice", Amount(fall.From)), ("newPrice", Amount(fall.To)));

    public async ValueTask<Mail?> Finish(Mail draft, CancellationToken ct)
    {
        var (user, listing) = (Guid.Parse(draft.To), Guid.Parse(draft.Data["listing"]));
        if (!(await people.For([user], MailKind.PriceAlerts, ct)).TryGetValue(user, out var to)) return null;
        if (!(await Asking.Read(listing, store, ct)).IsOnSale) return null;
        if ((await listings.For([listing], ct)).GetValueOrDefault(listing) is not { } car) return null;
        var (from, now, url) = (draft.Data["oldPrice"], draft.Data["newPrice"], $"{settings.FrontendUrl}/buy/{listing}");
        var data = new Dictionary<string, string>(StringComparer.Ordinal) { ["listingTitle"] = car.Title, ["oldPrice"] = from, ["newPrice"] = now, ["listingUrl"] = url };
        return Mail.Of(to.Email, Kind.Name, $"Price drop: {car.Title}, now {Dollars(now)}", data,
            "Kia ora,", $"The {car.Title} on your favourites went from {Dollars(from)} to {Dollars(now)}.", url).WithUnsubscribe(to.UnsubscribeUrl);
    }

    private static string Amount(decimal price) => price.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Dollars(string amount) => "$" + decimal.Parse(amount, CultureInfo.InvariantCulture).ToString("#,0.##", CultureInfo.InvariantCulture);
}
