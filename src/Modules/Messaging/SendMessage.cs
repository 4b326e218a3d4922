using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Messaging;

/// <summary>A buyer writes to the seller of an advert, or the seller answers one who has written.</summary>
internal static class SendMessage
{
    public static readonly Limit Limit = new("message", Per.User, "30/1m");

    public sealed record Request(Guid ReceiverId, Guid ListingId, string Content);

    public sealed record Response(Guid Id, Guid ConversationId, Guid SenderId, Guid ReceiverId, Guid ListingId, string Content, bool IsRead, DateTimeOffset CreatedAt);

    public static Request Validate(Input body)
    {
        var request = new Request(body.Id("receiverId"), body.Id("listingId"), body.Text("content", 1, 2_000));
        if (request.Content.Length > 0 && string.IsNullOrWhiteSpace(request.Content)) body.Problem("content", "must not be blank");
        return request with { Content = request.Content.Trim() };
    }

    public static IEnumerable<ConversationEvent> Decide(Conversation state, Guid id, Guid sender, Request r, ListingCardInfo listing, Guid messageId)
    {
        if (sender != listing.SellerId && r.ReceiverId != listing.SellerId)
            throw Rejection.Forbidden("Messages about an advert go to its seller", "RECEIVER_NOT_SELLER");
        if (!state.HasStarted)
        {
            if (sender == listing.SellerId) throw Rejection.Forbidden("You can answer people who have written to you about this advert; this person has not", "RECEIVER_HAS_NOT_WRITTEN");
            if (listing.Status is not (ListingStatus.ACTIVE or ListingStatus.SOLD)) throw Rejection.NotFound("Listing not found");
            yield return new ConversationStarted(id, listing.Id, listing.SellerId, sender, listing.Version);
        }
        yield return new MessageSent(id, messageId, listing.Id, sender, r.ReceiverId, r.Content, Rings: (r.ReceiverId == listing.SellerId ? state.UnreadBySeller : state.UnreadByBuyer).IsEmpty);
    }

    public static async Task<Created<Response>> Handle(
        Input body, CurrentUser user, IListingCards listings, IUserCards people, Blocks blocks, IdempotencyKeys keys, EventStore store, Database database, TimeProvider clock, HttpRequest http, CancellationToken ct)
    {
        var request = body.Read(Validate);
        if (request.ReceiverId == user.Id) throw Rejection.Invalid("receiverId", "must be somebody else");
        var key = IdempotencyKey.Of(http, user, body);
        if (await keys.Find(key, ct) is { } before) return await AnswerAgain(before, key!, database, ct);

        var listing = (await listings.For([request.ListingId], ct)).GetValueOrDefault(request.ListingId);
        if (listing is not { Status: not ListingStatus.DRAFT }) throw Rejection.NotFound("Listing not found");
        var receiver = (await people.For([request.ReceiverId], ct)).GetValueOrDefault(request.ReceiverId) ?? throw Rejection.NotFound("There is no such person");
        if (receiver.HasLeft) throw Rejection.Conflict("RECEIVER_LEFT", "This person has closed their account");
        blocks.MustNotStandBetween(user.Id, request.ReceiverId);

        var now = clock.GetUtcNow();
        var id = Conversation.IdOf(listing.Id, buyer: user.Id == listing.SellerId ? request.ReceiverId : user.Id);
        var message = key?.StreamId ?? Guid.CreateVersion7(now);
        try
        {
            await store.Transact(Conversation.Decider, id, state => Decide(state, id, user.Id, request, listing, message), ct, also: key?.Name, at: now);
        }
        catch (NameTakenException) // the only name a conversation takes is the key
        {
            return await AnswerAgain(await keys.Find(key, ct) ?? throw IdempotencyKeys.Twin(), key!, database, ct);
        }
        return Answer(new(message, id, user.Id, request.ReceiverId, listing.Id, request.Content, false, now));
    }

    private static async Task<Created<Response>> AnswerAgain(Guid conversation, IdempotencyKey key, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var sent = await db.Single<Row>("SELECT senderId, receiverId, listingId, content, isRead, createdAt FROM messages WHERE id = @StreamId", new { key.StreamId }, ct) ?? throw IdempotencyKeys.Twin();
        return Answer(new(key.StreamId, conversation, sent.SenderId, sent.ReceiverId, sent.ListingId, sent.Content, sent.IsRead, sent.CreatedAt));
    }

    private static Created<Response> Answer(Response sent) => TypedResults.Created($"/api/messages/conversations/{sent.ConversationId}", sent);

    private sealed class Row
    {
        public Guid SenderId { get; init; }
        public Guid ReceiverId { get; init; }
        public Guid ListingId { get; init; }
        public string Content { get; init; } = "";
        public bool IsRead { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
    }
}
