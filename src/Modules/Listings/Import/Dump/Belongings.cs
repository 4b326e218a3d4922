using KiwiCar.BuildingBlocks.Outside;

namespace KiwiCar.Listings.Import.Dump;

/// <summary>A price a listing had, from <c>price_history</c>; the row's id becomes its event's.</summary>
internal readonly record struct DumpPrice(Guid Id, decimal Price, DateTimeOffset ChangedAt);

/// <summary>A photo, from <c>listing_images</c>.</summary>
internal readonly record struct DumpPhoto(Guid Id, string Address, int Order, DateTimeOffset CreatedAt);

/// <summary>
/// What belongs to listings, by listing and in order, whatever the order of the files: held in memory, some 250 bytes a photo and 60 a price.
/// </summary>
internal sealed class Belongings
{
    private readonly Dictionary<Guid, List<DumpPrice>> prices = [];
    private readonly Dictionary<Guid, List<DumpPhoto>> photos = [];

    /// <summary>How many listings' prices stood in another order than that of their times.</summary>
    public int OutOfOrder { get; private set; }

    public static Belongings Read(DumpFile priceFile, DumpFile photoFile, DumpReport report)
    {
        var all = new Belongings();
        all.ReadPrices(priceFile, report);
        all.ReadPhotos(photoFile, report);
        return all;
    }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<DumpPrice> PricesOf(Guid listing) => prices.GetValueOrDefault(listing) ?? [];

    /// <summary>In display order.</summary>
    public IReadOnlyList<DumpPhoto> PhotosOf(Guid listing) => photos.GetValueOrDefault(listing) ?? [];

    /// <summary>Says what belongs to no listing of the dump.</summary>
    public void ReportStrays(IReadOnlySet<Guid> listings, DumpReport report)
    {
        report.Count("price_history", "listingId is no listing of the dump: not taken", prices.Where(p => !listings.Contains(p.Key)).Sum(p => p.Value.Count));
        report.Count("listing_images", "listingId is no listing of the dump: not taken", photos.Where(p => !listings.Contains(p.Key)).Sum(p => p.Value.Count));
    }

    private void ReadPrices(DumpFile file, DumpReport report)
    {
        var seen = new HashSet<Guid>();
        foreach (var row in file.Rows("id", "listingId", "price", "changedAt"))
        {
            if ((row.Id("id"), row.Id("listingId"), row.Amount("price"), row.Time("changedAt")) is not ({ } id, { } listing, { } price, { } at)) report.Refused(file, row, "not a row of this table");
            else if (!seen.Add(id)) report.Refused(file, row, "its id comes twice");
            else Add(prices, listing, new DumpPrice(id, price, at));
        }
        foreach (var list in prices.Values)
        {
            if (list.Zip(list.Skip(1)).All(p => p.First.ChangedAt <= p.Second.ChangedAt)) continue;
            OutOfOrder++;
            var sorted = list.OrderBy(p => p.ChangedAt).ToList(); // stable: of two at one time the file's order holds
            list.Clear();
            list.AddRange(sorted);
        }
    }

    private void ReadPhotos(DumpFile file, DumpReport report)
    {
        var seen = new HashSet<Guid>();
        foreach (var row in file.Rows("id", "listingId", "imageUrl", "order", "createdAt"))
        {
            if ((row.Id("id"), row.Id("listingId"), row["imageUrl"], row.Amount("order"), row.Time("createdAt")) is not ({ } id, { } listing, { } address, { } order, { } at))
                report.Refused(file, row, "not a row of this table");
            else if (!IImageStorage.CanBe(address)) report.Refused(file, row, "imageUrl is neither a web address nor a key");
            else if (!seen.Add(id)) report.Refused(file, row, "its id comes twice");
            else Add(photos, listing, new DumpPhoto(id, address, (int)order, at));
        }
        foreach (var list in photos.Values) list.Sort((a, b) => a.Order.CompareTo(b.Order));
    }

    private static void Add<T>(Dictionary<Guid, List<T>> lists, Guid listing, T item)
    {
        if (!lists.TryGetValue(listing, out var list)) lists[listing] = list = [];
        list.Add(item);
    }
}
