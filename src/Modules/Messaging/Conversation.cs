using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Messaging;

/// <summary>What the decisions about a conversation need to remember. There is one a listing and buyer; both sides know it by the same id.</summary>
/// <param name="UnreadBySeller">The messages the seller has not read yet, the oldest first; so for the buyer.</param>
internal sealed record Conversation(Guid SellerId, Guid BuyerId, ImmutableList<Guid> UnreadBySeller, ImmutableList<Guid> UnreadByBuyer)
{
    public static readonly Decider<Conversation> Decider = new("conversation", new(Guid.Empty, Guid.Empty, [], []), Evolve, IsBusy: true);

    /// <summary>The id follows from whom and what it is about: two first messages at once begin one conversation.</summary>
    public static Guid IdOf(Guid listing, Guid buyer) => new(SHA256.HashData(Encoding.UTF8.GetBytes($"conversation:{listing:N}:{buyer:N}")).AsSpan(0, 16));

    public bool HasStarted => BuyerId != Guid.Empty;

    public ImmutableList<Guid> UnreadBy(Guid person) => person == SellerId ? UnreadBySeller : UnreadByBuyer;

    /// <summary>Of other people's conversations nobody learns that there are any.</summary>
    public void MustInclude(Guid person)
    {
        if (!HasStarted || (person != SellerId && person != BuyerId)) throw NotFound();
    }

    public static Rejection NotFound() => Rejection.NotFound("Conversation not found");

    private static Conversation Evolve(Conversation state, IEvent e) => e switch
    {
        ConversationStarted x => state with { SellerId = x.SellerId, BuyerId = x.BuyerId },
        MessageSent x when x.ReceiverId == state.SellerId => state with { UnreadBySeller = state.UnreadBySeller.Add(x.MessageId) },
        MessageSent x => state with { UnreadByBuyer = state.UnreadByBuyer.Add(x.MessageId) },
        MessagesRead x when x.ReaderId == state.SellerId => state with { UnreadBySeller = state.UnreadBySeller.RemoveRange(x.MessageIds) },
        MessagesRead x => state with { UnreadByBuyer = state.UnreadByBuyer.RemoveRange(x.MessageIds) },
        _ => state,
    };
}
