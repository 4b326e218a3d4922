using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Alerts;

/// <summary>What favourites write to people. Nobody gets one twice.</summary>
internal sealed class AlertMails(Settings settings)
{
    public const string PriceAlert = "price-alert", ListingSold = "listing-sold";

    public static readonly IReadOnlyList<MailTemplate> Templates = [new(PriceAlert, Once: true), new(ListingSold, Once: true)];

    public Mail OfFall(MailReceiver to, Guid listing, string title, Fall fall)
    {
        var url = UrlOf(listing);
        var data = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["listingTitle"] = title, ["oldPrice"] = $"{fall.From:0.##}", ["newPrice"] = $"{fall.To:0.##}", ["listingUrl"] = url,
        };
        return Mail.Of(to.Email, PriceAlert, $"Price drop: {title}, now ${fall.To:#,0.##}", data,
            "Kia ora,", $"The {title} on your favourites went from ${fall.From:#,0.##} to ${fall.To:#,0.##}.", url).WithUnsubscribe(to.UnsubscribeUrl);
    }

    public Mail OfSale(MailReceiver to, Guid listing, string title)
    {
        var url = UrlOf(listing);
        return Mail.Of(to.Email, ListingSold, $"Sold: {title}", new Dictionary<string, string>(StringComparer.Ordinal) { ["listingTitle"] = title, ["listingUrl"] = url },
            "Kia ora,", $"The {title} on your favourites was sold.", "Others like it are here:", url).WithUnsubscribe(to.UnsubscribeUrl);
    }

    private string UrlOf(Guid listing) => $"{settings.FrontendUrl}/buy/{listing}";
}
