using System.Globalization;
using System.Security.Cryptography;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;

namespace KiwiCar.Listings;

/// <summary>A listing's version as an entity tag: <c>"7"</c>; of a page, which shows more than the listing, <c>"7-3f0e7f5e"</c>: changes ask for the version alone.</summary>
internal static class ETag
{
    public static string Of(long version) => $"\"{version}\"";

    /// <param name="page">What the page shows, without what changes at every look.</param>
    public static string Of(long version, ReadOnlySpan<byte> page) => $"\"{version}-{Convert.ToHexStringLower(SHA256.HashData(page).AsSpan(0, 8))}\"";

    /// <summary>Whether the client has this page already (If-None-Match).</summary>
    public static bool IsKnown(HttpRequest request, string etag) => request.Headers.IfNoneMatch.Any(tags => tags is not null && (tags == "*" || tags.Contains(etag, StringComparison.Ordinal)));

    /// <summary>The version the client has seen (If-Match); null where it does not say, or says <c>*</c>.</summary>
    public static long? IfMatch(HttpRequest request)
    {
        string? given = request.Headers.IfMatch;
        if (given is null or "*") return null;
        return long.TryParse(given.Trim('"').Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw Rejection.PreconditionFailed("If-Match must be the ETag of a listing as you read it");
    }
}
