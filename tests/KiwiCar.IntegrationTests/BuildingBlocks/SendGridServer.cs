using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>How SendGrid, or the network before it, treats one request.</summary>
public enum MailFault
{
    None, Busy, BusyUntil, Broken, Unavailable, Hangs, ResetBefore, ResetAfter, TooLate, Invalid, Unauthorized,

    /// <summary>Taken, but answered only when the test says so: <see cref="SendGridServer.Release"/>.</summary>
    Waits,
}

/// <summary>
/// A server that speaks as SendGrid's v3 does: it takes mails, or fails in the ways a test scripts or a part of the time by chance; and as its event webhook
/// does: of what it took it tells, signed, again and again until it is heard.
/// </summary>
internal sealed class SendGridServer(int seed = 17) : IAsyncDisposable
{
    /// <summary>What goes wrong by chance. After ResetAfter and TooLate the mail was taken; after the others it was not.</summary>
    public static readonly MailFault[] ByChance =
        [MailFault.Busy, MailFault.BusyUntil, MailFault.Broken, MailFault.Unavailable, MailFault.Hangs, MailFault.ResetBefore, MailFault.ResetAfter, MailFault.TooLate];

    private const string Timestamp = "X-Twilio-Email-Event-Webhook-Timestamp", Signature = "X-Twilio-Email-Event-Webhook-Signature";
    private readonly ECDsa signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly Random random = new(seed);
    private readonly Lock gate = new();
    private readonly Queue<MailFault> script = new();
    private readonly CancellationTokenSource closing = new();
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient teller = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1) }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly List<(Word Word, DateTimeOffset NotBefore)> untold = [];
    private Task telling = Task.CompletedTask;
    private WebApplication? app;
    private (Uri Address, DateTimeOffset Since)? webhook;
    private int told, repeats;

    /// <summary>An event as SendGrid tells it; it puts the mail's custom_args beside its own fields.</summary>
    public sealed record Word(string sg_event_id, string @event, long timestamp, string outbox_id, string email = "somebody@example.com")
    {
        public static Word Of(Guid mail, string happened = "delivered") => new($"{Guid.NewGuid():N}", happened, DateTimeOffset.UtcNow.ToUnixTimeSeconds(), $"{mail}");
    }

    public string Url { get; private set; } = "";

    /// <summary>What the host needs to send through it and to believe it.</summary>
    public Dictionary<string, string?> Settings => new() { ["SENDGRID_API_KEY"] = "SG.key", ["SENDGRID_API_URL"] = Url, ["SENDGRID_TIMEOUT_SECONDS"] = "1", ["SENDGRID_WEBHOOK_KEY"] = PublicKey(signer) };

    /// <summary>The part of the requests that fail by chance, 0 to 1.</summary>
    public double Rate { get; set; }

    /// <summary>How those go that neither script nor chance decides.</summary>
    public MailFault Otherwise { get; set; }

    /// <summary>How many seconds a 429 asks for.</summary>
    public int RetryAfter { get; set; } = 1;

    /// <summary>Where it tells what it took: the host of the moment; null while nobody listens.</summary>
    public string? Webhook
    {
        set { lock (gate) webhook = value is null ? null : (new(new Uri(value), "/webhooks/sendgrid"), DateTimeOffset.UtcNow); }
    }

    /// <summary>Every request, in order.</summary>
    public ConcurrentQueue<(string? Authorization, JsonElement Body, MailFault Fault)> Requests { get; } = new();

    /// <summary>Every mail that was taken, as often as it was.</summary>
    public ConcurrentQueue<JsonElement> Accepted { get; } = new();

    /// <summary>How often it took the mail of an outbox row.</summary>
    public int Count(Guid mail) => Accepted.Count(m => IdOf(m) == mail);

    /// <summary>Events that were heard, and how often one had to be told again.</summary>
    public (int Told, int Repeats) Words => (told, repeats);

    /// <summary>The longest that an event took to be heard, of the time that somebody listened.</summary>
    public TimeSpan SlowestWord { get; private set; }

    public static Guid IdOf(JsonElement mail) => mail.GetProperty("custom_args").GetProperty("outbox_id").GetGuid();

    public static string To(JsonElement mail) => mail.GetProperty("personalizations")[0].GetProperty("to")[0].GetProperty("email").GetString()!;

    public static string Template(JsonElement mail) => mail.GetProperty("categories")[0].GetString()!;

    public static string PublicKey(ECDsa key) => Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());

    /// <summary>The next requests go so.</summary>
    public void Script(params MailFault[] faults)
    {
        lock (gate) foreach (var fault in faults) script.Enqueue(fault);
    }

    /// <summary>Answers what <see cref="MailFault.Waits"/> holds.</summary>
    public void Release() => released.TrySetResult();

    public async Task<SendGridServer> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapPost("/v3/mail/send", Take);
        await app.StartAsync();
        Url = app.Urls.Single();
        telling = Tell();
        return this;
    }

    /// <summary>A call of its webhook: signed over the timestamp and these very bytes. What a forger changes, the test changes afterwards.</summary>
    public HttpRequestMessage Signed(byte[] body, DateTimeOffset? at = null, ECDsa? by = null)
    {
        var seconds = (at ?? DateTimeOffset.UtcNow).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, "/webhooks/sendgrid") { Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } } };
        request.Headers.Add(Timestamp, seconds);
        byte[] signed = [.. Encoding.ASCII.GetBytes(seconds), .. body];
        lock (gate) request.Headers.Add(Signature, Convert.ToBase64String((by ?? signer).SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));
        return request;
    }

    public HttpRequestMessage Signed(params Word[] words) => Signed(JsonSerializer.SerializeToUtf8Bytes(words));

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await telling;
        if (app is not null) await app.DisposeAsync();
        teller.Dispose();
        signer.Dispose();
        closing.Dispose();
    }

    private async Task Take(HttpContext http)
    {
        var body = (await JsonDocument.ParseAsync(http.Request.Body)).RootElement;
        var fault = Next();
        Requests.Enqueue((http.Request.Headers.Authorization, body, fault));
        if (fault is MailFault.None or MailFault.ResetAfter or MailFault.TooLate or MailFault.Waits) Accept(body);
        switch (fault)
        {
            case MailFault.None: http.Response.StatusCode = 202; break;
            case MailFault.Busy: await Refuse(http, 429, $"{RetryAfter}"); break;
            case MailFault.BusyUntil: await Refuse(http, 429, DateTimeOffset.UtcNow.AddSeconds(RetryAfter).ToString("R")); break;
            case MailFault.Broken: await Refuse(http, 500); break;
            case MailFault.Unavailable: await Refuse(http, 503); break;
            case MailFault.Invalid: await Refuse(http, 400); break;
            case MailFault.Unauthorized: await Refuse(http, 401); break;
            case MailFault.ResetBefore or MailFault.ResetAfter: http.Abort(); break;
            case MailFault.Waits: await released.Task.WaitAsync(closing.Token); http.Response.StatusCode = 202; break;
            default: await Silence(http); break;
        }
    }

    private static Task Refuse(HttpContext http, int status, string? retryAfter = null)
    {
        http.Response.StatusCode = status;
        if (retryAfter is not null) http.Response.Headers.RetryAfter = retryAfter;
        return http.Response.WriteAsJsonAsync(new { errors = new[] { new { message = $"this is why: {status}" } } });
    }

    // Until the caller loses patience.
    private async Task Silence(HttpContext http)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, closing.Token);
        await Task.Delay(TimeSpan.FromSeconds(30), over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        http.Abort();
    }

    private MailFault Next()
    {
        lock (gate) return script.TryDequeue(out var scripted) ? scripted : random.NextDouble() < Rate ? ByChance[random.Next(ByChance.Length)] : Otherwise;
    }

    private void Accept(JsonElement mail)
    {
        Accepted.Enqueue(mail);
        var now = DateTimeOffset.UtcNow;
        lock (gate)
            foreach (var happened in new[] { "processed", "delivered" })
                untold.Add((Word.Of(IdOf(mail), happened) with { email = To(mail) }, now.AddMilliseconds(random.Next(500))));
    }

    // All that is due in one call, as SendGrid does; some of it twice, as it says it may.
    private async Task Tell()
    {
        while (!closing.IsCancellationRequested)
        {
            ((Uri Address, DateTimeOffset Since)? To, (Word Word, DateTimeOffset NotBefore)[] Due) now;
            lock (gate) now = (webhook, [.. untold.Where(u => u.NotBefore <= DateTimeOffset.UtcNow).Take(200)]);
            if (now is ({ } to, { Length: > 0 } due))
            {
                if (await IsHeard(to.Address, due)) Heard(to.Since, due);
                else repeats += due.Length;
            }
            await Task.Delay(100, closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Heard(DateTimeOffset since, (Word Word, DateTimeOffset NotBefore)[] due)
    {
        told += due.Length;
        var from = due.Min(u => u.NotBefore);
        var took = DateTimeOffset.UtcNow - (from > since ? from : since);
        if (took > SlowestWord) SlowestWord = took;
        lock (gate)
        {
            untold.RemoveAll(due.Contains);
            if (random.Next(4) == 0) untold.Add((due[0].Word, DateTimeOffset.UtcNow));
        }
    }

    private async Task<bool> IsHeard(Uri address, (Word Word, DateTimeOffset NotBefore)[] due)
    {
        using var request = Signed([.. due.Select(u => u.Word)]);
        request.RequestUri = address;
        try
        {
            using var answer = await teller.SendAsync(request, closing.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException) { return false; } // the host is down; or slow, and hears it twice
    }
}
