using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>
/// SendGrid's word on mails it took (its signed event webhook): what was unclear is settled by it, and what became of a mail is kept. Signed with
/// ECDSA over the timestamp and the raw body; older than five minutes is refused; each event counts once, however often it is told.
/// </summary>
public sealed class SendGridEvents
{
    private const int LargestBody = 2 * 1024 * 1024;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private readonly ECDsa? key;

    /// <param name="configuration"><c>SENDGRID_WEBHOOK_KEY</c>: the verification key that SendGrid shows beside the webhook (base64).</param>
    public SendGridEvents(IConfiguration configuration)
    {
        if (configuration["SENDGRID_WEBHOOK_KEY"] is not { Length: > 0 } text) return;
        try
        {
            key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(text), out _);
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            throw new InvalidOperationException("SENDGRID_WEBHOOK_KEY is no public key: copy the verification key of the signed event webhook from SendGrid's settings", e);
        }
    }

    public bool AreTold => key is not null;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/webhooks/sendgrid", Handle).WithTags("Operations").WithName("SendGridEvents").WithSummary("SendGrid tells what became of mails").Refuses(400, 401, 404, 413);

    private static async Task<NoContent> Handle(HttpContext http, SendGridEvents events, Database database, TimeProvider clock, CancellationToken ct)
    {
        if (!events.AreTold) throw Rejection.NotFound("There is nothing at this address");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = LargestBody;
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, ct);
        var raw = body.ToArray();
        if (!events.IsGenuine(http.Request.Headers, raw, clock.GetUtcNow())) throw Rejection.Unauthorized("This was not signed by SendGrid within the last five minutes");
        try { await Take(JsonSerializer.Deserialize(raw, SendGridJson.Default.ListWord) ?? [], database, clock.GetUtcNow(), ct); }
        catch (JsonException) { throw Rejection.BadRequest("This is no list of events"); }
        return TypedResults.NoContent();
    }

    private bool IsGenuine(IHeaderDictionary headers, byte[] body, DateTimeOffset now)
    {
        string? at = headers["X-Twilio-Email-Event-Webhook-Timestamp"], signature = headers["X-Twilio-Email-Event-Webhook-Signature"];
        if (!long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > 253_402_300_799 || signature is null) return false;
        if ((now - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() > Window) return false;
        var bytes = new byte[signature.Length];
        return Convert.TryFromBase64String(signature, bytes, out var length)
            && key!.VerifyData((byte[])[.. Encoding.ASCII.GetBytes(at!), .. body], bytes[..length], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    // That it has any word on a mail means that it took it.
    private static async Task Take(IReadOnlyList<Word> words, Database database, DateTimeOffset now, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        foreach (var word in words)
        {
            if (word is not { Id.Length: > 0 and <= 100, Event.Length: > 0 and <= 30 } || !Guid.TryParseExact(word.OutboxId, "D", out var mail)) continue; // of mails that others sent with the same account
            await db.Begin(ct);
            var isNew = await db.Execute("INSERT IGNORE INTO mail_events (id, mailId, event, happenedAt) VALUES (@Id, @mail, @Event, @at)",
                new { word.Id, mail, word.Event, at = word.Timestamp is > 0 and < 253_402_300_799 ? DateTimeOffset.FromUnixTimeSeconds(word.Timestamp) : now }, ct) > 0;
            if (isNew)
                await db.Execute("UPDATE outbox SET state = 'SENT', sentAt = @now, mail = '', lastError = NULL WHERE id = @mail AND state <> 'SENT'", new { now, mail }, ct);
            await db.Commit(ct);
        }
    }

    internal sealed record Word(
        [property: JsonPropertyName("sg_event_id")] string? Id, [property: JsonPropertyName("event")] string? Event,
        [property: JsonPropertyName("timestamp")] long Timestamp, [property: JsonPropertyName("outbox_id")] string? OutboxId);
}

[JsonSerializable(typeof(List<SendGridEvents.Word>), TypeInfoPropertyName = "ListWord")]
internal sealed partial class SendGridJson : JsonSerializerContext;
