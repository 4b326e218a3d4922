using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Identity;

/// <inheritdoc/>
internal sealed class MailReceivers(Database database, UnsubscribeLinks links) : IMailReceivers
{
    private const int AtOnce = 1_000;

    public async Task<IReadOnlyDictionary<Guid, MailReceiver>> For(IReadOnlyCollection<Guid> ids, MailKind kind, CancellationToken ct)
    {
        var receivers = new Dictionary<Guid, MailReceiver>(ids.Count);
        if (ids.Count == 0) return receivers;
        var sql = $"""
            SELECT u.id, u.email FROM users u LEFT JOIN notification_preferences p ON p.userId = u.id
            WHERE u.id IN @some AND u.isVerified AND COALESCE(p.`{NotificationPreferences.ColumnOf(kind)}`, TRUE)
            """;
        await using var db = await database.Open(ct);
        foreach (var some in ids.Distinct().Chunk(AtOnce))
            foreach (var (id, email) in await db.Query<(Guid, string)>(sql, new { some }, ct)) receivers[id] = new(id, email, links.For(id, kind));
        return receivers;
    }
}
