using System.Text.Json.Nodes;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings;

/// <summary>What an advert said at a version beside what it says now: two points of its stream.</summary>
internal sealed class ListingHistory(EventStore store) : IListingHistory
{
    public async Task<IReadOnlyList<ListingChange>> ChangesSince(Guid id, long version, CancellationToken ct)
    {
        var (then, now) = (Listing.Decider.Initial, Listing.Decider.Initial);
        await foreach (var e in store.ReadStream(id, ct))
        {
            if (e.Data is not null) now = Listing.Decider.Evolve(now, e.Data);
            if (e.Version <= version) then = now;
        }
        return [.. Between(then, now)];
    }

    private static IEnumerable<ListingChange> Between(Listing then, Listing now)
    {
        if (then.Status != now.Status) yield return new("status", $"{then.Status}", $"{now.Status}");
        if (then.Price != now.Price) yield return new("price", then.Price, now.Price);
        if (now.SellerId == Guid.Empty) yield break; // the seller has left, and what the advert said with them: that is no change of the car
        var (old, current) = (then.Details, now.Details);
        if (old.Mileage != current.Mileage) yield return new("mileage", old.Mileage, current.Mileage);
        if (old.Description != current.Description) yield return new("description", old.Description, current.Description);
        if (old.Region != current.Region) yield return new("region", old.Region, current.Region);
        if (old.FuelType != current.FuelType) yield return new("fuelType", $"{old.FuelType}", $"{current.FuelType}");
        if (old.Transmission != current.Transmission) yield return new("transmission", $"{old.Transmission}", $"{current.Transmission}");
        if (old.BodyType != current.BodyType) yield return new("bodyType", old.BodyType, current.BodyType);
        if (old.Color != current.Color) yield return new("color", old.Color, current.Color);
        if (!old.Photos.Equals(current.Photos)) yield return new("photos", Ids(old.Photos), Ids(current.Photos));
    }

    private static JsonArray Ids(PhotoList photos) => [.. photos.Ids.Select(id => JsonValue.Create(id))];
}
