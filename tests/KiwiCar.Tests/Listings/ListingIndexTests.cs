using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Search;
using Xunit.Abstractions;

namespace KiwiCar.Tests.Listings;

public class ListingIndexTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly IndexedListing Corolla = new(
        Guid.NewGuid(), Guid.NewGuid(), "Toyota", "Corolla", 2020, 45_000, 25_000m, "Auckland", FuelType.PETROL, Transmission.AUTOMATIC,
        "Hatchback", "Silver", "Well maintained, one owner.", Cover: Guid.NewGuid(), CreatedAt: Noon.AddDays(-1), PublishedAt: Noon);

    private readonly ListingIndex _index = new();

    private static IndexedListing Another(string make, string model) => Corolla with { Id = Guid.NewGuid(), Make = make, Model = model };

    private void Given(params IEnumerable<IndexedListing> listings)
    {
        foreach (var listing in listings) _index.Put(listing);
    }

    private int Matching(ListingQuery query) => _index.Search(query).Total;

    private void Found(ListingQuery query, params IEnumerable<IndexedListing> expected) =>
        Assert.Equal(expected.Select(x => x.Id), _index.Search(query).Items.Select(x => x.Id));

    [Fact]
    public void A_card_says_what_the_list_shows()
    {
        Given(Corolla);
        Assert.Equal(
            new(Corolla.Id, "2020 Toyota Corolla", 25_000m, 2020, 45_000, "Auckland", FuelType.PETROL, Transmission.AUTOMATIC, Corolla.Cover, Corolla.CreatedAt),
            Assert.Single(_index.Search(new()).Items));
    }

    [Fact]
    public void A_listing_is_found_by_id_as_it_went_in_but_for_its_description()
    {
        Given(Corolla with { Cover = null, Price = 25_000.01m });
        Assert.Equal(Corolla with { Cover = null, Price = 25_000.01m, Description = "" }, _index.Find(Corolla.Id));
        Assert.Null(_index.Find(Guid.NewGuid()));
    }

    [Fact]
    public void Putting_a_listing_again_replaces_it()
    {
        Given(Corolla, Corolla with { Region = "Otago", Description = "Now in Dunedin" });
        Assert.Equal((1, 0, 1), (_index.Count, Matching(new() { Text = "owner" }), Matching(new() { Text = "dunedin", Regions = ["otago"] })));
    }

    [Fact]
    public void A_removed_listing_is_gone_once()
    {
        Given(Corolla);
        Assert.True(_index.Remove(Corolla.Id));
        Assert.False(_index.Remove(Corolla.Id));
        Assert.Equal((0, 0), (_index.Count, Matching(new() { Text = "corolla" })));
    }

    [Fact]
    public void A_new_price_moves_only_the_price()
    {
        Given(Corolla);
        Assert.True(_index.SetPrice(Corolla.Id, 19_999.99m));
        Assert.False(_index.SetPrice(Guid.NewGuid(), 1m));
        Assert.Equal(Corolla with { Price = 19_999.99m, Description = "" }, _index.Find(Corolla.Id));
        Assert.Equal((0, 1), (Matching(new() { MinPrice = 20_000 }), Matching(new() { Text = "owner", MaxPrice = 19_999.99m })));
    }

    [Fact]
    public void Active_adverts_are_counted_by_seller()
    {
        Given(Corolla, Another("Mazda", "3"), Another("Ford", "Ranger") with { SellerId = Guid.NewGuid() });
        _index.SetPrice(Corolla.Id, 1_000m);
        Assert.Equal(2, _index.CountOf(Corolla.SellerId));
        _index.Remove(Corolla.Id);
        Assert.Equal((1, 0), (_index.CountOf(Corolla.SellerId), _index.CountOf(Guid.NewGuid())));
        Assert.Equal(1, Matching(new() { SellerId = Corolla.SellerId }));
        Assert.Equal(0, Matching(new() { SellerId = Guid.NewGuid() }));
    }

    [Theory]
    [InlineData("Whangārei", "Whangarei"), InlineData("Whangarei", "WHANGĀREI"), InlineData("Hawke's Bay", "hawkes-bay"), InlineData("Hawke’s Bay", "Hawke's  Bay")]
    [InlineData("Manawatū-Whanganui", "manawatu-whanganui"), InlineData("Bay of Plenty", "bayofplenty"), InlineData("Whanga\u0304rei", "whangarei")]
    public void A_region_matches_in_any_spelling(string kept, string asked)
    {
        Given(Corolla with { Region = kept });
        Assert.Equal(1, Matching(new() { Regions = [asked] }));
    }

    [Theory]
    [InlineData("Mazda", "3", "mazda 3"), InlineData("Mazda", "3", "3"), InlineData("Mazda", "Mazda3", "3"), InlineData("Mazda", "Mazda 3", "mazda-3")]
    [InlineData("Mazda", "CX-5", "cx5"), InlineData("Toyota", "Land Cruiser Prado", "land-cruiser-prado"), InlineData("Citroën", "C3", "citroen c3")]
    public void A_model_matches_with_its_make_or_without(string make, string model, string asked)
    {
        Given(Another(make, model));
        Assert.Equal(1, Matching(new() { Models = [asked] }));
    }

    [Fact]
    public void A_model_is_meant_within_the_makes_given()
    {
        var mazda = Another("Mazda", "3");
        Given(mazda, Another("Tesla", "3"));
        Assert.Equal(2, Matching(new() { Models = ["3"] }));
        Found(new() { Makes = ["mazda", "toyota"], Models = ["3"] }, mazda);
    }

    [Fact]
    public void An_unknown_value_matches_nothing_and_takes_nothing_from_the_others()
    {
        Given(Corolla);
        Assert.Equal(0, Matching(new() { Makes = ["lada"] }));
        Assert.Equal(0, Matching(new() { Colors = [""] }));
        Assert.Equal(1, Matching(new() { Makes = ["lada", "toyota"] }));
    }

    [Fact]
    public void A_list_may_be_long()
    {
        Given(Enumerable.Range(0, 100).Select(i => Another("Toyota", $"Model {i}")));
        Assert.Equal(40, Matching(new() { Models = [.. Enumerable.Range(30, 40).Select(i => $"model-{i}")] }));
    }

    [Fact]
    public void Bounds_are_inclusive_to_the_cent()
    {
        Given(Corolla with { Price = 9_999.99m });
        Assert.Equal(1, Matching(new() { MinPrice = 9_999.99m, MaxPrice = 9_999.99m, MinYear = 2020, MaxYear = 2020, MinMileage = 45_000, MaxMileage = 45_000 }));
        Assert.Equal(0, Matching(new() { MinPrice = 9_999.991m }));
        Assert.Equal(0, Matching(new() { MaxPrice = 9_999.989m }));
        Assert.Equal(0, Matching(new() { MinYear = 40_000 }));
        Assert.Equal(1, Matching(new() { MinYear = int.MinValue, MaxYear = int.MaxValue, MinPrice = decimal.MinValue, MaxPrice = decimal.MaxValue }));
    }

    [Theory]
    [InlineData("cx-5"), InlineData("cx5"), InlineData("CX 5"), InlineData("mazda cx"), InlineData("2020 mazda"), InlineData("māori"), InlineData("whangarei drivers car")]
    [InlineData("owner tow"), InlineData("100%"), InlineData("tow_bar"), InlineData("nonsmoker"), InlineData("non-smok"), InlineData("smoker non"), InlineData("Mazdacx5")]
    public void Words_are_found_however_they_are_written(string text)
    {
        Given(Another("Mazda", "CX-5") with { Description = "Whangārei driver's car, one OWNER, tow bar. Non-smoker. 100% Maori." });
        Assert.Equal(1, Matching(new() { Text = text }));
    }

    [Theory]
    [InlineData("own maintained"), InlineData("corolla hilux"), InlineData("orolla"), InlineData("auckland"), InlineData("well-maintained")]
    public void Every_word_must_be_there_and_only_the_last_may_be_a_beginning(string text)
    {
        Given(Corolla);
        Assert.Equal(0, Matching(new() { Text = text }));
    }

    [Theory]
    [InlineData(null), InlineData(""), InlineData("  "), InlineData("%"), InlineData("_ - '")]
    public void A_text_without_words_asks_nothing(string? text)
    {
        Given(Corolla);
        Assert.Equal(1, Matching(new() { Text = text }));
    }

    [Fact]
    public void The_newest_was_published_last_and_equals_stand_by_id()
    {
        IndexedListing[] listings = [.. Enumerable.Range(0, 50).Select(i => Another("Kia", "Rio") with { PublishedAt = Noon.AddHours(-i / 5), Price = 5_000 + i % 3 })];
        Given(listings);
        Found(new() { Limit = 50 }, listings.OrderByDescending(x => x.PublishedAt).ThenByDescending(x => x.Id));
        Found(new() { Limit = 7, Page = 3, Sort = SortOrder.PriceAsc }, listings.OrderBy(x => x.Price).ThenBy(x => x.Id).Skip(14).Take(7));
    }

    [Fact]
    public void A_page_past_the_end_is_empty_and_tells_the_total()
    {
        Given(Corolla, Another("Mazda", "3"));
        var result = _index.Search(new() { Page = int.MaxValue, Limit = 100 });
        Assert.Equal((2, 0), (result.Total, result.Items.Count));
        Assert.Empty(new ListingIndex().Search(new()).Items);
    }

    [Fact]
    public void Pages_and_their_cards_count_from_1()
    {
        Assert.Throws<ArgumentException>(() => _index.Search(new() { Page = 0 }));
        Assert.Throws<ArgumentException>(() => _index.Search(new() { Limit = 0 }));
    }

    [Theory]
    [InlineData(300, 3_000), InlineData(10_000, 100)]
    public void Random_queries_amid_random_writes_answer_as_a_plain_list_does(int size, int queries)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var (market, plain) = (new RandomMarket(new(seed)), new PlainList());
        for (var i = 0; i < size * 2; i++) market.Write(_index, plain, size);
        for (var i = 0; i < queries; i++)
        {
            for (var writes = 0; writes < 5; writes++) market.Write(_index, plain, size);
            var query = market.Query(size, [.. plain.Ids]);
            var (total, ids) = plain.Search(query);
            var result = _index.Search(query);
            Assert.True(total == result.Total && ids.SequenceEqual(result.Items.Select(x => x.Id)), $"seed {seed}, query {i}: {query}");
            if (i % 5 == 0) Assert.Equal(plain.Options(query), PlainList.Text(_index.Options(query)));
            if (i % 5 == 1) Alike(market.Listing(plain.Any(market.Random)));
        }
        Assert.Equal(plain.Count, _index.Count);

        void Alike(IndexedListing x) => Assert.Equal(
            plain.Similar(x, 6), _index.Similar(new(x.Id, x.Make, x.Model, x.BodyType, x.Year, x.Mileage, x.Price), 6).Select(card => card.Id));
    }

    [Fact]
    public async Task A_search_sees_one_instant_while_the_writer_writes()
    {
        Given(Enumerable.Range(0, 200).Select(i => Another("Kia", "Rio") with { Price = 5_000 + i % 2, PublishedAt = Noon.AddSeconds(i) }));
        var ids = _index.Search(new() { Limit = 200 }).Items.Select(x => x.Id).ToArray();
        using var written = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!written.IsCancellationRequested) MustHoldAll(new() { Limit = 200 }, new() { Text = "rio own", Limit = 200, Sort = SortOrder.PriceAsc });
        })).ToArray();
        for (var i = 0; i < 30_000; i++)
        {
            var id = ids[i * 7 % ids.Length];
            if (i % 3 == 0) _index.Put(_index.Find(id)! with { Description = $"Owner number {i}" });
            else _index.SetPrice(id, 5_000 + i % 11);
        }
        await written.CancelAsync();
        await Task.WhenAll(readers);
    }

    private void MustHoldAll(params ReadOnlySpan<ListingQuery> queries)
    {
        foreach (var query in queries)
        {
            var result = _index.Search(query);
            Assert.Equal((200, 200), (result.Total, result.Items.DistinctBy(x => x.Id).Count()));
            Assert.All(result.Items, x => Assert.InRange(x.Price, 5_000, 5_010));
        }
    }
}
