using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Identity;

internal sealed class ImportedAccounts(Database database, TimeProvider clock) : IImportedAccounts
{
    private const string Sql = """
        INSERT INTO users (id, email, nickname, region, isVerified, createdAt, updatedAt) VALUES (@id, @address, @nickname, @region, TRUE, @now, @now)
        ON DUPLICATE KEY UPDATE id = id;
        SELECT COUNT(*) FROM users WHERE id = @id
        """;

    public async Task Ensure(Guid id, string email, string nickname, string region, CancellationToken ct)
    {
        if (!EmailAddress.TryNormalise(email, out var address, out var problem)) throw new ArgumentException("The e-mail address " + problem, nameof(email));
        await using var db = await database.Open(ct);
        if (await db.Single<long>(Sql, new { id, address, nickname, region, now = clock.GetUtcNow() }, ct) == 0)
            throw new InvalidOperationException($"The account {id} cannot be imported: its e-mail address belongs to another one");
    }
}
