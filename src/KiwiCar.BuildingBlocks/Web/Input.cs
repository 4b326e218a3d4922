using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>
/// A JSON object from a client, read field by field against the bounds the PRD's zod schemas give. Every field that is wrong is
/// remembered, so that one answer names them all: <c>body.Read(Validate)</c>. Unknown fields are ignored, as zod strips them.
/// </summary>
/// <remarks>As zod: a number is never a string, an integer may be written 2020.0, enum names are exact, missing differs from null,
/// lengths count UTF-16 units. Beyond zod: no U+0000, no unpaired surrogates (no database keeps them), no field twice.</remarks>
public sealed class Input
{
    private const int LargestBody = 64 * 1024;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    private readonly JsonElement body;
    private readonly List<FieldProblem> problems = [];

    internal Input(JsonElement body) => this.body = body;

    /// <summary>Input that comes from no request: an import judges its rows by the rules of the API.</summary>
    public static Input Of(JsonObject body) => new(JsonSerializer.SerializeToElement(body));

    /// <summary>Reads the whole request, and refuses it with every broken field named.</summary>
    public T Read<T>(Func<Input, T> shape)
    {
        var request = shape(this);
        return problems.Count == 0 ? request : throw Rejection.Invalid(problems);
    }

    /// <summary>Whether the client sent this field at all (null counts as sent).</summary>
    public bool Has(string field) => body.TryGetProperty(field, out _);

    /// <summary>Whether the client sent null, to clear a value.</summary>
    public bool IsNull(string field) => body.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Null;

    public string Text(string field, int min = 1, int max = 191, Regex? pattern = null, string? patternMeans = null)
    {
        if (!TryGet(field, JsonValueKind.String, "string", out var value)) return "";
        if (StringOf(value) is not { } text) return Fail(field, "invalid_string", "must not contain U+0000 or unpaired surrogates", "");
        if (text.Length < min) return Fail(field, "too_small", min == 1 ? "must not be empty" : $"must have at least {min} characters", "");
        if (text.Length > max) return Fail(field, "too_big", $"must have at most {max} characters", "");
        if (pattern?.IsMatch(text) == false) return Fail(field, "invalid_string", patternMeans ?? $"must match {pattern}", "");
        return text;
    }

    public int Whole(string field, int min, int max) =>
        Number(field, min, max) is var number && decimal.IsInteger(number) ? (int)number : Fail(field, "invalid_type", "must be a whole number", min);

    /// <summary>An amount in NZD: two places at most, so that the event, the column and the answer hold the same.</summary>
    public decimal Money(string field, decimal min, decimal max) =>
        Number(field, min, max) is var amount && decimal.Round(amount, 2) == amount ? amount : Fail(field, "invalid", "must have at most two decimal places", min);

