using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Pricing;

/// <summary>
/// The table <c>listing_estimates</c>: what each ACTIVE advert's car should cost, its own advert left out, and when that was worked out.
/// It is no projection: it depends on the whole market, so a rebuild of <c>listings</c> leaves it alone. Several hosts write the same.
/// </summary>
internal sealed class ListingEstimates(Database database, ListingPages pages, TimeProvider clock)
{
    private const int RowsAStatement = 200;

    /// <summary>Works the estimates of these adverts out anew; closed ones, and those the market says too little about, lose theirs.</summary>
    public async Task Write(Market market, IEnumerable<Advert?> adverts, CancellationToken ct)
    {
        foreach (var some in adverts.OfType<Advert>().Chunk(RowsAStatement))
        {
            var writer = new Writer([new BuildingBlocks.ReadModel.Table("listing_estimates", "listingId")]);
            foreach (var advert in some)
            {
                if (advert.Status == ListingStatus.ACTIVE && Estimate.Quick(market, advert.Car, advert.Id) is var (e, _)) Put(writer, advert.Id, e);
                else writer.DeleteWhere("listing_estimates", "listingId", advert.Id);
            }
            var commands = writer.Commands().ToList();
            await using var db = await database.Open(ct);
            foreach (var sql in commands) await db.Run(sql, ct);
            foreach (var advert in some) pages.Forget(advert.Id);
        }
    }

    private void Put(Writer writer, Guid id, Estimate e) => writer.Insert("listing_estimates", id,
        ("priceMin", Whole(e.Min)), ("priceMax", Whole(e.Max)), ("priceRecommended", Whole(e.Price)), ("confidence", (decimal)e.Confidence), ("computedAt", clock.GetUtcNow()));

    private static decimal Whole(double price) => (decimal)Math.Round(Math.Min(price, 99_999_999));
}
