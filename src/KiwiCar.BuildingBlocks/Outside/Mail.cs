using System.Net;
using System.Text.Json.Serialization;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>A mail that is due.</summary>
/// <param name="Template">Its kind, as in the PRD's table: <c>welcome</c>, <c>price-alert</c> …</param>
/// <param name="Data">What the mail says, for a template kept at the mail provider.</param>
public sealed record Mail(string To, string Template, string Subject, string Text, string Html, IReadOnlyDictionary<string, string> Data)
{
    /// <summary>A mail of plain paragraphs; the HTML is made from them, escaped. A paragraph that is an http(s) address becomes a link.</summary>
    public static Mail Of(string to, string template, string subject, IReadOnlyDictionary<string, string> data, params IReadOnlyList<string> paragraphs) =>
        new(to, template, OneLine(subject), string.Join("\n\n", paragraphs), string.Concat(paragraphs.Select(Paragraph)), data);

    private static string Paragraph(string text)
    {
        var safe = WebUtility.HtmlEncode(text);
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? $"<p><a href=\"{safe}\">{safe}</a></p>\n" : $"<p>{safe}</p>\n";
    }

    // A line break in a subject would start a header of the sender's choice.
    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Mail))]
internal sealed partial class MailJson : JsonSerializerContext;
