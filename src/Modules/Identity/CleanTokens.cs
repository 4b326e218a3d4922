using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.Identity;

/// <summary>Deletes links and sessions that open nothing any more. Each condition says so by itself: a valid one never meets it.</summary>
internal static class CleanTokens
{
    private const string Resets = "DELETE FROM password_resets WHERE expiresAt < @now";

    // People open the link of their mail again: as long as its row is there, they are told that their address is verified.
    private const string Verifications = "DELETE FROM email_verifications WHERE expiresAt < @now AND (verified = FALSE OR expiresAt < @monthAgo)";

    private const string Sessions = "DELETE FROM sessions WHERE expiresAt < @monthAgo OR endedAt < @monthAgo";

    public static Job Job(Database database, TimeProvider clock) => new(
        "clean-tokens", "Deletes expired links to passwords and addresses, and sessions that ended or expired over 30 days ago", ct => Run(database, clock.GetUtcNow(), ct));

    private static async Task<string> Run(Database database, DateTimeOffset now, CancellationToken ct)
    {
        var times = new { now, monthAgo = now.AddDays(-30) };
        var resets = await BuildingBlocks.Jobs.Job.DeleteInSteps(database, Resets, times, ct);
        var verifications = await BuildingBlocks.Jobs.Job.DeleteInSteps(database, Verifications, times, ct);
        var sessions = await BuildingBlocks.Jobs.Job.DeleteInSteps(database, Sessions, times, ct);
        return $"{resets} password links, {verifications} address links and {sessions} sessions deleted";
    }
}
