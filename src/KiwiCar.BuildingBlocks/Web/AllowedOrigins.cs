using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>The websites whose pages may use this API with a person's credentials: <c>CORS_ORIGINS</c>, else <c>LANDING_URL</c> and <c>FRONTEND_URL</c>.</summary>
public sealed class AllowedOrigins
{
    private readonly string[] origins;

    public AllowedOrigins(IConfiguration settings)
    {
        var list = settings["CORS_ORIGINS"] is { Length: > 0 } set ? Read("CORS_ORIGINS", set.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            : Read("LANDING_URL", [Or("LANDING_URL", "https://kiwicar.co.nz")]).Concat(Read("FRONTEND_URL", [Or("FRONTEND_URL", "https://app.kiwicar.co.nz")]));
        origins = [.. list.Distinct(StringComparer.Ordinal)];
        string Or(string name, string otherwise) => settings[name] is { Length: > 0 } value ? value : otherwise;
    }

    /// <param name="origin">An <c>Origin</c> header as it came.</param>
    public bool Allows(string? origin) => origins.Contains(origin, StringComparer.Ordinal);

    internal IReadOnlyList<string> All => origins;

    // An origin as browsers write it: lower case, no default port, nothing after it. A page's address stands for its origin only where that is all it is.
    private static IEnumerable<string> Read(string setting, IEnumerable<string> addresses) => addresses.Select(address =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && (setting != "CORS_ORIGINS" || uri.PathAndQuery == "/")
            ? uri.GetLeftPart(UriPartial.Authority)
            : throw new InvalidOperationException($"{setting} holds \"{address}\"; an origin is written as https://app.example.co.nz, with nothing after it."));
}

public static class Cors
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    private static readonly string[] Exposed = ["ETag", "Location", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

    /// <summary>Lets pages of the <see cref="AllowedOrigins"/> read the answers; others get no CORS header at all.</summary>
    public static void UseAllowedOrigins(this IApplicationBuilder app)
    {
        var origins = app.ApplicationServices.GetRequiredService<AllowedOrigins>();
        app.UseCors(policy => policy.WithOrigins([.. origins.All]).AllowCredentials().WithMethods(Methods).AllowAnyHeader()
            .WithExposedHeaders(Exposed).SetPreflightMaxAge(TimeSpan.FromHours(1)));
    }
}
