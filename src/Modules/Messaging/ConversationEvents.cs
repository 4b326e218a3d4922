using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Events;

namespace KiwiCar.Messaging;

/// <summary>What can happen in a conversation (stream type <c>conversation</c>). Names and fields are the storage format: add, never rename.</summary>
internal abstract record ConversationEvent : IEvent;

/// <summary>A buyer wrote about an advert for the first time.</summary>
/// <param name="ListingVersion">The advert's version then: what the buyer had read. 0 where it is not known (moved in).</param>
[EventName("conversation_started")]
internal sealed record ConversationStarted(Guid ConversationId, Guid ListingId, Guid SellerId, Guid BuyerId, long ListingVersion) : ConversationEvent;

/// <summary>One of the two wrote to the other.</summary>
/// <param name="Rings">Whether the receiver is to be told by mail: they had read all before it.</param>
[EventName("message_sent")]
internal sealed record MessageSent(
    Guid ConversationId, Guid MessageId, Guid ListingId, [property: Person] Guid SenderId, Guid ReceiverId, [property: Personal] string Content, bool Rings) : ConversationEvent;

/// <summary>The receiver has seen these messages.</summary>
[EventName("messages_read")]
internal sealed record MessagesRead(Guid ConversationId, Guid ReaderId, IReadOnlyList<Guid> MessageIds) : ConversationEvent;

/// <summary>How the conversation events are read and written: source generated, camel case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ConversationStarted))]
[JsonSerializable(typeof(MessageSent))]
[JsonSerializable(typeof(MessagesRead))]
internal sealed partial class ConversationEventsJson : JsonSerializerContext;
