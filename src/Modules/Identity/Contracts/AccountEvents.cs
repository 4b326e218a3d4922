using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Events;

namespace KiwiCar.Identity.Contracts;

/// <summary>The person has left for good (stream type <c>account</c>, stream id = user id). What they wrote is unreadable from here on; whoever keeps something else of theirs lets go of it.</summary>
[EventName("account_closed")]
public sealed record AccountClosed(Guid UserId) : IEndsPerson
{
    [JsonIgnore]
    public Guid PersonId => UserId;
}

/// <summary>How the account events are read and written: source generated, camel case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AccountClosed))]
public sealed partial class AccountEventsJson : JsonSerializerContext;
