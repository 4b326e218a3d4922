using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Messaging;

/// <summary>One's conversations, as buyer and as seller, the latest message first.</summary>
internal static class GetConversations
{
    private const int Most = 100;

    /// <param name="NextCursor">The <c>before</c> of the next page; left out on the last.</param>
    public sealed record Response(IReadOnlyList<Entry> Data, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextCursor);

    public sealed record Entry(Guid Id, Person OtherUser, Advert Listing, LastMessage LastMessage, int UnreadCount);

    /// <param name="CoverImage">Null also where the advert is taken down.</param>
    public sealed record Advert(Guid Id, string Title, string? CoverImage)
    {
        public static Advert Of(Guid id, IReadOnlyDictionary<Guid, ListingCardInfo> cards) => cards.GetValueOrDefault(id) is { } card
            ? new(id, card.Title, card.Status is ListingStatus.ACTIVE or ListingStatus.SOLD ? card.CoverImage : null) : new(id, "", null);
    }

    /// <param name="Content">Empty where its author has closed their account.</param>
    public sealed record LastMessage(string Content, DateTimeOffset CreatedAt, bool IsFromMe);

    public sealed record Ask(RowCursor? Before, int Limit);

    public static Ask Validate(Query q) => new(q.Cursor("before"), q.Whole("limit", 1, Most) ?? Most);

    // Each side's from its own index, as many as could be on the page.
    private static string Sql(bool goesOn, int rows)
    {
        var after = goesOn ? " AND (lastMessageAt < @At OR (lastMessageAt = @At AND id < @Id))" : "";
        string Side(string column) => $"(SELECT id, listingId, sellerId, buyerId, lastMessageId, lastMessageAt FROM conversations WHERE `{column}` = @me{after} ORDER BY lastMessageAt DESC, id DESC LIMIT {rows})";
        return $"""
            SELECT c.id, c.listingId, c.sellerId, c.buyerId, c.lastMessageAt, m.content, m.senderId FROM ({Side("buyerId")} UNION ALL {Side("sellerId")}) c
            JOIN messages m ON m.id = c.lastMessageId ORDER BY c.lastMessageAt DESC, c.id DESC LIMIT {rows};
            SELECT conversationId, COUNT(*) FROM messages WHERE receiverId = @me AND isRead = FALSE GROUP BY conversationId
            """;
    }

    public static async Task<Ok<Response>> Handle(Query query, CurrentUser user, IUserCards people, IListingCards listings, Database database, CancellationToken ct)
    {
        var ask = query.Read(Validate);
        var (rows, unread) = await Read(ask, user.Id, database, ct);
        var page = rows.Take(ask.Limit).ToList();
        var others = await people.For([.. page.Select(r => r.Other(user.Id)).Distinct()], ct);
        var cards = await listings.For([.. page.Select(r => r.ListingId).Distinct()], ct);
        return TypedResults.Ok(new Response(
            [.. page.Select(r => new Entry(r.Id, Person.Of(r.Other(user.Id), others), Advert.Of(r.ListingId, cards), new(r.Content, r.LastMessageAt, r.SenderId == user.Id), unread.GetValueOrDefault(r.Id)))],
            rows.Count > page.Count ? new RowCursor(page[^1].LastMessageAt, page[^1].Id).ToString() : null));
    }

    private static async Task<(List<Row> Rows, Dictionary<Guid, int> Unread)> Read(Ask ask, Guid me, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await using var results = await db.QueryMultiple(Sql(ask.Before is not null, ask.Limit + 1), new { me, ask.Before?.At, ask.Before?.Id }, ct);
        var rows = (await results.ReadAsync<Row>()).ToList();
        return (rows, (await results.ReadAsync<(Guid Id, long Count)>()).ToDictionary(r => r.Id, r => (int)r.Count));
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid ListingId { get; init; }
        public Guid SellerId { get; init; }
        public Guid BuyerId { get; init; }
        public DateTimeOffset LastMessageAt { get; init; }
        public string Content { get; init; } = "";
        public Guid SenderId { get; init; }

        public Guid Other(Guid me) => me == BuyerId ? SellerId : BuyerId;
    }
}
