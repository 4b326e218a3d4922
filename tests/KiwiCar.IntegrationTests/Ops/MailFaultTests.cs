using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.IntegrationTests.BuildingBlocks;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Ops;

/// <summary>
/// The host as a process that is killed over and over, before a SendGrid of which three requests in ten fail: of alerts and messages each mail is taken once.
/// The short form runs with every other test; KIWICAR_FAULTS=full makes it 1,000 events and 20 kills.
/// </summary>
public sealed class MailFaultTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int People = 10, Workers = 6, FirstPrice = 1_000_000, Step = 10_000;
    private static readonly bool Full = Environment.GetEnvironmentVariable("KIWICAR_FAULTS") == "full";
    private static readonly int Kills = Full ? 20 : 6, Adverts = Full ? 50 : 15;

    // Far more than this server needs to tell what it took: one that is slower doubles mails, and that is the rule.
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(8);

    private readonly int seed = Random.Shared.Next();
    private readonly KiwiCarApp app = new();
    private readonly ConcurrentQueue<double> answered = new();
    private SendGridServer server = null!;
    private int done, unanswered;

    public async Task InitializeAsync()
    {
        server = await new SendGridServer(seed).Start();
        await app.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task No_alert_and_no_message_is_mailed_twice_and_none_is_lost()
    {
        var (sellers, people, adverts) = await Market(Adverts, targets: true);
        var due = new ConcurrentBag<string>();
        var registered = Enumerable.Range(0, Adverts).Select(_ => $"{Guid.NewGuid():N}@example.com").ToList();
        var work = Enumerable.Range(0, Workers).Select(_ => new Queue<Func<HostProcess, CancellationToken, Task>>()).ToArray();
        for (var a = 0; a < Adverts; a++)
        {
            var (advert, seller, queue, email) = (adverts[a], sellers[a % sellers.Length], work[a % Workers], registered[a]);
            queue.Enqueue((host, ct) => Send(host, HttpMethod.Post, "/api/auth/register", null, new { email, password = "correct horse battery" }, ct, HttpStatusCode.Conflict)); // they are there: the answer was lost
            for (var p = 0; p < People; p++)
            {
                var (price, person, key) = (PriceFor(p), people[p], $"{advert}-{p}");
                queue.Enqueue(async (host, ct) =>
                {
                    await Send(host, HttpMethod.Put, $"/api/listings/{advert}", seller, new { price }, ct);
                    due.Add($"price-alert {person.Email} {advert} {price}"); // the one whose limit it falls to
                });
                queue.Enqueue(async (host, ct) =>
                {
                    var sent = await Send(host, HttpMethod.Post, "/api/messages", person, new { receiverId = seller.Id, listingId = advert, content = "Is it still there?" }, ct, key: key);
                    due.Add($"new-message {seller.Email} {sent.GetProperty("conversationId").GetGuid()}");
                });
            }
        }
        var (total, watch, random) = (work.Sum(q => q.Count), Stopwatch.StartNew(), new Random(seed));
        server.Rate = 0.3;
        for (var life = 0; life < Kills; life++)
        {
            await using var host = await Start();
            using var dead = new CancellationTokenSource();
            // Every other host dies with requests on their way; the others a moment later, when mails are, and now and then when some were settled.
            var (goal, inRequests) = ((life + 1) * total / (Kills + 1), life % 2 == 0);
            var working = Task.WhenAll(work.Select(queue => Work(queue, host, inRequests ? total : goal, dead.Token)));
            for (var wait = 0; wait < 6_000 && Volatile.Read(ref done) < goal; wait++) await Task.Delay(10);
            Assert.True(done >= goal, $"{done} of {goal} in a minute");
            if (!inRequests) await Task.Delay(life % 5 == 4 || life == 3 ? Settle + TimeSpan.FromSeconds(2) : TimeSpan.FromMilliseconds(random.Next(700)));
            server.Webhook = null;
            await host.Kill();
            await dead.CancelAsync();
            await working;
        }
        var killed = watch.Elapsed;
        await using (var host = await Start())
        {
            await Task.WhenAll(work.Select(queue => Work(queue, host, total, default)));
            await Drained(TimeSpan.FromSeconds(120));
            server.Webhook = null;
        }
        Print(registered, killed, watch.Elapsed);

        Assert.True(server.SlowestWord < Settle / 2, $"this machine was too slow to tell anything: word took {server.SlowestWord.TotalSeconds:0.0} s");

        // The log has each of them once, whatever was asked twice because no answer came.
        Assert.Equal([("message_sent", (long)Adverts * People), ("price_changed", (long)Adverts * People)], await Logged());
        Assert.Equal(total - Adverts, due.Count);
        Assert.Equal(due.Count, due.Distinct().Count());
        var mailed = server.Accepted.Where(m => SendGridServer.Template(m) != "verify-email").Select(Describe).ToList();
        Assert.Equal([], mailed.CountBy(m => m).Where(m => m.Value > 1).Select(m => $"{m.Value} x {m.Key}"));
        Assert.Empty(due.Except(mailed));
        Assert.Empty(mailed.Except(due));
        Assert.Empty(registered.Except(Verifications()));
        Assert.All(SendGridServer.ByChance, fault => Assert.Contains(server.Requests, r => r.Fault == fault)); // all of them happened
    }

    [Fact]
    public async Task Killed_between_commit_and_send_each_alert_is_in_the_outbox_once_and_leaves_once()
    {
        var (sellers, people, adverts) = await Market(4, targets: false);
        server.Otherwise = MailFault.Hangs;
        await using (var host = await Start())
        {
            foreach (var (advert, a) in adverts.Select((advert, a) => (advert, a)))
                await Send(host, HttpMethod.Put, $"/api/listings/{advert}", sellers[a % sellers.Length], new { price = FirstPrice - Step }, default);
            for (var wait = 0; wait < 200 && (await Alerts() < adverts.Length * People || server.Requests.IsEmpty); wait++) await Task.Delay(50);
            await host.Kill();
        }
        var asked = server.Requests.Count;
        Assert.Equal(adverts.Length * People, await Alerts());
        Assert.True(asked > 0 && server.Accepted.IsEmpty, "it must have died while it sent");

        server.Otherwise = MailFault.None;
        var due = adverts.SelectMany(advert => people.Select(p => $"price-alert {p.Email} {advert} {FirstPrice - Step}")).Order().ToList();
        for (var life = 0; life < 2; life++) // what a first restart has sent, a second leaves alone
        {
            await using var host = await Start();
            await Drained(TimeSpan.FromSeconds(60));
            await Task.Delay(1_500);
            Assert.Equal(due, server.Accepted.Select(Describe).Order());
            Assert.Equal(due.Count, await Alerts());
            await host.Kill();
        }
        output.WriteLine($"{asked} requests had no answer when it died; {server.Accepted.Count} mails left afterwards");
    }

    /// <summary>Sellers with adverts, and people who watch each of them: with a limit of their own, which one fall of the price reaches, or for any fall.</summary>
    private async Task<(Member[] Sellers, Member[] People, Guid[] Adverts)> Market(int count, bool targets)
    {
        var (sellers, people, adverts) = (new Member[5], new Member[People], new Guid[count]);
        for (var i = 0; i < sellers.Length; i++) sellers[i] = await app.SignUp();
        for (var i = 0; i < people.Length; i++) people[i] = await app.SignUp();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (a, _) => adverts[a] = await app.Listing(sellers[a % sellers.Length], advert => advert["price"] = FirstPrice));
        await Parallel.ForAsync(0, People, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (p, ct) =>
        {
            foreach (var listingId in adverts)
                await (await people[p].Http.PostAsJsonAsync("/api/favorites", new { listingId, priceAlert = true, targetPrice = targets ? PriceFor(p) : (int?)null }, ct)).Json(HttpStatusCode.Created);
        });
        await Drained(TimeSpan.FromSeconds(20)); // the mails of these accounts go to the folder
        await app.App.StopAsync(); // from now on the processes that die have the databases for themselves
        return (sellers, people, adverts);
    }

    private static int PriceFor(int person) => FirstPrice - (person + 1) * Step;

    private async Task<HostProcess> Start()
    {
        var settings = new Dictionary<string, string?>(app.Settings)
        {
            ["MAIL_SETTLE"] = $"{Settle.TotalSeconds}s", ["PRICE_ALERT_PAUSE"] = "24h", // who was told once is not told again in this test
            ["SENDGRID_TEMPLATE_PRICE_ALERT"] = "d-1", ["SENDGRID_TEMPLATE_NEW_MESSAGE"] = "d-2", ["SENDGRID_TEMPLATE_VERIFY_EMAIL"] = "d-3",
        };
        foreach (var (name, value) in server.Settings) settings[name] = value;
        var host = await HostProcess.Start(settings);
        server.Webhook = host.Http.BaseAddress!.ToString();
        return host;
    }

    // Each until it is answered: what had no answer is asked again, of this host or the next one.
    private async Task Work(Queue<Func<HostProcess, CancellationToken, Task>> queue, HostProcess host, int goal, CancellationToken dead)
    {
        while (!dead.IsCancellationRequested && Volatile.Read(ref done) < goal && queue.TryPeek(out var next))
        {
            try
            {
                await next(host, dead);
                queue.Dequeue();
                Interlocked.Increment(ref done);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                Interlocked.Increment(ref unanswered);
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private async Task<JsonElement> Send(HostProcess host, HttpMethod method, string path, Member? by, object body, CancellationToken ct, HttpStatusCode? orElse = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(host.Http.BaseAddress!, path)) { Content = JsonContent.Create(body) };
        request.Headers.Authorization = by?.Http.DefaultRequestHeaders.Authorization;
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        var began = Stopwatch.GetTimestamp();
        using var answer = await host.Http.SendAsync(request, ct);
        var text = await answer.Content.ReadAsStringAsync(ct);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable) throw new HttpRequestException(text); // it asks for another try
        Assert.True(answer.IsSuccessStatusCode || answer.StatusCode == orElse, $"{method} {path}: {(int)answer.StatusCode} {text}");
        answered.Enqueue(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        return JsonDocument.Parse(text).RootElement;
    }

    private async Task Drained(TimeSpan atMost)
    {
        var (began, left) = (Stopwatch.StartNew(), "");
        do
        {
            await Task.Delay(100);
            await using var db = await app.Database.Open(default);
            left = string.Join(", ", await db.Query<string>("SELECT CONCAT(COUNT(*), ' ', template, ' ', state) FROM outbox WHERE state <> 'SENT' GROUP BY template, state", null, default));
        }
        while (left.Length > 0 && began.Elapsed < atMost);
        Assert.True(left.Length == 0, $"after {atMost.TotalSeconds} s still {left}; seed {seed}");
    }

    private async Task<long> Alerts()
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<long>("SELECT COUNT(*) FROM outbox WHERE template = 'price-alert'", null, default);
    }

    private async Task<List<(string, long)>> Logged()
    {
        var counts = new List<(string, long)>();
        await using var ask = app.Services.GetRequiredService<EventConnections>().Reads.CreateCommand("SELECT type, count(*) FROM events.mt_events WHERE type IN ('price_changed', 'message_sent') GROUP BY type ORDER BY type");
        await using var rows = await ask.ExecuteReaderAsync();
        while (await rows.ReadAsync()) counts.Add((rows.GetString(0), rows.GetInt64(1)));
        return counts;
    }

    // What a mail is about, as its receiver sees it.
    private static string Describe(JsonElement mail)
    {
        var (template, data) = (SendGridServer.Template(mail), mail.GetProperty("personalizations")[0].GetProperty("dynamic_template_data"));
        var about = template == "price-alert" ? $"{Last("listingUrl")} {data.GetProperty("newPrice").GetString()}" : Last("conversationUrl");
        return $"{template} {SendGridServer.To(mail)} {about}";

        string Last(string url) => data.GetProperty(url).GetString()!.Split('/')[^1];
    }

    private IEnumerable<string> Verifications() => server.Accepted.Where(m => SendGridServer.Template(m) == "verify-email").Select(SendGridServer.To);

    private void Print(List<string> registered, TimeSpan killed, TimeSpan drained)
    {
        var (times, faults) = (answered.Order().ToList(), server.Requests.CountBy(r => r.Fault).OrderBy(f => f.Key).ToList());
        output.WriteLine($"seed {seed}: {times.Count} requests answered (median {times[times.Count / 2]:0} ms, p99 {times[times.Count * 99 / 100]:0} ms), {unanswered} without an answer, {Kills} kills in {killed.TotalSeconds:0} s, all mails settled after {drained.TotalSeconds:0} s");
        output.WriteLine($"SendGrid: {server.Requests.Count} requests, {server.Accepted.Count} mails taken ({string.Join(", ", server.Accepted.CountBy(SendGridServer.Template).Select(t => $"{t.Value} {t.Key}"))}); {string.Join(", ", faults.Select(f => $"{f.Value} {f.Key}"))}");
        output.WriteLine($"verify-email: {registered.Count} accounts, {Verifications().Count() - registered.Count} doubles; events: {server.Words.Told} heard, {server.Words.Repeats} told in vain, the slowest after {server.SlowestWord.TotalSeconds:0.0} s");
    }
}
