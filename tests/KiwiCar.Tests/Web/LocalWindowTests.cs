using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Tests.Web;

public class LocalWindowTests
{
    private const long Second = 1_000;

    private static LocalWindow Window(int count) => new(new Limit("test", Per.Ip, "off"), new LimitSize(count, TimeSpan.FromSeconds(10)));

    [Fact]
    public void It_slides_each_permit_comes_free_a_window_after_it_was_taken()
    {
        var window = Window(2);
        Assert.True(window.TryTake("a", 0, out _));
        Assert.True(window.TryTake("a", 6 * Second, out _));
        Assert.False(window.TryTake("a", 9 * Second, out var refused));
        Assert.Equal((0, TimeSpan.FromSeconds(1), true), (refused.Remaining, refused.Wait, refused.Refused));
        Assert.True(window.TryTake("a", 10 * Second, out _));
        Assert.False(window.TryTake("a", 15 * Second, out _));
        Assert.True(window.TryTake("a", 16 * Second, out _));
    }

    [Fact]
    public void Keys_are_apart() => Assert.All(["a", "b"], key => Assert.True(Window(1).TryTake(key, 0, out _)));

    [Fact]
    public void What_is_given_back_can_be_taken_again()
    {
        var window = Window(1);
        window.TryTake("a", 0, out _);
        window.GiveBack("a", 0);
        Assert.True(window.TryTake("a", 1, out _));
        Assert.False(window.TryTake("a", 2, out _));
    }

    [Fact]
    public void No_change_of_generation_forgets_what_still_counts()
    {
        var window = Window(3);
        for (long at = 0; at <= 60 * Second; at += 2 * Second) window.TryTake("a", at, out _);
        Assert.False(window.TryTake("a", 61 * Second, out _));
        Assert.True(window.TryTake("b", 61 * Second, out _));
    }

    [Fact]
    public void A_million_keys_leave_it_small_and_the_latest_remembered()
    {
        var window = Window(5_000); // the larger the count, the fewer keys
        for (var i = 0; i < 1_000_000; i++) window.TryTake($"{i}", 0, out _);
        Assert.True(window.Keys < 1_000);
        window.TryTake("999999", 1, out var standing);
        Assert.Equal(4_998, standing.Remaining);
    }
}
