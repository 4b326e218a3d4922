using KiwiCar.Listings.Contracts;

namespace KiwiCar.Tests.Messaging;

/// <summary>The same rules, said plainly: every message about one advert, in the order of their writing.</summary>
internal sealed class PlainTalks(Guid listing, Guid seller)
{
    public sealed record Message(Guid Id, Guid Buyer, Guid From, Guid To, string Content, DateTimeOffset At, bool Rings)
    {
        public bool IsRead { get; set; }
    }

    private readonly List<Message> _messages = [];

    public Guid Listing => listing;

    public Guid Seller => seller;

    public ListingStatus Status { get; set; } = ListingStatus.ACTIVE;

    public IEnumerable<Guid> Buyers => _messages.Select(m => m.Buyer).Distinct();

    public IEnumerable<Message> Rung => _messages.Where(m => m.Rings);

    /// <summary>What was said between this buyer and the seller.</summary>
    public List<Message> With(Guid buyer) => _messages.FindAll(m => m.Buyer == buyer);

    public IEnumerable<Message> Unread(Guid buyer, Guid reader) => With(buyer).Where(m => m.To == reader && !m.IsRead);

    /// <returns>Why not; null where it was sent.</returns>
    public string? Send(Guid id, Guid from, Guid to, string content = "", DateTimeOffset at = default)
    {
        var refusal = WhyNot(from, to);
        var buyer = from == seller ? to : from;
        if (refusal is null) _messages.Add(new(id, buyer, from, to, content, at, Rings: !Unread(buyer, to).Any()));
        return refusal;
    }

    /// <returns>Why not; null where that much is read now.</returns>
    public string? Read(Guid buyer, Guid reader, Guid? upTo)
    {
        var said = With(buyer);
        if (said.Count == 0 || (reader != buyer && reader != seller)) return "NOT_FOUND";
        var last = upTo is null ? said.Count - 1 : said.FindIndex(m => m.Id == upTo && m.To == reader && !m.IsRead);
        foreach (var message in said.Take(last + 1).Where(m => m.To == reader)) message.IsRead = true;
        return null;
    }

    public string? WhyNot(Guid from, Guid to)
    {
        if (seller != from && seller != to) return "RECEIVER_NOT_SELLER";
        if (With(from == seller ? to : from).Count > 0) return null;
        if (from == seller) return "RECEIVER_HAS_NOT_WRITTEN";
        return Status is ListingStatus.REMOVED or ListingStatus.DRAFT ? "NOT_FOUND" : null;
    }
}
