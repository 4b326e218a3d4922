using System.Collections.Concurrent;
using KiwiCar.Listings.Search;

namespace KiwiCar.Tests.Listings;

/// <summary>The same rules, said plainly.</summary>
internal sealed class PlainList
{
    private static readonly ConcurrentDictionary<string, string> Keys = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, (IndexedListing Listing, HashSet<string> Words)> _listings = [];
    private readonly List<Guid> _ids = [];

    public int Count => _listings.Count;

    public IReadOnlyList<Guid> Ids => _ids;

    public Guid Any(Random random) => _ids[random.Next(_ids.Count)];

    public void Put(IndexedListing x)
    {
        if (!_listings.ContainsKey(x.Id)) _ids.Add(x.Id);
        var words = Words($"{x.Year} {x.Make} {x.Model} {x.Description}").SelectMany(word => (string[])[.. word.Split('-'), Key(word)]);
        _listings[x.Id] = (x, [.. words, Key(x.Make), .. ModelKeys(x)]);
    }

    public bool SetPrice(Guid id, decimal price)
    {
        if (!_listings.TryGetValue(id, out var known)) return false;
        _listings[id] = known with { Listing = known.Listing with { Price = price } };
        return true;
    }

    public bool Remove(Guid id) => _ids.Remove(id) | _listings.Remove(id);

    public (int Total, Guid[] Page) Search(ListingQuery q)
    {
        var found = All(q);
        var sorted = q.Sort switch
        {
            SortOrder.PriceAsc => found.OrderBy(x => x.Price).ThenBy(x => x.Id),
            SortOrder.PriceDesc => found.OrderByDescending(x => x.Price).ThenByDescending(x => x.Id),
            SortOrder.MileageAsc => found.OrderBy(x => x.Mileage).ThenBy(x => x.Id),
            _ => found.OrderByDescending(x => x.PublishedAt).ThenByDescending(x => x.Id),
        };
        return (found.Length, [.. sorted.Skip((q.Page - 1) * q.Limit).Take(q.Limit).Select(x => x.Id)]);
    }

    /// <summary>Counts and ranges, a facet to a line.</summary>
    public string Options(ListingQuery q) => string.Join('\n',
        Values(q with { Makes = [] }, x => Slug(x.Make), x => x.Make),
        q.Makes.Count == 0 ? "" : Values(q with { Models = [] }, x => ModelSlug(x) + " " + Slug(x.Make), x => x.Model),
        Values(q with { Regions = [] }, x => Slug(x.Region), x => x.Region), Values(q with { BodyTypes = [] }, x => Slug(x.BodyType), x => x.BodyType),
        Values(q with { Colors = [] }, x => Slug(x.Color), x => x.Color), Values(q with { FuelTypes = [] }, x => $"{x.FuelType}", x => Sentence($"{x.FuelType}")),
        Values(q with { Transmissions = [] }, x => $"{x.Transmission}", x => Sentence($"{x.Transmission}")),
        Range(q with { MinPrice = null, MaxPrice = null }, x => x.Price), Range(q with { MinYear = null, MaxYear = null }, x => x.Year),
        Range(q with { MinMileage = null, MaxMileage = null }, x => x.Mileage));

    /// <summary>What the index counted, written like <see cref="Options"/>.</summary>
    public static string Text(FacetCounts x)
    {
        return string.Join('\n', Line(x.Makes), Line(x.Models), Line(x.Regions), Line(x.BodyTypes), Line(x.Colors), Line(x.FuelTypes), Line(x.Transmissions),
            Line(x.PriceCents, 100), Line(x.Years, 1), Line(x.Mileages, 1));
        static string Line(object? values, int unit = 1) => values switch
        {
            Bounds<int> bounds => $"{(decimal)bounds.Least / unit:0.00} {(decimal)bounds.Most / unit:0.00}",
            IReadOnlyList<FacetValue> list => string.Join(", ", list.Select(v => $"{v.Value}{(v.Make is null ? "" : " " + v.Make)} {v.Label} {v.Count}")),
            _ => "-",
        };
    }

