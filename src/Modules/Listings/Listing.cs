using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings;

/// <summary>What the decisions about a listing need to remember; the read model has the rest.</summary>
/// <param name="Draft">What a draft says; null once it is public.</param>
internal sealed record Listing(ListingStatus? Status, Guid SellerId, Car Car, decimal Price, Details Details, Draft? Draft = null)
{
    public static readonly Decider<Listing> Decider = new("listing", new(null, Guid.Empty, Car.None, 0, Details.None), Evolve, Holds);

    private static Listing Evolve(Listing state, IEvent e) => e switch
    {
        DraftSaved x => state with { Status = ListingStatus.DRAFT, SellerId = x.SellerId, Draft = Draft.Of(x) },
        DraftDiscarded => Decider.Initial with { SellerId = state.SellerId },
        ListingCreated x => new(ListingStatus.ACTIVE, x.SellerId, Car.Of(x), x.Price, Details.Of(x)),
        DetailsEdited x => state with { Details = Details.Of(x) },
        PriceChanged x => state with { Price = x.NewPrice },
        Sold => state with { Status = ListingStatus.SOLD },
        Removed => state with { Status = ListingStatus.REMOVED },
        SellerLeft => state with { Status = ListingStatus.REMOVED, SellerId = Guid.Empty, Details = Details.None, Draft = null },
        Relisted => state with { Status = ListingStatus.ACTIVE },
        _ => state,
    };

    /// <summary>The photos it shows, advert or draft.</summary>
    public IReadOnlyList<Guid> Photos => (Draft?.Photos ?? Details.Photos).Ids;

    // One open advert for a car and seller. Another seller's advert of the same car is theirs to place.
    private static IEnumerable<string> Holds(Listing state) => state.Status is ListingStatus.ACTIVE ? [$"advert:{state.SellerId:N}:{state.Car.PlateNumber}"] : [];

    public void MustBelongTo(Guid user)
    {
        if (Status is null || (Status is ListingStatus.DRAFT && SellerId != user)) throw Rejection.NotFound("Listing not found"); // of drafts others know nothing
        if (SellerId != user) throw Rejection.Forbidden("Only the seller may change a listing");
    }

    public Draft MustBeDraftOf(Guid user)
    {
        MustBelongTo(user);
        return Draft ?? throw Rejection.Conflict("NOT_A_DRAFT", "This advert has been published; change it by PUT /api/listings/{id}");
    }

    public void MustBeOpenFor(Guid user)
    {
        MustBelongTo(user);
        if (Status is ListingStatus.SOLD or ListingStatus.REMOVED)
            throw Rejection.Conflict("LISTING_CLOSED", "The listing is closed. Set its status to ACTIVE first.");
    }
}

/// <summary>Which car it is: fixed once the advert is public, since people have marked and asked about that car.</summary>
internal sealed record Car(string PlateNumber, string Make, string Model, int Year, string? Vin)
{
    public static readonly Car None = new("", "", "", 0, null);

    public static Car Of(ListingCreated x) => new(x.PlateNumber, x.Make, x.Model, x.Year, x.Vin);
}

/// <summary>What the seller may correct at any time.</summary>
internal sealed record Details(
    int Mileage, string Description, string? AiDescription, string Region, FuelType FuelType, Transmission Transmission, string BodyType, string Color, PhotoList Photos)
{
    public static readonly Details None = new(0, "", null, "", default, default, "", "", new([]));

    public static Details Of(ListingCreated x) =>
        new(x.Mileage, x.Description, x.AiDescription, x.Region, x.FuelType, x.Transmission, x.BodyType, x.Color, new(x.Photos, x.PhotoAddresses));

    public static Details Of(DetailsEdited x) =>
        new(x.Mileage, x.Description, x.AiDescription, x.Region, x.FuelType, x.Transmission, x.BodyType, x.Color, new(x.Photos, x.PhotoAddresses));

    public DetailsEdited Edited(Guid id, Guid seller) => new(id, seller, Mileage, Description, Region, FuelType, Transmission, BodyType, Color, Photos.Ids)
    {
        AiDescription = AiDescription, PhotoAddresses = Photos.Addresses,
    };
}

/// <summary>Photos in display order, compared by value.</summary>
/// <param name="Addresses">Of those that were moved in, where their pictures lie.</param>
internal sealed record PhotoList(IReadOnlyList<Guid> Ids, IReadOnlyDictionary<Guid, string>? Addresses = null)
{
    /// <summary>These photos instead; those that stay keep their addresses.</summary>
    public PhotoList With(IReadOnlyList<Guid> ids)
    {
        var kept = ids.Where(id => Addresses?.ContainsKey(id) == true).ToDictionary(id => id, id => Addresses![id]);
        return new(ids, kept.Count > 0 ? kept : null);
    }

    public bool Equals(PhotoList? other) => other is not null && Ids.SequenceEqual(other.Ids);

    public override int GetHashCode() => Ids.Count == 0 ? 0 : HashCode.Combine(Ids.Count, Ids[0]);
}