    public bool Flag(string field)
    {
        if (body.TryGetProperty(field, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        return TryGet(field, JsonValueKind.True, "boolean", out _);
    }

    public TEnum OneOf<TEnum>(string field) where TEnum : struct, Enum
    {
        if (!TryGet(field, JsonValueKind.String, "string", out var value)) return default;
        var names = Enum.GetNames<TEnum>();
        return StringOf(value) is { } text && names.Contains(text, StringComparer.Ordinal)
            ? Enum.Parse<TEnum>(text)
            : Fail<TEnum>(field, "invalid_enum_value", $"must be one of {string.Join(", ", names)}", default);
    }

    public Guid Id(string field) =>
        TryGet(field, JsonValueKind.String, "string", out var value) ? IdOf(value, field) : Guid.Empty;

    public IReadOnlyList<Guid> Ids(string field, int min, int max)
    {
        if (!TryGet(field, JsonValueKind.Array, "array", out var value)) return [];
        var count = value.GetArrayLength();
        if (count < min) Fail(field, "too_small", $"must have at least {min} entries", 0);
        if (count > max) return Fail<IReadOnlyList<Guid>>(field, "too_big", $"must have at most {max} entries", []);
        var ids = value.EnumerateArray().Select((item, i) => IdOf(item, $"{field}.{i}")).ToList();
        return ids.Distinct().Count() == count ? ids : Fail(field, "invalid", "must not name the same twice", ids);
    }

    public IReadOnlyList<string> Texts(string field, int most, int longest, Regex? pattern = null, string? patternMeans = null)
    {
        if (!TryGet(field, JsonValueKind.Array, "array", out var value)) return [];
        if (value.GetArrayLength() > most) return Fail<IReadOnlyList<string>>(field, "too_big", $"must have at most {most} entries", []);
        return [.. value.EnumerateArray().Select((item, i) => Entry(item, $"{field}.{i}"))];

        string Entry(JsonElement item, string path)
        {
            if (item.ValueKind != JsonValueKind.String) return Fail(path, "invalid_type", $"must be a string, not {Describe(item.ValueKind)}", "");
            if (StringOf(item) is not { } text) return Fail(path, "invalid_string", "must not contain U+0000 or unpaired surrogates", "");
            if (text.Length == 0) return Fail(path, "too_small", "must not be empty", "");
            if (text.Length > longest) return Fail(path, "too_big", $"must have at most {longest} characters", "");
            return pattern?.IsMatch(text) != false ? text : Fail(path, "invalid_string", patternMeans ?? $"must match {pattern}", "");
        }
    }

    public DateOnly Day(string field)
    {
        if (!TryGet(field, JsonValueKind.String, "string", out var value)) return default;
        return DateOnly.TryParseExact(StringOf(value), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day : Fail<DateOnly>(field, "invalid_string", "must be a day as 2026-11-22", default);
    }

    /// <summary>SHA-256 of the body as it was sent: the same bytes, the same request.</summary>
    public byte[] Digest() => SHA256.HashData(Encoding.UTF8.GetBytes(body.GetRawText()));

    /// <summary>Remembers a problem that no single bound describes.</summary>
    public void Problem(string field, string message) => problems.Add(new FieldProblem(field, "invalid", message));

    /// <summary>Called by ASP.NET for a handler's parameter of this type.</summary>
    public static async ValueTask<Input> BindAsync(HttpContext context, ParameterInfo? _)
    {
        if (!context.Request.HasJsonContentType()) throw Rejection.UnsupportedMediaType("Send the request as application/json");
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = LargestBody;
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, Strict, context.RequestAborted);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new Input(document.RootElement.Clone())
                : throw Rejection.BadRequest("The request body must be a JSON object");
        }
        catch (JsonException e)
        {
            throw Rejection.BadRequest($"The request body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}), or names a field twice");
        }
    }

    /// <summary>The JSON object of a request that may come without a body; null where it did.</summary>
    public static async ValueTask<Input?> Optional(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false } ? null : await BindAsync(context, null);

    private decimal Number(string field, decimal min, decimal max)
    {
        if (!TryGet(field, JsonValueKind.Number, "number", out var value)) return min;
        if (!value.TryGetDecimal(out var number)) number = value.TryGetDouble(out var far) && far < 0 ? decimal.MinValue : decimal.MaxValue;
        if (number < min) return Fail(field, "too_small", $"must be at least {min}", min);
        return number > max ? Fail(field, "too_big", $"must be at most {max}", min) : number;
    }

    private Guid IdOf(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.String && Guid.TryParseExact(StringOf(value), "D", out var id) ? id : Fail(path, "invalid_string", "must be a UUID", Guid.Empty);

    // Null where the string holds what no database keeps.
    private static string? StringOf(JsonElement value)
    {
        try
        {
            var text = value.GetString()!;
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (InvalidOperationException) // an unpaired surrogate
        {
            return null;
        }
    }

    private bool TryGet(string field, JsonValueKind kind, string name, out JsonElement value)
    {
        if (!body.TryGetProperty(field, out value)) return Fail(field, "required", "is required", false);
        return value.ValueKind == kind || Fail(field, "invalid_type", $"must be a {name}, not {Describe(value.ValueKind)}", false);
    }

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null => "null",
        JsonValueKind.Array or JsonValueKind.Object => $"an {kind.ToString().ToLowerInvariant()}",
        _ => $"a {kind.ToString().ToLowerInvariant()}",
    };

    [return: NotNullIfNotNull(nameof(instead))]
    private T Fail<T>(string path, string code, string message, T instead)
    {
        problems.Add(new FieldProblem(path, code, message));
        return instead;
    }
}
