using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Contracts;
using KiwiCar.Messaging;

namespace KiwiCar.Tests.Messaging;

/// <summary>A conversation to begin with.</summary>
internal static class Talks
{
    public static readonly Guid Listing = Guid.CreateVersion7(), Seller = Guid.CreateVersion7(), Buyer = Guid.CreateVersion7(), Stranger = Guid.CreateVersion7();
    public static readonly Guid Id = Conversation.IdOf(Listing, Buyer);
    public static readonly Guid First = Guid.CreateVersion7(), Second = Guid.CreateVersion7(), Third = Guid.CreateVersion7();

    public static readonly ListingCardInfo Corolla = new(Listing, Seller, "2020 Toyota Corolla", 25_000m, ListingStatus.ACTIVE, null, null, Version: 3);
    public static readonly ConversationStarted Started = new(Id, Listing, Seller, Buyer, ListingVersion: 3);

    public static Spec<Conversation> Given(params IEnumerable<IEvent> past) => new Spec<Conversation>(Conversation.Decider).Given(past);

    public static MessageSent FromBuyer(Guid message, bool rings = true) => new(Id, message, Listing, Buyer, Seller, "Is it still there?", rings);

    public static MessageSent FromSeller(Guid message, bool rings = true) => new(Id, message, Listing, Seller, Buyer, "It is.", rings);

    public static MessagesRead ReadBy(Guid reader, params Guid[] messages) => new(Id, reader, messages);
}
