using System.Numerics;

namespace KiwiCar.Listings.Search;

/// <summary>The car that others are compared with. What is not known of it is not compared.</summary>
/// <param name="Mileage">Kilometres.</param>
/// <param name="Price">NZD.</param>
internal sealed record Likened(Guid Id, string Make, string Model, string BodyType, int? Year, int? Mileage, decimal? Price);

/// <summary>
/// How far a row is from a car; nearer is less. Kin counts before all else: the same model, then make and body type, then body type,
/// then make; whatever shares none of them is no candidate. Within kin, a year, a tenth of the car's price and 20,000 km count alike, 10 points.
/// </summary>
internal sealed class Likeness(Likened car, ListingLabels labels)
{
    /// <summary>No distance within one kin reaches the next.</summary>
    private const int Kin = 10_000;

    private readonly Choice<int> _models = new(labels.Models.Alike((car.Make, car.Model)));
    private readonly Choice<int> _makes = new(labels.Makes.Alike(car.Make));
    private readonly Choice<int> _bodyTypes = new(labels.BodyTypes.Alike(car.BodyType));
    private readonly long _cents = (long)((car.Price ?? 0) * 100);

    /// <summary>Offers the rows of one block that are worth it.</summary>
    public void Offer(int number, Block block, ReadOnlySpan<ulong> rows, ref Best best)
    {
        Span<ulong> model = stackalloc ulong[Block.Words], make = stackalloc ulong[Block.Words], body = stackalloc ulong[Block.Words];
        rows.CopyTo(model);
        _models.Keep(model, block.Models);
        var modelsOnly = best.Worst < Kin;
        if (modelsOnly) KeepNear(model, block, best.Worst);
        else
        {
            rows.CopyTo(make);
            rows.CopyTo(body);
            _makes.Keep(make, block.Makes);
            _bodyTypes.Keep(body, block.BodyTypes);
        }
        for (var word = 0; word < rows.Length; word++)
        {
            for (var left = modelsOnly ? model[word] : model[word] | make[word] | body[word]; left != 0; left &= left - 1)
            {
                var bit = BitOperations.TrailingZeroCount(left);
                var kin = (model[word] >> bit & 1) != 0 ? 0 : 4 - (int)(make[word] >> bit & 1) - 2 * (int)(body[word] >> bit & 1);
                var at = word * 64 + bit;
                var rank = kin * Kin + Distance(block, at);
                if (rank <= best.Worst && block.Ids[at] != car.Id) best.Offer(new(rank, Candidate.TieOf(block.Ids[at], descending: true), number * Block.Rows + at));
            }
        }
    }

    /// <summary>Leaves the rows whose year and price alone do not put them farther.</summary>
    private void KeepNear(Span<ulong> rows, Block block, long distance)
    {
        if (car.Year is { } year) Bitmap.Keep(rows, block.Years, new(short.CreateSaturating(year - distance / 10), short.CreateSaturating(year + distance / 10)));
        var cents = (distance + 1) * _cents / 100;
        if (_cents > 0) Bitmap.Keep(rows, block.Prices, new(int.CreateSaturating(_cents - cents), int.CreateSaturating(_cents + cents)));
    }

    private long Distance(Block block, int at) => Math.Min(Kin - 1,
        10L * Math.Abs(block.Years[at] - (car.Year ?? block.Years[at]))
        + (_cents > 0 ? 100 * Math.Abs(block.Prices[at] - _cents) / _cents : 0)
        + Math.Abs(block.Mileages[at] - (car.Mileage ?? block.Mileages[at])) / 2_000);
}