    /// <summary>Ids of those most like a car.</summary>
    public Guid[] Similar(IndexedListing car, int most) =>
        [.. (from x in _listings.Values.Select(x => x.Listing)
            where x.Id != car.Id
            let body = Key(x.BodyType) == Key(car.BodyType)
            let make = Key(x.Make) == Key(car.Make)
            let kin = ModelSlugKey(x) == ModelSlugKey(car) ? 0 : make && body ? 1 : body ? 2 : make ? 3 : 4
            where kin < 4
            let apart = 10 * Math.Abs(x.Year - car.Year) + (int)decimal.Floor(100 * Math.Abs(x.Price - car.Price) / car.Price) + Math.Abs(x.Mileage - car.Mileage) / 2_000
            orderby kin, Math.Min(apart, 9_999), x.Id descending
            select x.Id).Take(most)];

    private IndexedListing[] All(ListingQuery q)
    {
        string[] words = [.. Words(q.Text ?? "").Select(Key)];
        return [.. _listings.Values.Where(x => Matches(q, x.Listing) && HasAll(words, x.Words)).Select(x => x.Listing)];
    }

    private string Values(ListingQuery q, Func<IndexedListing, string> value, Func<IndexedListing, string> label)
    {
        var values =
            from x in All(q)
            group (Label: label(x), Value: value(x)) by Key(value(x)) into spellings
            let usual = spellings.CountBy(x => x.Label).OrderByDescending(x => x.Value).ThenBy(x => x.Key, StringComparer.Ordinal).First().Key
            select (spellings.First(x => x.Label == usual).Value, usual, count: spellings.Count());
        return string.Join(", ", values.OrderByDescending(x => x.count).ThenBy(x => x.usual, StringComparer.OrdinalIgnoreCase).ThenBy(x => x.Value, StringComparer.Ordinal).Select(x => $"{x.Value} {x.usual} {x.count}"));
    }

    private string Range(ListingQuery q, Func<IndexedListing, decimal> value) =>
        All(q) is { Length: > 0 } found ? $"{found.Min(value):0.00} {found.Max(value):0.00}" : "-";

    private static string Slug(string text) => string.Join('-', Words(text));

    private static string ModelSlugKey(IndexedListing x) => ModelKeys(x).MaxBy(key => key.Length)!;

    private static string ModelSlug(IndexedListing x) => Key(x.Model) == ModelSlugKey(x) ? Slug(x.Model) : $"{Slug(x.Make)}-{Slug(x.Model)}";

    private static string Sentence(string name) => name[..1] + name[1..].ToLowerInvariant();

    private static bool Matches(ListingQuery q, IndexedListing x) =>
        OneOf(q.Makes, Key(x.Make)) && OneOf(q.Models, ModelKeys(x)) && OneOf(q.Regions, Key(x.Region)) && OneOf(q.BodyTypes, Key(x.BodyType))
        && OneOf(q.Colors, Key(x.Color)) && (q.FuelTypes.Count == 0 || q.FuelTypes.Contains(x.FuelType))
        && (q.Transmissions.Count == 0 || q.Transmissions.Contains(x.Transmission)) && !(x.Price < q.MinPrice) && !(x.Price > q.MaxPrice)
        && !(x.Year < q.MinYear) && !(x.Year > q.MaxYear) && !(x.Mileage < q.MinMileage) && !(x.Mileage > q.MaxMileage)
        && (q.SellerId is null || q.SellerId == x.SellerId) && !(x.PublishedAt < q.ListedSince) && (!q.Reduced || x.Price < x.ListedPrice)
        && (q.Ids.Count == 0 || q.Ids.Contains(x.Id));

    private static bool OneOf(IReadOnlyList<string> asked, params string[] keys) => asked.Count == 0 || asked.Any(value => keys.Contains(Key(value)));

    private static bool HasAll(string[] asked, HashSet<string> words) =>
        asked.Length == 0 || asked[..^1].All(words.Contains) && words.Any(word => word.StartsWith(asked[^1], StringComparison.Ordinal));

    private static string[] ModelKeys(IndexedListing x) =>
        Key(x.Model).StartsWith(Key(x.Make), StringComparison.Ordinal) ? [Key(x.Model), Key(x.Model)[Key(x.Make).Length..]] : [Key(x.Model), Key(x.Make) + Key(x.Model)];

    private static IEnumerable<string> Words(string text) =>
        string.Concat(Plain(text).Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : ' ')).Split(' ').Select(word => word.Trim('-')).Where(word => word != "");

    private static string Key(string text) => Keys.GetOrAdd(text, x => string.Concat(Plain(x).Where(char.IsAsciiLetterOrDigit)));

    private static string Plain(string text) =>
        text.ToLowerInvariant().Replace("'", "", StringComparison.Ordinal).Replace('ā', 'a').Replace('ū', 'u').Replace('ë', 'e');
}
