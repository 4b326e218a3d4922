using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.BuildingBlocks;

/// <summary>The settings several parts need, under the names of the PRD's section 9.1.</summary>
public sealed class Settings(IConfiguration configuration)
{
    /// <summary>MySQL or MariaDB: <c>mysql://user:password@host:port/database</c>.</summary>
    public string DatabaseUrl { get; } = Address(configuration, "DATABASE_URL", "mysql").OriginalString;

    /// <summary>PostgreSQL, the event log: <c>postgres://user:password@host:port/database</c>.</summary>
    public string EventsDatabaseUrl { get; } = Address(configuration, "EVENTS_DATABASE_URL", "postgres", "postgresql").OriginalString;

    /// <summary><c>redis://:password@host:port</c>.</summary>
    public Uri Redis { get; } = Address(configuration, "REDIS_URL", "redis");

    /// <summary>How long a request waits for Redis, before it goes on without: <c>REDIS_TIMEOUT_MS</c>.</summary>
    public TimeSpan RedisPatience { get; } = int.TryParse(Or(configuration, "REDIS_TIMEOUT_MS", "250"), NumberStyles.None, null, out var ms) && ms is >= 10 and <= 10_000
        ? TimeSpan.FromMilliseconds(ms) : throw new InvalidOperationException("REDIS_TIMEOUT_MS must be a whole number of milliseconds from 10 to 10000");

    /// <summary>Where clients reach this API, without a slash at the end.</summary>
    public string ApiUrl { get; } = Or(configuration, "API_URL", $"http://localhost:{Or(configuration, "PORT", "3000")}").TrimEnd('/');

    /// <summary>Where the links in mails lead.</summary>
    public string FrontendUrl { get; } = Or(configuration, "FRONTEND_URL", "https://app.kiwicar.co.nz").TrimEnd('/');

    /// <summary>Local data: mails, images, logs, development secrets.</summary>
    public string DataFolder { get; } = Path.GetFullPath(Or(configuration, "KIWICAR_DATA", ".kiwicar"));

    private static string Or(IConfiguration configuration, string name, string otherwise) =>
        configuration[name] is { Length: > 0 } value ? value : otherwise;

    private static Uri Address(IConfiguration configuration, string name, params IReadOnlyList<string> schemes)
    {
        if (configuration[name] is not { Length: > 0 } value)
            throw new InvalidOperationException($"{name} is not set. `./dev run` starts private servers and sets it; see .env.example for its form.");
        return Uri.TryCreate(value, UriKind.Absolute, out var address) && schemes.Contains(address.Scheme) && address.Host.Length > 0
            ? address : throw new InvalidOperationException($"{name} must have the form {schemes[0]}://user:password@host:port/database, with what is special in a password written as %XX");
    }
}
