using System.Diagnostics;
using System.Net;

namespace KiwiCar.IntegrationTests.Web;

/// <summary>The limits hold whatever happens to Redis, and nobody waits for it.</summary>
public sealed class RateLimitOutageTests : IAsyncLifetime
{
    private readonly LimitedApp limited = new();

    public Task InitializeAsync() => limited.InitializeAsync();

    public Task DisposeAsync() => limited.DisposeAsync();

    private static async Task<int> Admitted(HttpClient http, int tries)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, tries).Select(_ => http.GetAsync("/api/nowhere")));
        return answers.Count(a => a.StatusCode != HttpStatusCode.TooManyRequests);
    }

    private async Task<int> InRedis(string address) => int.Parse((await limited.Redis.Ask($"ZCARD kiwicar:limit:general:{address}"))![1..]);

    [Fact]
    public async Task They_outlive_a_flush_a_stop_and_a_start_of_Redis()
    {
        var address = LimitedApp.NewAddress();
        using var http = limited.ClientAt(address);
        Assert.Equal(30, await Admitted(http, 30));
        Assert.Equal(30, await InRedis(address));

        await limited.Redis.Ask("FLUSHALL");
        Assert.Equal(30, await Admitted(http, 30));
        Assert.Equal(30, await InRedis(address));

        await limited.Redis.Stop();
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(30, await Admitted(http, 30));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5));

        await limited.Redis.Run();
        Assert.Equal(10, await Admitted(http, 40));
        // It comes back by itself: a new client's requests are counted there again.
        var another = LimitedApp.NewAddress();
        using var later = limited.ClientAt(another);
        for (var attempt = 0; attempt < 60 && await InRedis(another) == 0; attempt++)
        {
            await later.GetAsync("/api/nowhere");
            await Task.Delay(500);
        }
        Assert.NotEqual(0, await InRedis(another));
    }

    [Fact]
    public async Task A_Redis_that_hangs_costs_one_short_wait()
    {
        var impatient = await limited.Start(new() { ["TRUSTED_PROXIES"] = "127.0.0.1", ["REDIS_TIMEOUT_MS"] = "" });
        using var http = limited.ClientAt(LimitedApp.NewAddress(), impatient);
        await http.GetAsync("/api/nowhere");
        limited.Redis.Pause();
        try
        {
            var times = new List<double>();
            for (var i = 0; i < 50; i++)
            {
                var began = Stopwatch.GetTimestamp();
                Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/api/nowhere")).StatusCode);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            times.Sort();
            Assert.True(times[^1] < 4_000, $"the longest took {times[^1]:0} ms");
            Assert.True(times[25] < 200, $"half of them took up to {times[25]:0} ms");
        }
        finally
        {
            limited.Redis.Continue();
        }
        await impatient.DisposeAsync();
    }

    [Fact]
    public async Task Where_Redis_was_never_there_the_limits_hold_too()
    {
        await limited.Redis.Stop();
        var lonely = await limited.Start(new() { ["TRUSTED_PROXIES"] = "127.0.0.1", ["REDIS_TIMEOUT_MS"] = "" });
        using var http = limited.ClientAt(LimitedApp.NewAddress(), lonely);
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(100, await Admitted(http, 120));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5));
        await lonely.DisposeAsync();
    }
}
