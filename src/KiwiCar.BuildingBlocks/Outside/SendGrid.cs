using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>SendGrid's v3 <c>mail/send</c>. Where a template id is configured the provider's template is filled, else our own text goes out.</summary>
/// <remarks>
/// A 4xx refuses for good; 401 and 403 (the key, not the mail, is refused), 408, 429, 5xx and a connection that could not be made refuse for now. Where the request went out and no answer came,
/// nobody knows: SendGrid has no idempotency key.
/// </remarks>
/// <param name="templates">Our template name → SendGrid's template id.</param>
/// <param name="sendsWord">Whether its event webhook is set up.</param>
public sealed class SendGrid(HttpClient http, string apiKey, string from, IReadOnlyDictionary<string, string> templates, bool sendsWord = false) : IMailer
{
    private const string Prefix = "SENDGRID_TEMPLATE_";

    /// <summary>The configured template ids: <c>SENDGRID_TEMPLATE_PRICE_ALERT=d-…</c> is the template <c>price-alert</c>.</summary>
    /// <exception cref="InvalidOperationException">One is configured that no mail is made from: a slip of the pen, by which the right one would go without.</exception>
    public static IReadOnlyDictionary<string, string> Templates(IConfiguration configuration, IReadOnlyCollection<string> known)
    {
        var ids = configuration.AsEnumerable().Where(s => s.Key.StartsWith(Prefix, StringComparison.Ordinal) && s.Value is { Length: > 0 })
            .ToDictionary(s => s.Key[Prefix.Length..].Replace('_', '-').ToLowerInvariant(), s => s.Value!, StringComparer.Ordinal);
        return ids.Keys.FirstOrDefault(name => !known.Contains(name)) is not { } unknown ? ids
            : throw new InvalidOperationException($"{Prefix}{unknown.Replace('-', '_').ToUpperInvariant()} is set, but there is no mail '{unknown}'; there are {string.Join(", ", known)}.");
    }

    public TimeSpan Patience => http.Timeout;

    public bool SendsWord => sendsWord;

    public async Task Send(Guid key, Mail mail, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v3/mail/send")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", apiKey) },
            Content = new StringContent(Body(key, mail).ToJsonString(), System.Text.Encoding.UTF8, "application/json"),
        };
        using var response = await Post(request, ct);
        if (response.IsSuccessStatusCode) return;
        var told = $"SendGrid answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(ct)}";
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError)
            throw new MailDeferredException(told, response.Headers.RetryAfter is { } wait ? wait.Delta ?? wait.Date - DateTimeOffset.UtcNow : null);
        throw new MailRefusedException(told);
    }

    private async Task<HttpResponseMessage> Post(HttpRequestMessage request, CancellationToken ct)
    {
        try { return await http.SendAsync(request, ct); }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            throw new MailDeferredException($"SendGrid cannot be reached: {e.Message}"); // the request never left
        }
    }

    private JsonObject Body(Guid key, Mail mail)
    {
        var recipient = new JsonObject { ["to"] = new JsonArray(new JsonObject { ["email"] = mail.To }) };
        var body = new JsonObject
        {
            ["personalizations"] = new JsonArray(recipient),
            ["from"] = new JsonObject { ["email"] = from },
            ["categories"] = new JsonArray(mail.Template),
            ["custom_args"] = new JsonObject { ["outbox_id"] = key.ToString("D") },
        };
        if (mail.UnsubscribeUrl is { } url)
            body["headers"] = new JsonObject { ["List-Unsubscribe"] = $"<{url}>", ["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click" };
        if (templates.TryGetValue(mail.Template, out var id))
        {
            body["template_id"] = id;
            recipient["dynamic_template_data"] = new JsonObject(mail.Data.Select(d => KeyValuePair.Create<string, JsonNode?>(d.Key, d.Value)));
        }
        else
        {
            body["subject"] = mail.Subject;
            body["content"] = new JsonArray(
                new JsonObject { ["type"] = "text/plain", ["value"] = mail.Text },
                new JsonObject { ["type"] = "text/html", ["value"] = mail.Html });
        }
        return body;
    }
}
