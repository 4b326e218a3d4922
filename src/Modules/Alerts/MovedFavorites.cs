using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Alerts;

/// <summary>The favourites of the Node stack, with their ids and times; also those of adverts that are down by now, as they were.</summary>
internal sealed class MovedFavorites(Database database, IUserCards users, IListingCards listings) : IDumpTable
{
    private static readonly Table Marks = new("favorites", FirstWins: true);

    public string Name => "favorites";

    public IReadOnlyList<string> Columns => ["id", "userId", "listingId", "priceAlert", "targetPrice", "createdAt"];

    // Before them, its alerts would tell people of price falls of years ago.
    public bool AfterListings => true;

    public async Task<IReadOnlyList<RowOutcome>> Take(IReadOnlyList<DumpRow> rows, CancellationToken ct)
    {
        var people = await users.For([.. rows.Select(r => r.Id("userId")).OfType<Guid>().Distinct()], ct);
        var cards = await listings.For([.. rows.Select(r => r.Id("listingId")).OfType<Guid>().Distinct()], ct);
        var refused = rows.Select(r => WhyNot(r, people, cards)).ToList();
        await using var db = await database.Open(ct);
        await db.Begin(ct);
        var before = await Present(rows, db, ct);
        var writer = new Writer([Marks]);
        foreach (var (row, why) in rows.Zip(refused))
        {
            if (why is null && !before.Contains(row.Id("id")!.Value)) Write(row, writer);
        }
        foreach (var command in writer.Commands()) await db.Run(command, ct);
        var after = await Present(rows, db, ct);
        await db.Commit(ct);
        return [.. rows.Zip(refused, (row, why) => why is not null ? new RowOutcome(why) : before.Contains(row.Id("id")!.Value) ? RowOutcome.There
            : after.Contains(row.Id("id")!.Value) ? RowOutcome.Taken : new RowOutcome("the same person has marked this listing already"))];
    }

    private static void Write(DumpRow row, Writer writer) => writer.Insert(Marks.Name, row.Id("id")!.Value,
        ("userId", row.Id("userId")), ("listingId", row.Id("listingId")), ("priceAlert", row.Flag("priceAlert")), ("targetPrice", row.Amount("targetPrice")),
        ("createdAt", row.Time("createdAt")));

    private static string? WhyNot(DumpRow row, IReadOnlyDictionary<Guid, UserCard> people, IReadOnlyDictionary<Guid, ListingCardInfo> cards)
    {
        if (row.Id("id") is null) return "id is no UUID";
        if (row.Id("userId") is not { } user || !people.ContainsKey(user)) return "userId is nobody who is here";
        if (row.Id("listingId") is not { } id || !cards.TryGetValue(id, out var listing)) return "listingId is no listing that is here";
        if (listing.SellerId == user) return "the listing is the person's own";
        if (row.Flag("priceAlert") is null) return "priceAlert is neither 0 nor 1";
        if (row.Time("createdAt") is null) return "createdAt is no time";
        return row["targetPrice"] is null || row.Amount("targetPrice") is >= Favorites.LeastTarget and <= Favorites.MostTarget ? null : $"targetPrice is no amount from {Favorites.LeastTarget} to {Favorites.MostTarget}";
    }

    private static async Task<HashSet<Guid>> Present(IReadOnlyList<DumpRow> rows, Database.Lease db, CancellationToken ct) =>
        [.. await db.Query<Guid>("SELECT id FROM favorites WHERE id IN @ids", new { ids = rows.Select(r => r.Id("id")).OfType<Guid>() }, ct)];
}
