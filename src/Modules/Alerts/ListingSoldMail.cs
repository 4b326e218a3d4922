using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <summary>"It was sold." Where the sale fell through before the mail has left, there is none.</summary>
internal sealed class ListingSoldMail(IMailReceivers people, IListingCards listings, EventStore store, Settings settings) : IMailFinisher
{
    public static readonly MailTemplate Kind = new("listing-sold", Once: true);

    public string Template => Kind.Name;

    public static Mail Draft(Guid to, Guid listing) => Mail.Draft($"{to}", Kind.Name, ("listing", $"{listing}"));

    public async ValueTask<Mail?> Finish(Mail draft, CancellationToken ct)
    {
        var (user, listing) = (Guid.Parse(draft.To), Guid.Parse(draft.Data["listing"]));
        if (!(await people.For([user], MailKind.FavoriteSold, ct)).TryGetValue(user, out var to)) return null;
        if ((await Asking.Read(listing, store, ct)).IsOnSale) return null;
        if ((await listings.For([listing], ct)).GetValueOrDefault(listing) is not { } car) return null;
        var url = $"{settings.FrontendUrl}/buy/{listing}";
        return Mail.Of(to.Email, Kind.Name, $"Sold: {car.Title}", new Dictionary<string, string>(StringComparer.Ordinal) { ["listingTitle"] = car.Title, ["listingUrl"] = url },
            "Kia ora,", $"The {car.Title} on your favourites was sold.", "Others like it are here:", url).WithUnsubscribe(to.UnsubscribeUrl);
    }
}
