using System.Diagnostics;
using System.Net.Http.Json;

namespace KiwiCar.Bench;

/// <summary>Password hashing costs a quarter of a second of a core. Readers must not feel it: their times alone, and with 24 people who sign in all the time.</summary>
internal static class LoginsBench
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(8);

    public static async Task Run()
    {
        var settings = new Dictionary<string, string>
        {
            ["EVENTS_DATABASE_URL"] = await TestDatabases.NewEvents(), ["DATABASE_URL"] = await TestDatabases.NewReadModels(), ["REDIS_URL"] = TestDatabases.RedisUrl,
            ["KIWICAR_DATA"] = Directory.CreateTempSubdirectory("kiwicar-bench-").FullName, ["NODE_ENV"] = "development", ["LOG_LEVEL"] = "error", ["PORT"] = "39872", ["RATE_LIMITS"] = "off",
        };
        using var host = await HostProcess.Start(settings);
        var account = new { email = "bench@example.com", password = "correct horse battery" };
        (await host.Http.PostAsJsonAsync("/api/auth/register", account)).EnsureSuccessStatusCode();
        await Read(host, Round / 4); // warm
        for (var round = 1; round <= 2; round++)
        {
            Console.WriteLine($"GET /api/listings alone              {await Read(host, Round)}");
            using var stop = new CancellationTokenSource();
            var logins = Enumerable.Range(0, 24).Select(_ => SignIn(host, account, stop.Token)).ToList();
            var began = Stopwatch.GetTimestamp();
            var reads = await Read(host, Round);
            await stop.CancelAsync();
            var answers = (await Task.WhenAll(logins)).Aggregate((a, b) => (a.In + b.In, a.Refused + b.Refused));
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            Console.WriteLine($"GET /api/listings beside the logins  {reads}; {answers.In / seconds:0.0} logins/s let in, {answers.Refused / seconds:0} told to come back (503)");
        }
    }

    // A hundred reads a second, as from people and not from a load generator that takes what CPU there is.
    private static async Task<Figures> Read(HostProcess host, TimeSpan time)
    {
        var figures = new Figures();
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (Stopwatch.GetElapsedTime(began) < time && await timer.WaitForNextTickAsync())
        {
            var at = Stopwatch.GetTimestamp();
            (await host.Http.GetAsync("/api/listings")).EnsureSuccessStatusCode();
            figures.Add(Stopwatch.GetElapsedTime(at));
        }
        return figures;
    }

    private static async Task<(int In, int Refused)> SignIn(HostProcess host, object account, CancellationToken stop)
    {
        var (letIn, refused) = (0, 0);
        while (!stop.IsCancellationRequested)
        {
            using var answer = await host.Http.PostAsJsonAsync("/api/auth/login", account, CancellationToken.None);
            if (answer.IsSuccessStatusCode) letIn++;
            else
            {
                refused++;
                await Task.Delay(200, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        return (letIn, refused);
    }
}
