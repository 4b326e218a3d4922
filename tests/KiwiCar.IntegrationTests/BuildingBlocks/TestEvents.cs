using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Events;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

[EventName("thing_happened")]
internal sealed record ThingHappened(int Writer, int Number) : IEvent;

[EventName("thing_ended")]
internal sealed record ThingEnded(string Why) : IEvent;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ThingHappened))]
[JsonSerializable(typeof(ThingEnded))]
internal sealed partial class TestEventsJson : JsonSerializerContext
{
    public static EventTypes Types => new([Default.ThingHappened, Default.ThingEnded]);
}
