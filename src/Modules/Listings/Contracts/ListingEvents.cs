using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Events;

namespace KiwiCar.Listings.Contracts;

/// <summary>What can happen to a listing (stream type <c>listing</c>, stream id = listing id). Names and fields are the storage format: add, never rename.</summary>
public abstract record ListingEvent : IEvent;

/// <summary>The seller kept an advert that is not finished: all it says so far, null where it says nothing yet. Nobody else sees it.</summary>
[EventName("draft_saved")]
public sealed record DraftSaved(
    Guid ListingId, [property: Person] Guid SellerId, string? PlateNumber, string? Make, string? Model, int? Year, int? Mileage, decimal? Price,
    [property: Personal] string? Description, string? Region, FuelType? FuelType, Transmission? Transmission, string? BodyType, string? Color, [property: Personal] string? Vin,
    IReadOnlyList<Guid> Photos) : ListingEvent
{
    /// <inheritdoc cref="ListingCreated.PhotoAddresses"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<Guid, string>? PhotoAddresses { get; init; }

    /// <inheritdoc cref="ListingCreated.AiDescription"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Personal]
    public string? AiDescription { get; init; }
}

/// <summary>The seller threw the draft away.</summary>
[EventName("draft_discarded")]
public sealed record DraftDiscarded(Guid ListingId) : ListingEvent;

/// <summary>The advert went public, with everything it said and its asking price in NZD including GST.</summary>
/// <param name="Photos">Upload ids in display order; the first is the cover. An imported advert may have none.</param>
[EventName("listing_created")]
public sealed record ListingCreated(
    Guid ListingId, [property: Person] Guid SellerId, string PlateNumber, string Make, string Model, int Year, int Mileage, decimal Price,
    [property: Personal] string Description, string Region, FuelType FuelType, Transmission Transmission, string BodyType, string Color, [property: Personal] string? Vin,
    IReadOnlyList<Guid> Photos) : ListingEvent
{
    /// <summary>Where the pictures of photos lie that were moved in, not uploaded: a web address, or the old stack's key. Null where none was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<Guid, string>? PhotoAddresses { get; init; }

    /// <summary>The text a generator made, where the seller kept it beside their own. Null where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Personal]
    public string? AiDescription { get; init; }
}

/// <summary>The seller corrected what the advert says; the whole new text, not a difference. The price has an event of its own.</summary>
[EventName("details_edited")]
public sealed record DetailsEdited(
    Guid ListingId, [property: Person] Guid SellerId, int Mileage, [property: Personal] string Description, string Region, FuelType FuelType,
    Transmission Transmission, string BodyType, string Color, IReadOnlyList<Guid> Photos) : ListingEvent
{
    /// <inheritdoc cref="ListingCreated.PhotoAddresses"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<Guid, string>? PhotoAddresses { get; init; }

    /// <inheritdoc cref="ListingCreated.AiDescription"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Personal]
    public string? AiDescription { get; init; }
}

/// <summary>The seller says that the mileage was lower than the advert told, and why. The new one is in the <see cref="DetailsEdited"/> that follows.</summary>
[EventName("mileage_corrected")]
public sealed record MileageCorrected(Guid ListingId, [property: Person] Guid SellerId, int OldMileage, int NewMileage, [property: Personal] string Reason) : ListingEvent;

/// <summary>The asking price moved.</summary>
[EventName("price_changed")]
public sealed record PriceChanged(Guid ListingId, decimal OldPrice, decimal NewPrice) : ListingEvent;

/// <summary>The car was sold.</summary>
/// <param name="AskingPrice">The price it was last offered at.</param>
/// <param name="SoldPrice">What was paid, where the seller tells.</param>
/// <param name="SoldOn">The day of the sale, where the seller tells; else the day of the event.</param>
[EventName("sold")]
public sealed record Sold(Guid ListingId, decimal AskingPrice, decimal? SoldPrice, DateOnly? SoldOn) : ListingEvent;

/// <summary>The seller took the advert down.</summary>
[EventName("removed")]
public sealed record Removed(Guid ListingId) : ListingEvent;

/// <summary>The seller closed their account: the advert is down for good, its text and photos are gone, its prices stay.</summary>
[EventName("seller_left")]
public sealed record SellerLeft(Guid ListingId) : ListingEvent;

/// <summary>The advert is open again: the sale fell through, or the seller changed their mind.</summary>
[EventName("relisted")]
public sealed record Relisted(Guid ListingId, decimal Price) : ListingEvent;

/// <summary>The fuels of the PRD; exact names, also in JSON and in the tables.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FuelType>))]
public enum FuelType { PETROL, DIESEL, HYBRID, ELECTRIC, OTHER }

/// <summary>The gearboxes of the PRD; exact names, also in JSON and in the tables.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Transmission>))]
public enum Transmission { AUTOMATIC, MANUAL }

/// <summary>How the listing events are read and written: source generated, camel case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DraftSaved))]
[JsonSerializable(typeof(DraftDiscarded))]
[JsonSerializable(typeof(ListingCreated))]
[JsonSerializable(typeof(DetailsEdited))]
[JsonSerializable(typeof(MileageCorrected))]
[JsonSerializable(typeof(PriceChanged))]
[JsonSerializable(typeof(Sold))]
[JsonSerializable(typeof(Removed))]
[JsonSerializable(typeof(Relisted))]
[JsonSerializable(typeof(SellerLeft))]
public sealed partial class ListingEventsJson : JsonSerializerContext;
