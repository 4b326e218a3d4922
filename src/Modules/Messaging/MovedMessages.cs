using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Messaging;

/// <summary>
/// The messages of the Node stack as conversations, with their ids and times: one a listing and buyer. What was unread there is unread here; nobody is
/// mailed about it. Which version of the advert the buyer had read is not known.
/// </summary>
internal sealed class MovedMessages(EventStore store, IUserCards people, IListingCards listings) : IDumpTable
{
    private const int AtOnce = 200, Longest = 20_000;

    public string Name => "messages";

    public IReadOnlyList<string> Columns => ["id", "senderId", "receiverId", "listingId", "content", "isRead", "createdAt"];

    public bool AfterListings => true;

    // A conversation's messages may stand anywhere in the file.
    public int RowsAtOnce => int.MaxValue;

    public async Task<IReadOnlyList<RowOutcome>> Take(IReadOnlyList<DumpRow> rows, CancellationToken ct)
    {
        var outcomes = new RowOutcome[rows.Count];
        var conversations = new Dictionary<Guid, Moving>();
        foreach (var some in rows.Index().Chunk(1_000))
        {
            var known = await people.For([.. some.SelectMany(r => new[] { r.Item.Id("senderId"), r.Item.Id("receiverId") }).OfType<Guid>().Distinct()], ct);
            var cards = await listings.For([.. some.Select(r => r.Item.Id("listingId")).OfType<Guid>().Distinct()], ct);
            foreach (var (i, row) in some)
                if (WhyNot(row, known, cards) is { } why) outcomes[i] = new RowOutcome(why);
                else Sort(i, row, cards[row.Id("listingId")!.Value], conversations);
        }
        foreach (var some in conversations.Chunk(AtOnce))
        {
            var begun = await store.AppendMany(Conversation.Decider.StreamType, [.. some.Select(c => new History(c.Key, c.Value.Events(c.Key)))], ct);
            foreach (var (id, conversation) in some)
                foreach (var (i, _) in conversation.Rows) outcomes[i] = begun.Contains(id) ? RowOutcome.Taken : RowOutcome.There;
        }
        return outcomes;
    }

    private static void Sort(int i, DumpRow row, ListingCardInfo listing, Dictionary<Guid, Moving> conversations)
    {
        var (sender, receiver) = (row.Id("senderId")!.Value, row.Id("receiverId")!.Value);
        var buyer = sender == listing.SellerId ? receiver : sender;
        var id = Conversation.IdOf(listing.Id, buyer);
        if (!conversations.TryGetValue(id, out var conversation)) conversations[id] = conversation = new(listing.Id, listing.SellerId, buyer);
        conversation.Rows.Add((i, row));
    }

    private static string? WhyNot(DumpRow row, IReadOnlyDictionary<Guid, UserCard> people, IReadOnlyDictionary<Guid, ListingCardInfo> cards)
    {
        if (row.Id("id") is null) return "id is no UUID";
        if (row.Id("senderId") is not { } sender || people.GetValueOrDefault(sender) is not { HasLeft: false }) return "senderId is nobody who is here";
        if (row.Id("receiverId") is not { } receiver || !people.ContainsKey(receiver)) return "receiverId is nobody who is here";
        if (row.Id("listingId") is not { } id || !cards.TryGetValue(id, out var listing)) return "listingId is no listing that is here";
        if (sender == receiver || (sender != listing.SellerId && receiver != listing.SellerId)) return "neither of the two is the listing's seller";
        if (row.Flag("isRead") is null) return "isRead is neither 0 nor 1";
        if (row.Time("createdAt") is null) return "createdAt is no time";
        return row["content"] is { Length: > 0 and <= Longest } ? null : $"content has not 1 to {Longest} characters";
    }

    private sealed class Moving(Guid listing, Guid seller, Guid buyer)
    {
        public List<(int Row, DumpRow Values)> Rows { get; } = [];

        // The text of two people: each event is encrypted for its own.
        public IReadOnlyList<Dated> Events(Guid id)
        {
            var sent = Rows.Select(r => r.Values).OrderBy(r => r.Time("createdAt")).ThenBy(r => r.Number).ToList();
            var (first, last) = (sent[0].Time("createdAt")!.Value, sent[^1].Time("createdAt")!.Value);
            return
            [
                new(new ConversationStarted(id, listing, seller, buyer, ListingVersion: 0), first),
                .. sent.Select(r => new Dated(new MessageSent(id, r.Id("id")!.Value, listing, r.Id("senderId")!.Value, r.Id("receiverId")!.Value, r["content"]!, Rings: false), r.Time("createdAt")!.Value)),
                .. sent.Where(r => r.Flag("isRead") == true).GroupBy(r => r.Id("receiverId")!.Value).Select(g => new Dated(new MessagesRead(id, g.Key, [.. g.Select(r => r.Id("id")!.Value)]), last)),
            ];
        }
    }
}
