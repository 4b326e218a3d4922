using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.Listings.Images;

namespace KiwiCar.Listings.Search;

/// <summary>
/// The addresses of the index's cover pictures. The index has their ids only; those that were moved in have an address of their own, which is
/// kept here, in some 60 bytes each: of <c>https://cdn.example/images/{uuid}.webp</c> all but the UUID is one text for all.
/// </summary>
internal sealed class Covers(IImageStorage images)
{
    private const int LengthOfId = 36;
    private readonly ConcurrentDictionary<Guid, Address> elsewhere = new();
    private readonly ConcurrentDictionary<string, string> texts = new(StringComparer.Ordinal);

    public void Remember(Guid photo, string? address)
    {
        if (address is not null) elsewhere[photo] = Split(address);
    }

    public string Thumbnail(Guid photo) => elsewhere.TryGetValue(photo, out var address)
        ? images.AddressOf(address.File is { } file ? $"{address.Before}{file:D}{address.After}" : address.Before)
        : images.UrlOf(PhotoKeys.Thumb(photo));

    private Address Split(string address)
    {
        for (var at = address.Length - LengthOfId; at >= 0; at--)
        {
            if (Guid.TryParseExact(address.AsSpan(at, LengthOfId), "D", out var file) && address.AsSpan(at, LengthOfId).SequenceEqual($"{file:D}"))
                return new(One(address[..at]), file, One(address[(at + LengthOfId)..]));
        }
        return new(address, null, "");
    }

    private string One(string text) => texts.GetOrAdd(text, text);

    private readonly record struct Address(string Before, Guid? File, string After);
}
