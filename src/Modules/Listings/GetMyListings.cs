using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings;

/// <summary>One's own adverts, whatever their status but for archived ones, the latest changed first; and the drafts alone.</summary>
internal static class GetMyListings
{
    /// <param name="Title"><c>2020 Toyota Corolla</c>; of a draft, as much of it as there is, or "Draft".</param>
    /// <param name="Price">Null in a draft that has none yet; so are the other fields.</param>
    /// <param name="Favorites">How many people have marked it.</param>
    public sealed record Mine(
        Guid Id, string Title, decimal? Price, int? Year, int? Mileage, string? Region, FuelType? FuelType, Transmission? Transmission, string? CoverImage,
        DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, ListingStatus Status, int Views, int Favorites);

    private const string Sql = $"""
        SELECT COUNT(*) FROM listings WHERE userId = @Id AND status IN @statuses AND NOT {ArchiveListings.IsArchived};
        SELECT l.id, l.make, l.model, l.price, l.year, l.mileage, l.region, l.fuelType, l.transmission, l.status, COALESCE(v.views, 0) AS views, l.createdAt, l.updatedAt, l.draft, i.id AS cover, i.imageUrl
        FROM listings l LEFT JOIN listing_images i ON i.listingId = l.id AND i.`order` = 0 LEFT JOIN listing_views v ON v.listingId = l.id
        WHERE l.userId = @Id AND l.status IN @statuses AND NOT {ArchiveListings.IsArchived} ORDER BY l.updatedAt DESC, l.id DESC LIMIT @limit OFFSET @offset
        """;

    public sealed record Ask(IReadOnlyList<string> Statuses, int Page, int Limit);

    public static Ask Validate(Query q)
    {
        var (page, limit) = q.Paging();
        var statuses = q.Names<ListingStatus>("status");
        return new([.. (statuses.Count > 0 ? statuses : Enum.GetValues<ListingStatus>()).Select(s => s.ToString())], page, limit);
    }

    public static Task<Ok<Paged<Mine>>> Handle(Query q, CurrentUser user, Database database, IFavoriteCounts favorites, IImageStorage images, CancellationToken ct) =>
        Find(q.Read(Validate), user, database, favorites, images, ct);

    public static Task<Ok<Paged<Mine>>> HandleDrafts(Query q, CurrentUser user, Database database, IFavoriteCounts favorites, IImageStorage images, CancellationToken ct) =>
        Find(q.Read(Validate) with { Statuses = [nameof(ListingStatus.DRAFT)] }, user, database, favorites, images, ct);

    private static async Task<Ok<Paged<Mine>>> Find(Ask ask, CurrentUser user, Database database, IFavoriteCounts favorites, IImageStorage images, CancellationToken ct)
    {
        var (total, rows) = await Read(ask, user, database, ct);
        var marked = await favorites.For([.. rows.Select(r => r.Id)], ct);
        return TypedResults.Ok(new Paged<Mine>([.. rows.Select(r => r.ToCard(marked.GetValueOrDefault(r.Id), images))], Pagination.Of(ask.Page, ask.Limit, total)));
    }

    private static async Task<(int Total, List<Row> Rows)> Read(Ask ask, CurrentUser user, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await using var results = await db.QueryMultiple(Sql, new { user.Id, ask.Statuses, ask.Limit, offset = (long)(ask.Page - 1) * ask.Limit }, ct);
        return (await results.ReadSingleAsync<int>(), [.. await results.ReadAsync<Row>()]);
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Make { get; init; } = "";
        public string Model { get; init; } = "";
        public decimal Price { get; init; }
        public int Year { get; init; }
        public int Mileage { get; init; }
        public string Region { get; init; } = "";
        public FuelType FuelType { get; init; }
        public Transmission Transmission { get; init; }
        public ListingStatus Status { get; init; }
        public int Views { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset UpdatedAt { get; init; }
        public string? Draft { get; init; }
        public Guid? Cover { get; init; }
        public string? ImageUrl { get; init; }

        public Mine ToCard(int favorites, IImageStorage images)
        {
            var cover = Cover is { } photo ? new Photo(photo, ImageUrl!).Thumbnail(images) : null;
            if (GetDraft.Read(Draft) is not { } d)
                return new(Id, $"{Year} {Make} {Model}", Price, Year, Mileage, Region, FuelType, Transmission, cover, CreatedAt, UpdatedAt, Status, Views, favorites);
            var title = string.Join(' ', new[] { d.Year?.ToString(System.Globalization.CultureInfo.InvariantCulture), d.Make, d.Model }.Where(part => !string.IsNullOrEmpty(part)));
            return new(Id, title.Length > 0 ? title : "Draft", d.Price, d.Year, d.Mileage, d.Region, d.FuelType, d.Transmission, cover, CreatedAt, UpdatedAt, Status, Views, favorites);
        }
    }
}
