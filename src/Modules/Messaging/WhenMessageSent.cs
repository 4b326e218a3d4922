using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Messaging;

/// <summary>
/// Tells the receiver that somebody has written: once a conversation, until they have read it; not at all where they have read it before the mail leaves.
/// What was written is not in the mail.
/// </summary>
internal sealed class WhenMessageSent(Outbox outbox, IMailReceivers receivers, IUserCards people, IListingCards listings, Database database, Settings settings) : IMailFinisher
{
    public static readonly MailTemplate Kind = new("new-message", Once: true);

    public Reaction Reaction => new Reaction("messaging-when-message-sent").On<MessageSent>(MailReceiver);

    public string Template => Kind.Name;

    private Task MailReceiver(MessageSent e, Recorded recorded, Scope scope, CancellationToken ct)
    {
        if (e.Rings) outbox.Add(scope.Writer, $"new-message:{recorded.EventId}", Mail.Draft($"{e.ReceiverId}", Kind.Name, ("message", $"{e.MessageId}")));
        return Task.CompletedTask;
    }

    public async ValueTask<Mail?> Finish(Mail draft, CancellationToken ct)
    {
        var (receiver, id) = (Guid.Parse(draft.To), Guid.Parse(draft.Data["message"]));
        if (!(await receivers.For([receiver], MailKind.NewMessages, ct)).TryGetValue(receiver, out var to)) return null;
        var message = await Find(id, ct) ?? throw new InvalidOperationException("The message is not in its table yet");
        if (message.IsRead) return null;
        if ((await people.For([message.SenderId], ct)).GetValueOrDefault(message.SenderId) is not { HasLeft: false, Nickname: var sender }) return null;
        var title = (await listings.For([message.ListingId], ct)).GetValueOrDefault(message.ListingId)?.Title ?? "a car";
        var url = $"{settings.FrontendUrl}/messages/{message.ConversationId}";
        var data = new Dictionary<string, string>(StringComparer.Ordinal) { ["senderName"] = sender, ["listingTitle"] = title, ["conversationUrl"] = url };
        return Mail.Of(to.Email, Kind.Name, $"{sender} wrote to you about the {title}", data,
            "Kia ora,", $"{sender} has written to you about the {title}. Read it, and answer, here:", url).WithUnsubscribe(to.UnsubscribeUrl);
    }

    private async Task<Message?> Find(Guid id, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return await db.Single<Message>("SELECT conversationId, senderId, listingId, isRead FROM messages WHERE id = @id", new { id }, ct);
    }

    private sealed class Message
    {
        public Guid ConversationId { get; init; }
        public Guid SenderId { get; init; }
        public Guid ListingId { get; init; }
        public bool IsRead { get; init; }
    }
}
