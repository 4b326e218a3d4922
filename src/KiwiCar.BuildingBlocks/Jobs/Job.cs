using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.BuildingBlocks.Jobs;

/// <summary>Work that is done once a civil day, at three in the morning in New Zealand; doing it again must be harmless.</summary>
/// <param name="Name">As operators see it: <c>kiwicar jobs run NAME</c>.</param>
/// <param name="Does">What it does, in a sentence.</param>
/// <param name="Run">Does it, and says what was done: <c>3 uploads removed</c>.</param>
public sealed record Job(string Name, string Does, Func<CancellationToken, Task<string>> Run)
{
    private const int Rows = 1_000;

    /// <summary>Deletes many rows in short transactions, so that nobody waits for long.</summary>
    /// <param name="delete">A DELETE without LIMIT, whose condition says it all: each step asks it again.</param>
    /// <returns>How many rows went.</returns>
    public static async Task<int> DeleteInSteps(Database database, string delete, object arguments, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        for (var gone = 0; ;)
        {
            var step = await db.Execute($"{delete} LIMIT {Rows}", arguments, ct);
            gone += step;
            if (step < Rows) return gone;
        }
    }
}
