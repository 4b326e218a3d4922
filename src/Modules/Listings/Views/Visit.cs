using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;

namespace KiwiCar.Listings.Views;

/// <summary>Somebody opened an advert's page.</summary>
/// <param name="Who">The account; of guests address (of IPv6 the network) and browser.</param>
internal readonly record struct Visit(Guid ListingId, string Who, string? Browser)
{
    public static Visit Of(Guid listing, CurrentUser? viewer, HttpContext http) => viewer is not null
        ? new(listing, viewer.Id.ToString("N"), null)
        : new(listing, ClientAddress.KeyOf(http), http.Request.Headers.UserAgent.ToString());

    /// <summary>A page that a browser fetches in case it may be wanted is not looked at.</summary>
    public static bool IsForLater(HttpRequest request) =>
        request.Headers["Sec-Purpose"].ToString().StartsWith("prefetch", StringComparison.Ordinal) || request.Headers["Purpose"] == "prefetch";

    /// <summary>Whether it is a program that looks at everything: the crawlers of search engines, link previews, monitors, harvesters.</summary>
    public bool IsBot => Browser is { Length: > 0 } && Visitors.Bots().IsMatch(Browser);

    /// <summary>
    /// The visitor of this advert as a number; of one person it is another one for each advert and day, so the numbers tell of nobody's ways.
    /// A number, because Redis keeps sets of numbers in 8 bytes each.
    /// </summary>
    public long Visitor(DateOnly day)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{day:O} {ListingId:N} {Who} {Browser}"), hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }
}

internal static partial class Visitors
{
    // By what they say of themselves; who lies is still counted once a day only. A Cubot is a telephone.
    [GeneratedRegex(
        @"(?<!\bcu)bot(\b|[\d_])|crawl|spider|slurp|archiver|facebookexternalhit|facebookcatalog|whatsapp|preview|embedly|mediapartners|adsbot|lighthouse|pagespeed|headless|phantomjs"
        + @"|monitor|uptime|pingdom|statuscake|scrapy|python-requests|python-urllib|aiohttp|httpx|go-http-client|libwww|wget|apache-httpclient|java/\d|ahrefs|semrush|dataprovider|feedfetcher|validator",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    public static partial Regex Bots();
}
