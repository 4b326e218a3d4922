using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Identity;

/// <summary>
/// Cards are kept in memory (<see cref="ChangedRows"/>), so a telephone number that somebody no longer shows is gone everywhere within a second or so.
/// </summary>
internal sealed class UserCards(Database database, Avatars avatars, TimeProvider clock, ILogger<UserCards> log) : BackgroundService, IUserCards
{
    private const int Most = 50_000;

    private readonly ConcurrentDictionary<Guid, UserCard> kept = new();

    public async Task<IReadOnlyDictionary<Guid, UserCard>> For(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var cards = new Dictionary<Guid, UserCard>(ids.Count);
        List<Guid>? missing = null;
        foreach (var id in ids)
        {
            if (kept.TryGetValue(id, out var card)) cards[id] = card;
            else (missing ??= []).Add(id);
        }
        if (missing is null) return cards;
        foreach (var r in await Query<CardRow>("""
            SELECT id, IF(closedAt IS NULL, COALESCE(nickname, 'KiwiCar member'), 'Deleted user') AS name, avatarUrl, IF(showPhone, phone, NULL) AS phone, createdAt, closedAt
            FROM users WHERE id IN @ids
            """, missing, ct)) Keep(cards[r.Id] = new UserCard(r.Id, r.Name, avatars.UrlOf(r.AvatarUrl), r.Phone, MonthOf(r.CreatedAt), r.ClosedAt is not null));
        return cards;
    }

    /// <summary>After a change of the person's row.</summary>
    public void Forget(Guid id) => kept.TryRemove(id, out _);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => ChangedRows.Follow("people", async (since, ct) =>
    {
        foreach (var id in await Changed(since, ct)) Forget(id);
    }, clock, log, stoppingToken);

    private async Task<IEnumerable<Guid>> Changed(DateTimeOffset since, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return await db.Query<Guid>("SELECT id FROM users WHERE updatedAt >= @since", new { since }, ct);
    }

    private void Keep(UserCard card)
    {
        if (kept.Count >= Most) kept.Clear();
        kept[card.Id] = card;
    }

    private async Task<IEnumerable<T>> Query<T>(string sql, IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        if (ids.Count == 0) return [];
        await using var db = await database.Open(ct);
        return await db.Query<T>(sql, new { ids = ids.Distinct() }, ct);
    }

    private static DateTimeOffset MonthOf(DateTimeOffset at) => new(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero);

    private sealed record CardRow(Guid Id, string Name, string? AvatarUrl, string? Phone, DateTimeOffset CreatedAt, DateTimeOffset? ClosedAt);
}
