namespace KiwiCar.Listings.Contracts;

/// <summary>The states of an advert; exact names, also in JSON and in the tables.</summary>
public enum ListingStatus { ACTIVE, SOLD, REMOVED, DRAFT }

/// <summary>What other modules show of a listing.</summary>
/// <param name="Title"><c>2020 Toyota Corolla</c></param>
/// <param name="CoverImage">Address of the first photo's thumbnail, where there is one.</param>
public sealed record ListingCardInfo(Guid Id, Guid SellerId, string Title, decimal Price, ListingStatus Status, string? CoverImage);

/// <summary>The question other modules may ask about listings; always for many at once.</summary>
public interface IListingCards
{
    /// <summary>The cards of those that exist, whatever their status.</summary>
    Task<IReadOnlyDictionary<Guid, ListingCardInfo>> For(IReadOnlyCollection<Guid> ids, CancellationToken ct);
}

/// <summary>What listings ask of whoever keeps favourites.</summary>
public interface IFavoriteCounts
{
    /// <summary>How many people have marked each; none = not in the answer.</summary>
    Task<IReadOnlyDictionary<Guid, int>> For(IReadOnlyCollection<Guid> listings, CancellationToken ct);
}
