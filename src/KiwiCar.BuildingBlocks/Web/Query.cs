using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>The query string of a request, read parameter by parameter; every parameter is optional, every broken one is named at once.</summary>
public sealed class Query
{
    private static readonly string[] Instants = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    private readonly IQueryCollection values;
    private readonly List<FieldProblem> problems = [];

    internal Query(IQueryCollection values) => this.values = values;

    /// <summary>Reads the whole query, and refuses it with every broken parameter named.</summary>
    public T Read<T>(Func<Query, T> shape)
    {
        var query = shape(this);
        return problems.Count == 0 ? query : throw Rejection.Invalid(problems);
    }

    public string? Text(string name, int max = 200)
    {
        string? text = values[name];
        if (string.IsNullOrWhiteSpace(text)) return null;
        if (text.Contains('\0', StringComparison.Ordinal)) return Fail<string?>(name, "invalid_string", "must not contain U+0000");
        return text.Length <= max ? text.Trim() : Fail<string?>(name, "too_big", $"must have at most {max} characters");
    }

    /// <summary>A comma list; also <c>name=a&amp;name=b</c>. Empty where the parameter is absent.</summary>
    public IReadOnlyList<string> List(string name, int max = 2_000) =>
        Text(name, max)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>A comma list of names, any case.</summary>
    public IReadOnlyList<TEnum> Names<TEnum>(string name) where TEnum : struct, Enum
    {
        var found = new List<TEnum>();
        foreach (var text in List(name))
        {
            if (Array.Find(Enum.GetNames<TEnum>(), n => n.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } known) found.Add(Enum.Parse<TEnum>(known));
            else Fail<int>(name, "invalid_enum_value", $"must be one of {string.Join(", ", Enum.GetNames<TEnum>())}");
        }
        return found;
    }

    public decimal? Number(string name, decimal min = 0, decimal max = 1_000_000_000)
    {
        if (Text(name) is not { } text) return null;
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return Fail<decimal?>(name, "invalid_type", "must be a number");
        if (number < min) return Fail<decimal?>(name, "too_small", $"must be at least {min}");
        return number <= max ? number : Fail<decimal?>(name, "too_big", $"must be at most {max}");
    }

    public int? Whole(string name, int min = 0, int max = 1_000_000_000) =>
        Number(name, min, max) is not { } number ? null
        : decimal.IsInteger(number) ? (int)number : Fail<int?>(name, "invalid_type", "must be a whole number");

    public Guid? Id(string name) => Text(name) is not { } text ? null
        : Guid.TryParseExact(text, "D", out var id) ? id : Fail<Guid?>(name, "invalid_string", "must be a UUID");

    /// <summary>A comma list of UUIDs.</summary>
    public IReadOnlyList<Guid> Ids(string name, int most)
    {
        var texts = List(name, most * 40);
        if (texts.Count > most) return Fail<IReadOnlyList<Guid>>(name, "too_big", $"must have at most {most} entries") ?? [];
        var ids = texts.Select(text => Guid.TryParseExact(text, "D", out var id) ? id : Guid.Empty).ToArray();
        return ids.Contains(Guid.Empty) ? Fail<IReadOnlyList<Guid>>(name, "invalid_string", "must be UUIDs, comma-separated") ?? [] : ids;
    }

    /// <summary>An instant, or the beginning of a day in New Zealand.</summary>
    public DateTimeOffset? Since(string name)
    {
        if (Text(name) is not { } text) return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", out var day) && day.Year > 1) return NewZealand.MidnightOf(day);
        // A plus that was not escaped arrives as a space.
        return DateTimeOffset.TryParseExact(text.Replace(' ', '+'), Instants, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? instant : Fail<DateTimeOffset?>(name, "invalid_string", "must be a day as 2026-11-22 or an instant as 2026-11-22T08:30:00Z");
    }

    /// <summary>One of these words, exactly; the first where the parameter is absent.</summary>
    public string OneOf(string name, params ReadOnlySpan<string> words)
    {
        if (Text(name) is not { } text) return words[0];
        return words.Contains(text) ? text : Fail<string>(name, "invalid_enum_value", $"must be one of {string.Join(", ", words)}") ?? words[0];
    }

    /// <summary>One name, any case; null where the parameter is absent.</summary>
    public TEnum? Name<TEnum>(string name) where TEnum : struct, Enum
    {
        if (Text(name) is not { } text) return null;
        return Array.Find(Enum.GetNames<TEnum>(), n => n.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } known ? Enum.Parse<TEnum>(known)
            : Fail<TEnum?>(name, "invalid_enum_value", $"must be one of {string.Join(", ", Enum.GetNames<TEnum>())}");
    }

    /// <summary>A text that must be there.</summary>
    public string RequiredText(string name, int max = 200) => Text(name, max) ?? Missing(name, "");

    /// <summary>A whole number that must be there.</summary>
    public int RequiredWhole(string name, int min, int max) => Whole(name, min, max) ?? Missing(name, min);

    // What was there and broken is named already.
    private T Missing<T>(string name, T instead)
    {
        if (problems.TrueForAll(p => p.Path != name)) Fail<T>(name, "required", "is required");
        return instead;
    }

    /// <summary>Where a list goes on: <c>MILLISECONDS_UUID</c> of the last row seen, as <see cref="RowCursor"/> wrote it.</summary>
    public RowCursor? Cursor(string name)
    {
        if (Text(name) is not { } text) return null;
        return text.Split('_') is [var at, var row] && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms < 253_402_300_799_000 && Guid.TryParseExact(row, "D", out var id)
            ? new(DateTimeOffset.FromUnixTimeMilliseconds(ms), id) : Fail<RowCursor?>(name, "invalid_string", "must be the nextCursor of the page before");
    }

    /// <summary>The <c>page</c> and <c>limit</c> of the PRD: from 1, 20 a page, 100 at most.</summary>
    public (int Page, int Limit) Paging() => (Whole("page", 1, 10_000_000) ?? 1, Whole("limit", 1, 100) ?? 20);

    /// <summary>A lower bound above its upper one is named too.</summary>
    public void MustNotCross<T>(string minName, T? min, string maxName, T? max) where T : struct, IComparable<T>
    {
        if (min is { } low && max is { } high && low.CompareTo(high) > 0)
            problems.Add(new FieldProblem(minName, "too_big", $"must not be above {maxName}"));
    }

    /// <summary>Called by ASP.NET for a handler's parameter of this type.</summary>
    public static ValueTask<Query> BindAsync(HttpContext context, ParameterInfo _) => ValueTask.FromResult(new Query(context.Request.Query));

    private T? Fail<T>(string name, string code, string message)
    {
        problems.Add(new FieldProblem(name, code, message));
        return default;
    }
}

/// <summary>A row of a list that is ordered by time, then id.</summary>
public sealed record RowCursor(DateTimeOffset At, Guid Id)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.ToUnixTimeMilliseconds()}_{Id}");
}
