using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Identity;

/// <summary>Which mails a person wants; all of them until they say otherwise. What is about their account comes in any case.</summary>
internal sealed record NotificationPreferences(bool PriceAlerts, bool NewMessages, bool FavoriteSold)
{
    private const string Sql = "SELECT priceAlerts, newMessages, favoriteSold FROM notification_preferences WHERE userId = @user";

    /// <summary>Its column, and its field in JSON.</summary>
    public static string ColumnOf(MailKind kind) => kind switch
    {
        MailKind.PriceAlerts => "priceAlerts",
        MailKind.NewMessages => "newMessages",
        MailKind.FavoriteSold => "favoriteSold",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    public static async Task<NotificationPreferences> Of(Guid user, Database.Lease db, CancellationToken ct) =>
        await db.Single<Row>(Sql, new { user }, ct) is { } row ? new(row.PriceAlerts, row.NewMessages, row.FavoriteSold) : new(true, true, true);

    /// <summary>Sets these kinds and leaves the others as they are.</summary>
    public static async Task Set(Guid user, IReadOnlyDictionary<MailKind, bool> wanted, Database.Lease db, CancellationToken ct)
    {
        foreach (var (kind, yes) in wanted)
            await db.Execute($"INSERT INTO notification_preferences (userId, `{ColumnOf(kind)}`) VALUES (@user, @yes) ON DUPLICATE KEY UPDATE `{ColumnOf(kind)}` = @yes", new { user, yes }, ct);
    }

    private sealed class Row
    {
        public bool PriceAlerts { get; init; }
        public bool NewMessages { get; init; }
        public bool FavoriteSold { get; init; }
    }
}
