using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Messaging;

/// <summary>Conversation events → <c>conversations</c>, <c>messages</c>.</summary>
internal static class ConversationsProjection
{
    public static readonly Projection Definition = new Projection("conversations", [new("conversations"), new("messages")], Resource.Text(typeof(MessagingModule), "Tables.sql"))
        .On<ConversationStarted>(Insert)
        .On<MessageSent>(Add)
        .On<MessagesRead>((e, _, db) => { foreach (var id in e.MessageIds) db.Update("messages", id, ("isRead", true)); })
        // After it a row written live holds what a replay makes, which can no longer read the text.
        .On<AccountClosed>((e, _, db) => db.UpdateWhere("messages", "senderId", e.UserId, ("content", "")));

    private static void Insert(ConversationStarted e, Recorded r, Writer db) => db.Insert("conversations", e.ConversationId,
        ("listingId", e.ListingId), ("sellerId", e.SellerId), ("buyerId", e.BuyerId), ("listingVersion", e.ListingVersion), ("startedAt", r.At), ("lastMessageId", null), ("lastMessageAt", r.At));

    private static void Add(MessageSent e, Recorded r, Writer db)
    {
        db.Insert("messages", e.MessageId,
            ("senderId", e.SenderId), ("receiverId", e.ReceiverId), ("listingId", e.ListingId), ("content", e.Content), ("isRead", false), ("createdAt", r.At),
            ("conversationId", e.ConversationId), ("number", r.Version));
        db.Update("conversations", e.ConversationId, ("lastMessageId", e.MessageId), ("lastMessageAt", r.At));
    }
}
