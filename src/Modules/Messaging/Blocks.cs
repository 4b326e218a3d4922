using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Messaging;

/// <summary>Whom somebody takes no messages from, in any conversation: rows, all of them kept in memory (<see cref="ChangedRows"/>).</summary>
internal sealed class Blocks(Database database, TimeProvider clock, ILogger<Blocks> log) : BackgroundService
{
    private const string Sql = "SELECT blockerId, blockedId, isBlocked FROM member_blocks WHERE updatedAt >= @since";

    private readonly ConcurrentDictionary<(Guid Blocker, Guid Blocked), bool> standing = new();

    /// <exception cref="Rejection">403: one of the two has blocked the other.</exception>
    public void MustNotStandBetween(Guid sender, Guid receiver)
    {
        if (standing.ContainsKey((sender, receiver))) throw Rejection.Forbidden("You have blocked this person; unblock them to write to them (DELETE /api/messages/blocks/{userId})", "YOU_BLOCKED_THEM");
        if (standing.ContainsKey((receiver, sender))) throw Rejection.Forbidden("This person does not take messages from you", "BLOCKED");
    }

    public async Task Block(Guid blocker, Guid blocked, CancellationToken ct)
    {
        await using (var db = await database.Open(ct))
            await db.Execute("""
                INSERT INTO member_blocks (blockerId, blockedId, isBlocked, createdAt, updatedAt) VALUES (@blocker, @blocked, TRUE, @now, @now)
                ON DUPLICATE KEY UPDATE createdAt = IF(isBlocked, createdAt, @now), isBlocked = TRUE, updatedAt = @now
                """, new { blocker, blocked, now = clock.GetUtcNow() }, ct);
        Note(blocker, blocked, true);
    }

    public async Task Unblock(Guid blocker, Guid blocked, CancellationToken ct)
    {
        await using (var db = await database.Open(ct))
            await db.Execute("UPDATE member_blocks SET isBlocked = FALSE, updatedAt = @now WHERE blockerId = @blocker AND blockedId = @blocked", new { blocker, blocked, now = clock.GetUtcNow() }, ct);
        Note(blocker, blocked, false);
    }

    /// <summary>The job that deletes what was ended; its row stood only to tell the other processes so.</summary>
    public static Job Cleaning(Database database, TimeProvider clock) => new("forget-unblocked", "Deletes the rows of blocks that were ended over a day ago", async ct =>
        $"{await Job.DeleteInSteps(database, "DELETE FROM member_blocks WHERE isBlocked = FALSE AND updatedAt < @before", new { before = clock.GetUtcNow().AddDays(-1) }, ct)} rows deleted");

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Read(DateTimeOffset.UnixEpoch, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => ChangedRows.Follow("blocks", Read, clock, log, stoppingToken);

    private async Task Read(DateTimeOffset since, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        foreach (var (blocker, blocked, isBlocked) in await db.Query<(Guid, Guid, bool)>(Sql, new { since }, ct)) Note(blocker, blocked, isBlocked);
    }

    private void Note(Guid blocker, Guid blocked, bool isBlocked)
    {
        if (isBlocked) standing[(blocker, blocked)] = true;
        else standing.TryRemove((blocker, blocked), out _);
    }
}
