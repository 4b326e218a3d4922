using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Search;

namespace KiwiCar.Tests.Listings;

/// <summary>Random writes and queries over a small world, where much collides.</summary>
internal sealed class RandomMarket(Random random)
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly (string Make, string Model)[] Models =
        [("Toyota", "Corolla"), ("Toyota", "Land Cruiser Prado"), ("Mazda", "3"), ("Mazda", "Mazda3"), ("Mazda", "CX-5"), ("Tesla", "Model 3"), ("Citroën", "C3"), ("BYD", "3")];

    private static readonly string[] Regions = ["Auckland", "auckland", "Hawke's Bay", "Manawatū-Whanganui", "Whangārei"];
    private static readonly string[] BodyTypes = ["SUV", "suv", "Sedan", "Hatchback"];
    private static readonly string[] Colors = ["White", "Pearl-White", "Māori red"];
    private static readonly string[] Words = ["one", "owner", "Non-smoker", "tow", "towbar", "it's", "100%", "snake_case", "Pākehā", "cx", "5", "cx-5-s", "corolla", "2.0L", "🚗", "kiwi"];

    private static readonly string[] Asked =
        ["toyota", "MAZDA", "citroen", "lada", "corolla", "land-cruiser-prado", "3", "mazda 3", "tesla-model-3", "cx5", "auckland", "hawkes-bay", "Manawatu Whanganui", "whangarei", "suv", "sedan", "white", "pearl white", "maori-red"];

    private static readonly string[] AskedWords =
        ["one", "own", "owner", "non-smoker", "smoker", "nonsmoker", "tow", "towb", "its", "100", "snake", "pakeha", "cx-5", "cx5", "cx5s", "5", "mazda", "mazda3", "landcruiser", "20", "2015", "0l", "%", "zebra"];

    private readonly Guid[] _sellers = [.. Enumerable.Range(0, 5).Select(_ => NewGuid(random))];

    public void Write(ListingIndex index, PlainList plain, int most)
    {
        var known = plain.Count > 0 ? plain.Any(random) : NewGuid(random);
        switch (random.Next(10))
        {
            case 0: Assert.Equal(plain.Remove(known), index.Remove(known)); break;
            case <= 2: var price = Price(); Assert.Equal(plain.SetPrice(known, price), index.SetPrice(known, price)); break;
            case <= 4: Put(Listing(known)); break;
            default: Put(Listing(plain.Count < most ? NewGuid(random) : known)); break;
        }

        void Put(IndexedListing listing)
        {
            plain.Put(listing);
            index.Put(listing);
        }
    }

    public Random Random => random;

    /// <param name="ids">What there is to be asked for by id.</param>
    public ListingQuery Query(int size, Guid[] ids) => new()
    {
        Text = Often() ? string.Join(" -"[random.Next(2)], Some(AskedWords, 3)) : null,
        Makes = Seldom() ? Some(Asked, 3) : [], Models = Seldom() ? Some(Asked, 12) : [], Regions = Seldom() ? Some(Asked, 4) : [],
        BodyTypes = Seldom() ? Some(Asked, 5) : [], Colors = Seldom() ? Some(Asked, 5) : [],
        FuelTypes = Seldom() ? Some(Enum.GetValues<FuelType>(), 3) : [], Transmissions = Seldom() ? Some(Enum.GetValues<Transmission>(), 1) : [],
        MinPrice = Seldom() ? Price() : null, MaxPrice = Seldom() ? Price() : null,
        MinYear = Seldom() ? random.Next(2_000, 2_026) : null, MaxYear = Seldom() ? random.Next(2_000, 2_026) : null,
        MinMileage = Seldom() ? Mileage() : null, MaxMileage = Seldom() ? Mileage() : null,
        SellerId = Seldom() ? Pick(_sellers) : null, ListedSince = Seldom() ? Noon.AddMilliseconds(random.Next(1_000)) : null, Reduced = Seldom(),
        Ids = ids.Length > 0 && Seldom() ? [NewGuid(random), .. Some(ids, 99)] : [], Sort = Pick(Enum.GetValues<SortOrder>()),
        Page = Often() ? 1 + random.Next(3) : 1 + random.Next(size / 10), Limit = 1 + random.Next(20),
    };

    public IndexedListing Listing(Guid id)
    {
        var (make, model) = Pick(Models);
        return new(
            id, Pick(_sellers), make, model, random.Next(2_000, 2_026), Mileage(), Price(), Pick(Regions), Pick(Enum.GetValues<FuelType>()),
            Pick(Enum.GetValues<Transmission>()), Pick(BodyTypes), Pick(Colors), string.Join(" .,"[random.Next(3)], Some(Words, 8)),
            Often() ? NewGuid(random) : null, Noon, Noon.AddMilliseconds(random.Next(1_000))) { ListedPrice = Price() };
    }

    private bool Seldom() => random.Next(6) == 0;

    private bool Often() => random.Next(2) == 0;

    private int Mileage() => random.Next(50) * 1_000;

    private decimal Price() => random.Next(100, 200) + random.Next(2) * 0.01m;

    private T Pick<T>(T[] values) => values[random.Next(values.Length)];

    private T[] Some<T>(T[] values, int most) => [.. Enumerable.Range(0, 1 + random.Next(most)).Select(_ => Pick(values))];

    private static Guid NewGuid(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new(bytes);
    }
}
