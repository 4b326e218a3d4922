using System.Text.Json.Nodes;

namespace KiwiCar.Listings.Contracts;

/// <summary>The states of an advert; exact names, also in JSON and in the tables.</summary>
public enum ListingStatus { ACTIVE, SOLD, REMOVED, DRAFT }

/// <summary>What other modules show of a listing.</summary>
/// <param name="Title"><c>2020 Toyota Corolla</c></param>
/// <param name="CoverImage">Address of the first photo's thumbnail, where there is one.</param>
/// <param name="PreviousPrice">The last other price that was asked for a day or more; null where there was none.</param>
/// <param name="Version">Of its stream: which state of the advert this is.</param>
public sealed record ListingCardInfo(Guid Id, Guid SellerId, string Title, decimal Price, ListingStatus Status, string? CoverImage, decimal? PreviousPrice, long Version);

/// <summary>The question other modules may ask about listings; always for many at once.</summary>
public interface IListingCards
{
    /// <summary>The cards of those that exist, whatever their status.</summary>
    Task<IReadOnlyDictionary<Guid, ListingCardInfo>> For(IReadOnlyCollection<Guid> ids, CancellationToken ct);
}

/// <summary>Something an advert says that it did not say before.</summary>
/// <param name="Field">As in the advert's JSON: <c>price</c>, <c>description</c>, <c>status</c> …</param>
public sealed record ListingChange(string Field, JsonNode? From, JsonNode? To);

/// <summary>What became of an advert since somebody looked at it.</summary>
public interface IListingHistory
{
    /// <summary>What it says now and did not say at this version of its stream; none where it says the same.</summary>
    Task<IReadOnlyList<ListingChange>> ChangesSince(Guid id, long version, CancellationToken ct);
}

/// <summary>What listings ask of whoever keeps favourites.</summary>
public interface IFavoriteCounts
{
    /// <summary>How many people have marked each; none = not in the answer.</summary>
    Task<IReadOnlyDictionary<Guid, int>> For(IReadOnlyCollection<Guid> listings, CancellationToken ct);
}
