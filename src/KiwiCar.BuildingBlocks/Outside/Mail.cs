using System.Net;
using System.Text.Json.Serialization;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>A mail that is due.</summary>
/// <param name="Template">Its kind, as in the PRD's table: <c>welcome</c>, <c>price-alert</c> …</param>
/// <param name="Data">What the mail says, for a template kept at the mail provider.</param>
/// <param name="UnsubscribeUrl">Where one POST ends mails of this kind (RFC 8058); null for what nobody can do without.</param>
public sealed record Mail(
    string To, string Template, string Subject, string Text, string Html, IReadOnlyDictionary<string, string> Data,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? UnsubscribeUrl = null)
{
    /// <summary>A mail that an <see cref="IMailFinisher"/> completes when it leaves.</summary>
    /// <param name="to">The address; or, where that is looked up when it leaves, whose: the person's id.</param>
    public static Mail Draft(string to, string template, params ReadOnlySpan<(string Name, string Value)> data)
    {
        var values = new Dictionary<string, string>(data.Length, StringComparer.Ordinal);
        foreach (var (name, value) in data) values[name] = value;
        return new(to, template, "", "", "", values);
    }

    /// <summary>A mail of plain paragraphs; the HTML is made from them, escaped. A paragraph that is an http(s) address becomes a link.</summary>
    public static Mail Of(string to, string template, string subject, IReadOnlyDictionary<string, string> data, params IReadOnlyList<string> paragraphs) =>
        new(to, template, OneLine(subject), string.Join("\n\n", paragraphs), string.Concat(paragraphs.Select(Paragraph)), data);

    /// <summary>The same mail, with a way to end mails of its kind: in its headers, and as its last lines.</summary>
    public Mail WithUnsubscribe(string url) => this with
    {
        Text = $"{Text}\n\nNo more mails like this: {url}", Html = $"{Html}<p><small>{Link(url, "No more mails like this")}</small></p>\n", UnsubscribeUrl = url,
        Data = new Dictionary<string, string>(Data, StringComparer.Ordinal) { ["unsubscribeUrl"] = url },
    };

    private static string Paragraph(string text)
    {
        var safe = WebUtility.HtmlEncode(text);
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? $"<p>{Link(text, text)}</p>\n" : $"<p>{safe}</p>\n";
    }

    private static string Link(string url, string text) => $"<a href=\"{WebUtility.HtmlEncode(url)}\">{WebUtility.HtmlEncode(text)}</a>";

    // A line break in a subject would start a header of the sender's choice.
    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>A kind of mail that a module sends.</summary>
/// <param name="Name">As in the PRD's table: <c>price-alert</c>.</param>
/// <param name="Once">
/// The rule where nobody knows whether the provider has taken one: true = better none than two, it waits until that is known; false = it is sent
/// again, since a second one does no harm and none would.
/// </param>
public sealed record MailTemplate(string Name, bool Once = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Mail))]
internal sealed partial class MailJson : JsonSerializerContext;
