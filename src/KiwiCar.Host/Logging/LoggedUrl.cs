using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing.Patterns;

namespace KiwiCar.Host.Logging;

/// <summary>
/// A request's URL as the log may have it: the route with its UUIDs, every other value as <c>*</c> (verification links, plates), of the query the
/// names. Where there is no route, only plain words remain.
/// </summary>
internal static partial class LoggedUrl
{
    private const int MostParts = 12;

    public static string Of(HttpContext http) => Of((http.GetEndpoint() as RouteEndpoint)?.RoutePattern, http.Request);

    internal static string Of(RoutePattern? route, HttpRequest request)
    {
        var url = new StringBuilder();
        if (route is null) Unknown(url, request.Path);
        else Known(url, route, request.RouteValues);
        if (request.QueryString.HasValue) Query(url, request.Query);
        return url.ToString();
    }

    private static void Known(StringBuilder url, RoutePattern route, RouteValueDictionary values)
    {
        foreach (var segment in route.PathSegments)
        {
            url.Append('/');
            foreach (var part in segment.Parts) url.Append(part switch
            {
                RoutePatternLiteralPart literal => literal.Content,
                RoutePatternSeparatorPart separator => separator.Content,
                RoutePatternParameterPart parameter when values[parameter.Name] is string value && Guid.TryParseExact(value, "D", out _) => value,
                _ => "*",
            });
        }
        if (url.Length == 0) url.Append('/');
    }

    private static void Unknown(StringBuilder url, PathString path)
    {
        var parts = path.Value?.Split('/', MostParts + 1) ?? [];
        foreach (var part in parts.Skip(1).Take(MostParts)) url.Append('/').Append(part.Length == 0 || PlainWord.IsMatch(part) || Guid.TryParseExact(part, "D", out _) ? part : "*");
    }

    private static void Query(StringBuilder url, IQueryCollection query)
    {
        var separator = '?';
        foreach (var name in query.Keys.Take(MostParts))
        {
            url.Append(separator).Append(Name.IsMatch(name) ? name : "*");
            separator = '&';
        }
    }

    [GeneratedRegex(@"\A[a-z]{1,30}(-[a-z]{1,30})?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex PlainWord { get; }

    [GeneratedRegex(@"\A[a-zA-Z]{1,30}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Name { get; }
}
