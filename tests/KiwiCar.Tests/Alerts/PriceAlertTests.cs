using KiwiCar.Alerts;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Listings.Contracts;
using KiwiCar.Tests.Listings;
using Xunit.Abstractions;

namespace KiwiCar.Tests.Alerts;

/// <summary>Which mails follow from the prices of an advert: by examples, and by the rules told once more, plainly, for thousands of random histories.</summary>
public sealed class PriceAlertTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Monday = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(15);

    [Fact]
    public void The_first_fall_is_told_at_once() =>
        Assert.Equal([new(25_000, 24_000)], Mails(null, (Days(3), 24_000)));

    [Fact]
    public void A_rise_is_told_to_nobody() => Assert.Empty(Mails(null, (Days(3), 26_000)));

    [Fact]
    public void A_rise_for_minutes_and_the_drop_after_it_are_told_to_nobody() =>
        Assert.Empty(Mails(null, (Days(3), 30_000), (Days(3) + Minutes(5), 25_000)));

    [Fact]
    public void After_a_rise_for_minutes_a_real_fall_is_told_from_what_was_asked_before() =>
        Assert.Equal([new(25_000, 24_000)], Mails(null, (Days(3), 30_000), (Days(3) + Minutes(5), 24_000)));

    [Fact]
    public void A_rise_that_held_a_day_makes_the_drop_after_it_a_fall() =>
        Assert.Equal([new(30_000, 25_000)], Mails(null, (Days(3), 30_000), (Days(4), 25_000)));

    [Fact]
    public void Falls_within_the_pause_become_one_mail_from_the_price_last_mailed_to_the_current_one() =>
        Assert.Equal([new(25_000, 24_000), new(24_000, 21_000)],
            Mails(null, (Days(3), 24_000), (Days(3) + Minutes(2), 23_000), (Days(3) + Minutes(4), 22_000), (Days(3) + Minutes(6), 21_000)));

    [Fact]
    public void What_waited_is_not_told_where_the_price_has_risen_again() =>
        Assert.Equal([new(25_000, 24_000)], Mails(null, (Days(3), 24_000), (Days(3) + Minutes(2), 23_000), (Days(3) + Minutes(4), 24_500)));

    [Fact]
    public void What_has_waited_its_time_is_told_before_the_next_change_is_judged() =>
        Assert.Equal([new(25_000, 24_000), new(24_000, 23_000), new(23_000, 22_000)],
            Mails(null, (Days(3), 24_000), (Days(3) + Minutes(2), 23_000), (Days(3) + Minutes(20), 22_000)));

    [Fact]
    public void Above_the_target_nothing_is_told() => Assert.Empty(Mails(20_000, (Days(3), 24_000), (Days(4), 20_500)));

    [Fact]
    public void The_target_itself_is_reached() => Assert.Equal([new(24_000, 20_000)], Mails(20_000, (Days(3), 24_000), (Days(4) + Minutes(1), 20_000)));

    [Fact]
    public void The_same_price_again_after_a_long_rise_under_the_target_is_told_again() =>
        Assert.Equal([new(25_000, 19_000), new(25_000, 19_000)], Mails(20_000, (Days(3), 19_000), (Days(4), 25_000), (Days(6), 19_000)));

    [Fact]
    public void Thousands_of_random_histories_are_told_as_the_rules_say()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var told = 0;
        for (var round = 0; round < 5_000; round++)
        {
            var changes = new List<(TimeSpan, decimal)>();
            var (at, price) = (TimeSpan.Zero, 25_000m);
            for (var n = random.Next(1, 15); n > 0; n--)
            {
                // Few prices, and times that fall on the pause's end, on a day's end, and on each other.
                at += random.Next(5) switch { 0 => Pause, 1 => TimeSpan.FromDays(1), 2 => TimeSpan.FromHours(random.Next(1, 60)), _ => TimeSpan.FromMinutes(random.Next(0, 30)) };
                var next = 20_000m + 500 * random.Next(0, 21);
                if (next == price) continue;
                changes.Add((at, price = next));
            }
            var target = random.Next(2) == 0 ? (decimal?)null : 20_000 + 500 * random.Next(0, 21);
            var expected = AlertOracle.Mails(Monday, 25_000, [.. changes.Select(c => (Monday + c.Item1, c.Item2))], target, Pause);
            Assert.Equal(expected, Mails(target, [.. changes]).Select(f => (f.From, f.To)));
            told += expected.Count;
        }
        output.WriteLine($"{told} mails in 5,000 histories");
        Assert.InRange(told, 5_000, 50_000); // else the histories were too dull to prove anything
    }

    // As the reaction goes: the changes one by one, then what still waits.
    private static IReadOnlyList<Fall> Mails(decimal? target, params (TimeSpan After, decimal Price)[] changes)
    {
        var (asking, price, mails) = (new Asking(), 25_000m, new List<Fall>());
        asking.Apply(Stored(1, Monday, Cars.Corolla));
        PriceAlert? alert = null;
        var stored = new List<Recorded>();
        foreach (var (after, next) in changes)
        {
            stored.Add(Stored(stored.Count + 2, Monday + after, new PriceChanged(Cars.Id, price, next)));
            asking.Apply(stored[^1]);
            price = next;
        }
        foreach (var e in stored) // the stream is further than the event that is handled
        {
            var changed = (PriceChanged)e.Data!;
            var (told, next) = PriceAlert.Decide(alert, target, new Change(changed.OldPrice, changed.NewPrice, asking.FloorBefore(e), e.At), Pause);
            mails.AddRange(told);
            alert = next;
        }
        alert?.Settle(target, mails);
        return mails;
    }

    private static Recorded Stored(long version, DateTimeOffset at, ListingEvent e) => new(version, Guid.NewGuid(), Cars.Id, "listing", version, "", at, e);

    private static TimeSpan Days(int days) => TimeSpan.FromDays(days);

    private static TimeSpan Minutes(int minutes) => TimeSpan.FromMinutes(minutes);
}
