using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Messaging;

/// <summary>Tells the receiver that somebody has written: once a conversation, until they have read it. What was written is not in the mail.</summary>
internal sealed class WhenMessageSent(IListingCards listings, IUserCards people, IMailReceivers receivers, Outbox outbox, Settings settings)
{
    public static readonly MailTemplate Template = new("new-message", Once: true);

    public Reaction Reaction => new Reaction("messaging-when-message-sent").On<MessageSent>(MailReceiver);

    public async Task MailReceiver(MessageSent e, Recorded recorded, Scope scope, CancellationToken ct)
    {
        if (!e.Rings || !(await receivers.For([e.ReceiverId], MailKind.NewMessages, ct)).TryGetValue(e.ReceiverId, out var to)) return;
        var sender = (await people.For([e.SenderId], ct)).GetValueOrDefault(e.SenderId);
        if (sender is not { HasLeft: false }) return;
        var title = (await listings.For([e.ListingId], ct)).GetValueOrDefault(e.ListingId)?.Title ?? "a car";
        outbox.Add(scope.Writer, $"new-message:{recorded.EventId}", MailOf(to, e, sender.Nickname, title));
    }

    private Mail MailOf(MailReceiver to, MessageSent e, string sender, string title)
    {
        var url = $"{settings.FrontendUrl}/messages/{e.ConversationId}";
        var data = new Dictionary<string, string>(StringComparer.Ordinal) { ["senderName"] = sender, ["listingTitle"] = title, ["conversationUrl"] = url };
        return Mail.Of(to.Email, Template.Name, $"{sender} wrote to you about the {title}", data,
            "Kia ora,", $"{sender} has written to you about the {title}. Read it, and answer, here:", url).WithUnsubscribe(to.UnsubscribeUrl);
    }
}
