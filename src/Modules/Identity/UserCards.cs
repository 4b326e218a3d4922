using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Identity;

internal sealed class UserCards(Database database, Avatars avatars) : IUserCards
{
    public async Task<IReadOnlyDictionary<Guid, UserCard>> For(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var rows = await Query<CardRow>("""
            SELECT id, IF(closedAt IS NULL, COALESCE(nickname, 'KiwiCar member'), 'Deleted user') AS name, avatarUrl, IF(showPhone, phone, NULL) AS phone, createdAt
            FROM users WHERE id IN @ids
            """, ids, ct);
        return rows.ToDictionary(r => r.Id, r => new UserCard(r.Id, r.Name, avatars.UrlOf(r.AvatarUrl), r.Phone, MonthOf(r.CreatedAt)));
    }

    public async Task<IReadOnlyDictionary<Guid, string>> VerifiedEmails(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var rows = await Query<EmailRow>("SELECT id, email FROM users WHERE id IN @ids AND isVerified = TRUE", ids, ct);
        return rows.ToDictionary(r => r.Id, r => r.Email);
    }

    private async Task<IEnumerable<T>> Query<T>(string sql, IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        if (ids.Count == 0) return [];
        await using var db = await database.Open(ct);
        return await db.Query<T>(sql, new { ids = ids.Distinct() }, ct);
    }

    private static DateTimeOffset MonthOf(DateTimeOffset at) => new(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero);

    private sealed record CardRow(Guid Id, string Name, string? AvatarUrl, string? Phone, DateTimeOffset CreatedAt);

    private sealed record EmailRow(Guid Id, string Email);
}
