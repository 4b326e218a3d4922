using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>The door through which mails leave.</summary>
public interface IMailer
{
    /// <summary>Hands the mail over, or throws: <see cref="MailRefusedException"/> where another try is pointless.</summary>
    /// <param name="key">The outbox row's id: the same mail has the same key on every try.</param>
    Task Send(Guid key, Mail mail, CancellationToken ct);

    /// <summary>Deletes what this side of the door still keeps of mails to an address.</summary>
    void Forget(string address) { }
}

/// <summary>Completes the mails of one template at the moment they leave, with what must not lie in a table until then, as a link that opens an account.</summary>
public interface IMailFinisher
{
    string Template { get; }

    /// <summary>The mail as it goes out; null where there is nobody to send it to. May be asked again for the same mail.</summary>
    ValueTask<Mail?> Finish(Mail draft, CancellationToken ct);
}

/// <summary>The provider will never take this mail.</summary>
public sealed class MailRefusedException(string message) : Exception(message);

/// <summary>The local door: one JSON file a mail, named by its key, so that a second try replaces the first.</summary>
public sealed class MailFolder(string folder) : IMailer
{
    public async Task Send(Guid key, Mail mail, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, $"{key:D}.json");
        await File.WriteAllBytesAsync(file + ".tmp", JsonSerializer.SerializeToUtf8Bytes(mail, MailJson.Default.Mail), ct);
        File.Move(file + ".tmp", file, overwrite: true);
    }

    /// <summary>The newest mails first, of one receiver or of all.</summary>
    public IReadOnlyList<Mail> Latest(string? to, int most) =>
        [.. All().OrderByDescending(m => m.File.LastWriteTimeUtc).Select(m => m.Mail).Where(m => to is null || m.To == to).Take(most)];

    public void Forget(string address)
    {
        foreach (var (file, mail) in All())
            if (mail.To == address) file.Delete();
    }

    private IEnumerable<(FileInfo File, Mail Mail)> All()
    {
        if (!Directory.Exists(folder)) yield break;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*.json"))
            if (Read(file) is { } mail) yield return (file, mail);
    }

    private static Mail? Read(FileInfo file)
    {
        try { return JsonSerializer.Deserialize(File.ReadAllBytes(file.FullName), MailJson.Default.Mail); }
        catch (FileNotFoundException) { return null; } // deleted meanwhile
    }
}

/// <summary>SendGrid's v3 <c>mail/send</c>. Where a template id is configured the provider's template is filled, else our own text goes out.</summary>
/// <param name="templates">Our template name → SendGrid's template id.</param>
public sealed class SendGrid(HttpClient http, string apiKey, string from, IReadOnlyDictionary<string, string> templates) : IMailer
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

    public async Task Send(Guid key, Mail mail, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v3/mail/send")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", apiKey) },
            Content = new StringContent(Body(key, mail).ToJsonString(), System.Text.Encoding.UTF8, "application/json"),
        };
        using var response = await http.SendAsync(request, ct);
        if (response.IsSuccessStatusCode) return;
        var told = $"SendGrid answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(ct)}";
        if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError) throw new HttpRequestException(told);
        throw new MailRefusedException(told);
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
