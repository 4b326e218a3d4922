using KiwiCar.Identity.Contracts;

namespace KiwiCar.Messaging;

/// <summary>The other side of a conversation, as it is shown.</summary>
internal sealed record Person(Guid Id, string Nickname, string? AvatarUrl)
{
    public static Person Of(Guid id, IReadOnlyDictionary<Guid, UserCard> cards) =>
        cards.GetValueOrDefault(id) is { } card ? new(id, card.Nickname, card.AvatarUrl) : new(id, "Deleted user", null);
}
