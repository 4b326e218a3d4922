using System.Globalization;
using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Messaging;

/// <summary>A conversation: its messages, the newest first, and what the advert says now that it did not say when the buyer first wrote.</summary>
internal static class GetConversation
{
    private const int Most = 100, Usual = 50;

    /// <param name="ListingChanges">Since the buyer's first message; empty where the advert says what it said then.</param>
    /// <param name="NextCursor">The <c>before</c> of the page with older messages; left out on the last.</param>
    public sealed record Response(
        Guid Id, Person OtherUser, Advert Listing, IReadOnlyList<ListingChange> ListingChanges, DateTimeOffset StartedAt, IReadOnlyList<Message> Data,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextCursor);

    public sealed record Advert(Guid Id, string Title, string? CoverImage, decimal? Price, ListingStatus? Status);

    /// <param name="Content">Empty where its author has closed their account.</param>
    public sealed record Message(Guid Id, Guid SenderId, Guid ReceiverId, string Content, bool IsFromMe, bool IsRead, DateTimeOffset CreatedAt);

    public sealed record Ask(long Before, int Limit);

    public static Ask Validate(Query q) => new(q.Whole("before", 1, int.MaxValue) ?? long.MaxValue, q.Whole("limit", 1, Most) ?? Usual);

    private const string Sql = """
        SELECT id, listingId, sellerId, buyerId, listingVersion, startedAt FROM conversations WHERE id = @id AND (buyerId = @me OR sellerId = @me);
        SELECT id, senderId, receiverId, content, isRead, createdAt, number FROM messages WHERE conversationId = @id AND number < @Before ORDER BY number DESC LIMIT @rows
        """;

    public static async Task<Ok<Response>> Handle(
        Guid id, Query query, CurrentUser user, IUserCards people, IListingCards listings, IListingHistory history, Database database, CancellationToken ct)
    {
        var ask = query.Read(Validate);
        var (conversation, rows) = await Read(id, user.Id, ask, database, ct);
        var page = rows.Take(ask.Limit).ToList();
        var other = user.Id == conversation.BuyerId ? conversation.SellerId : conversation.BuyerId;
        var cards = await listings.For([conversation.ListingId], ct);
        var card = cards.GetValueOrDefault(conversation.ListingId);
        var changes = card is null || conversation.ListingVersion == 0 || card.Version == conversation.ListingVersion ? [] : await history.ChangesSince(card.Id, conversation.ListingVersion, ct);
        var shown = GetConversations.Advert.Of(conversation.ListingId, cards);
        return TypedResults.Ok(new Response(
            id, Person.Of(other, await people.For([other], ct)), new(shown.Id, shown.Title, shown.CoverImage, card?.Price, card?.Status), changes, conversation.StartedAt,
            [.. page.Select(m => new Message(m.Id, m.SenderId, m.ReceiverId, m.Content, m.SenderId == user.Id, m.IsRead, m.CreatedAt))],
            rows.Count > page.Count ? page[^1].Number.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<(Row Conversation, List<MessageRow> Messages)> Read(Guid id, Guid me, Ask ask, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await using var results = await db.QueryMultiple(Sql, new { id, me, ask.Before, rows = ask.Limit + 1 }, ct);
        var conversation = await results.ReadSingleOrDefaultAsync<Row>() ?? throw Conversation.NotFound();
        return (conversation, (await results.ReadAsync<MessageRow>()).ToList());
    }

    private sealed class Row
    {
        public Guid ListingId { get; init; }
        public Guid SellerId { get; init; }
        public Guid BuyerId { get; init; }
        public long ListingVersion { get; init; }
        public DateTimeOffset StartedAt { get; init; }
    }

    private sealed class MessageRow
    {
        public Guid Id { get; init; }
        public Guid SenderId { get; init; }
        public Guid ReceiverId { get; init; }
        public string Content { get; init; } = "";
        public bool IsRead { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public long Number { get; init; }
    }
}
