namespace KiwiCar.BuildingBlocks.Web;

/// <summary>A page of a list, as the PRD shapes it.</summary>
public sealed record Paged<T>(IReadOnlyList<T> Data, Pagination Pagination);

/// <summary>Which page this is; a page past the end is empty and still names the true total.</summary>
public sealed record Pagination(int Page, int Limit, int Total, int TotalPages)
{
    public static Pagination Of(int page, int limit, int total) => new(page, limit, total, (total + limit - 1) / limit);
}

/// <summary>A list without pages, in the PRD's envelope.</summary>
public sealed record DataList<T>(IReadOnlyList<T> Data);
