using Dapper;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KiwiCar.Listings.Search;

/// <summary>
/// Keeps the index at the log: loads it from <c>listings</c> as of that projection's checkpoint, in one snapshot, then follows the events.
/// The web server starts only when it is loaded, so a search never sees half a market.
/// </summary>
internal sealed class ListingIndexFeed(
    ListingIndex index, Covers covers, ListingVersions versions, Database database, EventConnections log, EventReader reader, EventStore store, Progress progress, ILogger<ListingIndexFeed> logger) : BackgroundService
{
    private const int Batch = 1_000;
    private const string Sql = """
        SELECT l.id, l.userId, l.make, l.model, l.year, l.mileage, l.price, l.region, l.fuelType, l.transmission, l.bodyType, l.color, l.description,
               l.createdAt, l.publishedAt, i.id AS cover, IF(i.imageUrl = CONCAT('images/', i.id, '.webp'), NULL, i.imageUrl) AS coverAddress
        FROM listings l LEFT JOIN listing_images i ON i.listingId = l.id AND i.`order` = 0
        WHERE l.status = 'ACTIVE' ORDER BY l.publishedAt
        """; // the oldest first, as ListingIndex likes them

    // The tables do not say what an advert was relisted at. Between two listings of it, the first price change does: the old price.
    private const string ListedPricesSql = """
        SELECT stream_id, coalesce(data ->> 'price', data ->> 'oldPrice')::numeric, type = 'relisted'
        FROM events.mt_events WHERE type IN ('price_changed', 'relisted') AND seq_id <= $1 ORDER BY seq_id
        """;

    private readonly Watermark watermark = progress.Of("listing-index");
    private long position;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Load(cancellationToken);
                break;
            }
            catch (Exception e) when (attempt < 5 && Database.IsPassing(e)) // a rebuild that swaps its tables in at this moment, say
            {
                await Task.Delay(500, cancellationToken);
            }
        }
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await reader.Settled.Reached(position + 1, stoppingToken);
                var batch = await reader.ReadAfter(position, Batch, stoppingToken);
                foreach (var e in batch.Events)
                {
                    await Apply(e, stoppingToken);
                    position = e.Position;
                }
                position = batch.Through;
                watermark.Advance(position);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
            catch (Exception e)
            {
                logger.LogError(e, "The listing index stands at position {Position}, trying again", position);
                await Task.Delay(250, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task Load(CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await db.Run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", ct);
        position = await db.Begin<long>("SELECT position FROM checkpoints WHERE name = 'listings'", new { }, ct);
        var listedPrices = await ListedPrices(ct);
        await foreach (var row in db.Connection.QueryUnbufferedAsync<Row>(Sql).WithCancellation(ct))
        {
            if (row.Cover is { } cover) covers.Remember(cover, row.CoverAddress);
            index.Put(row.ToIndexed() is var x && listedPrices.TryGetValue(x.Id, out var listed) ? x with { ListedPrice = listed } : x);
        }
        await db.Commit(ct);
        watermark.Advance(position);
        logger.LogInformation("The listing index holds {Count} listings as of position {Position}", index.Count, position);
    }

    /// <summary>Of every listing whose price ever moved; the others cost what they did.</summary>
    private async Task<Dictionary<Guid, decimal>> ListedPrices(CancellationToken ct)
    {
        var prices = new Dictionary<Guid, decimal>();
        await using var command = log.Reads.CreateCommand(ListedPricesSql);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        await using var row = await command.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
        {
            var (id, price, relisted) = (row.GetGuid(0), row.GetDecimal(1), row.GetBoolean(2));
            if (relisted) prices[id] = price;
            else prices.TryAdd(id, price);
        }
        return prices;
    }

    private async ValueTask Apply(Recorded e, CancellationToken ct)
    {
        Remember(e.Data);
        if (e.Data is ListingEvent) versions.Saw(e.StreamId, e.Version);
        switch (e.Data)
        {
            case ListingCreated x: index.Put(e.Version == 1 ? Indexed(x, e.At, e.At) : await FromStream(e, ct)); break;
            case PriceChanged x: index.SetPrice(x.ListingId, x.NewPrice); break;
            case DetailsEdited x: Edit(x); break;
            case Sold or Removed or SellerLeft: index.Remove(e.StreamId); break;
            case Relisted: index.Put(await FromStream(e, ct)); break;
        }
    }

    private void Remember(IEvent? e)
    {
        var (photos, addresses) = e switch
        {
            ListingCreated x => (x.Photos, x.PhotoAddresses),
            DetailsEdited x => (x.Photos, x.PhotoAddresses),
            _ => ([], null),
        };
        if (photos.Count > 0) covers.Remember(photos[0], addresses?.GetValueOrDefault(photos[0]));
    }

    private void Edit(DetailsEdited x)
    {
        if (index.Find(x.ListingId) is { } before) index.Put(With(before, x));
    }

    // The index forgot it when it was closed, or has not seen it as a draft; its stream tells all.
    private async Task<IndexedListing> FromStream(Recorded upTo, CancellationToken ct)
    {
        IndexedListing? listing = null;
        var born = upTo.At;
        await foreach (var e in store.ReadStream(upTo.StreamId, ct, upTo.Version))
        {
            if (e.Version == 1) born = e.At; // maybe as a draft
            Remember(e.Data);
            listing = e.Data switch
            {
                ListingCreated x => Indexed(x, born, e.At),
                DetailsEdited x => With(listing!, x),
                PriceChanged x => listing! with { Price = x.NewPrice },
                Relisted x => listing! with { ListedPrice = x.Price },
                _ => listing,
            };
        }
        return listing!;
    }

    private static IndexedListing Indexed(ListingCreated x, DateTimeOffset createdAt, DateTimeOffset publishedAt) => new(
        x.ListingId, x.SellerId, x.Make, x.Model, x.Year, x.Mileage, x.Price, x.Region, x.FuelType, x.Transmission, x.BodyType, x.Color,
        x.Description, Cover(x.Photos), createdAt, publishedAt);

    private static IndexedListing With(IndexedListing before, DetailsEdited x) => before with
    {
        Mileage = x.Mileage, Description = x.Description, Region = x.Region, FuelType = x.FuelType, Transmission = x.Transmission,
        BodyType = x.BodyType, Color = x.Color, Cover = Cover(x.Photos),
    };

    private static Guid? Cover(IReadOnlyList<Guid> photos) => photos.Count > 0 ? photos[0] : null;

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid UserId { get; init; }
        public string Make { get; init; } = "";
        public string Model { get; init; } = "";
        public int Year { get; init; }
        public int Mileage { get; init; }
        public decimal Price { get; init; }
        public string Region { get; init; } = "";
        public FuelType FuelType { get; init; }
        public Transmission Transmission { get; init; }
        public string BodyType { get; init; } = "";
        public string Color { get; init; } = "";
        public string Description { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset PublishedAt { get; init; }
        public Guid? Cover { get; init; }
        public string? CoverAddress { get; init; }

        public IndexedListing ToIndexed() => new(
            Id, UserId, Make, Model, Year, Mileage, Price, Region, FuelType, Transmission, BodyType, Color, Description, Cover, CreatedAt, PublishedAt);
    }
}
