using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Alerts;

/// <summary>One's own marks, the newest first, whatever became of the adverts; and those with a price alert alone.</summary>
internal static class GetFavorites
{
    private const int Most = 100;

    /// <param name="NextCursor">The <c>before</c> of the next page; left out on the last.</param>
    public sealed record Response(IReadOnlyList<Entry> Data, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextCursor);

    public sealed record Entry(Guid Id, Guid ListingId, Listing Listing, bool PriceAlert, decimal? TargetPrice, DateTimeOffset CreatedAt);

    /// <param name="PreviousPrice">The last other price that was asked for a day or more; null where there was none.</param>
    /// <param name="CoverImage">Null also where the advert is taken down.</param>
    public sealed record Listing(Guid Id, string Title, decimal Price, decimal? PreviousPrice, string? CoverImage, ListingStatus Status);

    public sealed record Ask(RowCursor? After, int Limit);

    public static Ask Validate(Query q) => new(q.Cursor("before"), q.Whole("limit", 1, Most) ?? Most);

    public static Task<Ok<Response>> Handle(Query query, CurrentUser user, IListingCards listings, Database database, CancellationToken ct) =>
        Answer(query, user, alertsOnly: false, listings, database, ct);

    public static Task<Ok<Response>> HandleAlerts(Query query, CurrentUser user, IListingCards listings, Database database, CancellationToken ct) =>
        Answer(query, user, alertsOnly: true, listings, database, ct);

    private static async Task<Ok<Response>> Answer(Query query, CurrentUser user, bool alertsOnly, IListingCards listings, Database database, CancellationToken ct)
    {
        var ask = query.Read(Validate);
        IReadOnlyList<Favorite> favorites;
        await using (var db = await database.Open(ct)) favorites = await Favorites.Of(user.Id, alertsOnly, ask.After, ask.Limit + 1, db, ct);
        var page = favorites.Take(ask.Limit).ToList();
        var cards = await listings.For([.. page.Select(f => f.ListingId)], ct);
        // A mark may outlive the row of a draft that was discarded; there is nothing to show of that.
        return TypedResults.Ok(new Response([.. page.Where(f => cards.ContainsKey(f.ListingId)).Select(f => Of(f, cards[f.ListingId]))],
            favorites.Count > page.Count ? new RowCursor(page[^1].CreatedAt, page[^1].Id).ToString() : null));
    }

    private static Entry Of(Favorite f, ListingCardInfo x) => new(f.Id, f.ListingId,
        new(x.Id, x.Title, x.Price, x.PreviousPrice, x.Status is ListingStatus.ACTIVE or ListingStatus.SOLD ? x.CoverImage : null, x.Status), f.PriceAlert, f.TargetPrice, f.CreatedAt);
}
