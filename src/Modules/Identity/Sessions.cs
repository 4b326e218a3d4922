using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Identity;

/// <summary>The two tokens of a session, as login and refresh answer them.</summary>
internal sealed record TokenPair(string Access, string Refresh);

/// <summary>
/// Sign-ins. A session is a family of refresh tokens, of which only the newest is good: each use replaces it. The row knows the newest by
/// its number alone, and the token by which it is carried follows from that, so no token is stored and a lost answer can be given again.
/// </summary>
internal sealed class Sessions(Database database, Tokens tokens, EndedSessions ended, TimeProvider clock, ILogger<Sessions> log)
{
    /// <summary>How long the token before the newest is answered with the newest: tabs that refresh at once, and clients whose answer got lost.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private const string Insert = """
        INSERT INTO sessions (id, userId, device, generation, createdAt, rotatedAt, expiresAt) VALUES (@id, @user, @device, 1, @now, @now, @expiresAt)
        """;

    // The address is read beside the lock, not under it: the row of the person stays free.
    private const string Find = """
        SELECT userId, generation, rotatedAt, expiresAt, endedAt, (SELECT email FROM users WHERE id = userId) AS email FROM sessions WHERE id = @Session FOR UPDATE
        """;

    public enum Step { Refuse, Rotate, Repeat, Reuse }

    /// <summary>What a refresh token may still do.</summary>
    public static Step Decide(Row? session, int generation, DateTimeOffset now) => session switch
    {
        null or { EndedAt: not null } => Step.Refuse,
        { ExpiresAt: var end } when end <= now => Step.Refuse,
        { Generation: var newest } when newest == generation => Step.Rotate,
        { Generation: var newest, RotatedAt: var at } when newest == generation + 1 && now - at <= Grace => Step.Repeat,
        _ => Step.Reuse,
    };

    /// <summary>Signs a person in, in the caller's transaction.</summary>
    public async Task<TokenPair> Begin(Database.Lease db, Guid user, string email, string device, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await db.Execute(Insert, new { id, user, device, now, expiresAt = now + tokens.Settings.RefreshLife }, ct);
        return Pair(user, email, new(id, 1), now);
    }

    /// <summary>A new pair for a refresh token. One that was replaced long ago is in two hands, so its whole session ends.</summary>
    public async Task<TokenPair> Refresh(string token, CancellationToken ct)
    {
        if (await tokens.IdOf(token) is not { } id) throw Refused();
        var now = clock.GetUtcNow();
        await using var db = await database.Open(ct);
        var row = await db.Begin<Row>(Find, new { id.Session }, ct);
        var step = Decide(row, id.Generation, now);
        if (step == Step.Rotate)
        {
            await db.Execute("UPDATE sessions SET generation = generation + 1, rotatedAt = @now, expiresAt = @expiresAt WHERE id = @Session",
                new { id.Session, now, expiresAt = now + tokens.Settings.RefreshLife }, ct);
        }
        else if (step == Step.Reuse) await End(db, "id = @Session", new { id.Session }, ct);
        await db.Commit(ct);
        if (step == Step.Reuse) log.LogWarning("A replaced refresh token of user {UserId} came back: session {SessionId} is ended", row!.UserId, id.Session);
        return step switch
        {
            Step.Rotate => Pair(row!.UserId, row.Email, id with { Generation = id.Generation + 1 }, now),
            Step.Repeat => Pair(row!.UserId, row.Email, id with { Generation = row.Generation }, row.RotatedAt),
            _ => throw Refused(),
        };
    }

    /// <summary>Ends one session, or says that this person has none with that id.</summary>
    public async Task<bool> End(Guid session, Guid user, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return await End(db, "id = @session AND userId = @user", new { session, user }, ct) > 0;
    }

    /// <summary>Ends the session a refresh token belongs to. A token that is not good (any more) has none.</summary>
    public async Task EndOf(string refreshToken, CancellationToken ct)
    {
        if (await tokens.IdOf(refreshToken) is not { } id) return;
        await using var db = await database.Open(ct);
        await End(db, "id = @Session", new { id.Session }, ct);
    }

    /// <summary>Ends every session of a person but one, in the caller's transaction.</summary>
    public Task EndAll(Database.Lease db, Guid user, Guid? except, CancellationToken ct) =>
        End(db, "userId = @user AND id <> @except", new { user, except = except ?? Guid.Empty }, ct);

    // This process knows at once, the others within a second (EndedSessions).
    private async Task<int> End(Database.Lease db, string which, object arguments, CancellationToken ct)
    {
        var ids = (await db.Query<Guid>($"SELECT id FROM sessions WHERE {which} AND endedAt IS NULL", arguments, ct)).ToList();
        if (ids.Count == 0) return 0;
        await db.Execute("UPDATE sessions SET endedAt = UTC_TIMESTAMP(3) WHERE id IN @ids AND endedAt IS NULL", new { ids }, ct);
        foreach (var id in ids) ended.Add(id);
        return ids.Count;
    }

    private TokenPair Pair(Guid user, string email, RefreshTokenId id, DateTimeOffset issuedAt) =>
        new(tokens.Access(user, email, id.Session), tokens.Refresh(user, id, issuedAt));

    private static Rejection Refused() => Rejection.Unauthorized("This session has ended; please sign in again");

    public sealed record Row(Guid UserId, int Generation, DateTimeOffset RotatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt, string Email);
}
