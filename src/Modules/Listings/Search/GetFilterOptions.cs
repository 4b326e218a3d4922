using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Listings.Search;

/// <summary>
/// What a buyer can choose from, with exact counts. It takes the parameters of the search: each count is the total that the search would
/// have with only this value asked of its list and everything else kept, so it also says what choosing one more would add. A range is
/// that of the listings under all other conditions. Values with no listing are left out, the most frequent come first.
/// </summary>
internal static class GetFilterOptions
{
    /// <param name="Models">Of the makes asked; empty without <c>make</c>, since the whole market has thousands.</param>
    public sealed record Response(
        IReadOnlyList<Option> Makes, IReadOnlyList<ModelOption> Models, IReadOnlyList<Option> Regions, IReadOnlyList<Option> BodyTypes,
        IReadOnlyList<Option> Colors, IReadOnlyList<Option> FuelTypes, IReadOnlyList<Option> Transmissions,
        NumberRange PriceRange, NumberRange YearRange, NumberRange MileageRange);

    /// <param name="Value">What to ask the search for.</param>
    public sealed record Option(string Value, string Label, int Count);

    /// <param name="Value">With the make in front, so that it is that make's alone.</param>
    /// <param name="Make">The make's value.</param>
    public sealed record ModelOption(string Value, string Label, string? Make, int Count);

    /// <summary>Both null where there is nothing; NZD, years, kilometres.</summary>
    public sealed record NumberRange(decimal? Min, decimal? Max);

    public static Ok<Response> Handle(Query q, ListingIndex index)
    {
        var counts = index.Options(q.Read(SearchListings.Validate));
        return TypedResults.Ok(new Response(
            Options(counts.Makes), [.. counts.Models.Select(x => new ModelOption(x.Value, x.Label, x.Make, x.Count))], Options(counts.Regions),
            Options(counts.BodyTypes), Options(counts.Colors), Options(counts.FuelTypes), Options(counts.Transmissions),
            new(counts.PriceCents?.Least / 100m, counts.PriceCents?.Most / 100m), Range(counts.Years), Range(counts.Mileages)));
    }

    private static Option[] Options(IReadOnlyList<FacetValue> values) => [.. values.Select(x => new Option(x.Value, x.Label, x.Count))];

    private static NumberRange Range(Bounds<int>? bounds) => new(bounds?.Least, bounds?.Most);
}
