using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Identity;

/// <summary>How tokens are signed and how long they hold: JWT_ACCESS_SECRET, JWT_REFRESH_SECRET, JWT_ACCESS_EXPIRY, JWT_REFRESH_EXPIRY.</summary>
/// <param name="SecureCookie">Whether the refresh cookie asks for HTTPS: everywhere but in development.</param>
/// <param name="Note">What to tell the operator: development without proper secrets makes its own.</param>
internal sealed record TokenSettings(byte[] AccessSecret, byte[] RefreshSecret, TimeSpan AccessLife, TimeSpan RefreshLife, bool SecureCookie, string? Note)
{
    private const int LeastBytes = 32;
    private static readonly string[] Samples = ["your-access-secret", "your-refresh-secret"]; // of the PRD, for everybody to read

    /// <summary>Reads them once, at the start, and refuses what would be unsafe or has no meaning.</summary>
    public static TokenSettings Read(IConfiguration configuration, string dataFolder)
    {
        var environment = configuration["NODE_ENV"]?.ToLowerInvariant();
        var (access, refresh) = (configuration["JWT_ACCESS_SECRET"], configuration["JWT_REFRESH_SECRET"]);
        var note = (string?)null;
        if (WhyNot(access, refresh) is { } reason)
        {
            if (environment is not ("development" or "test"))
                throw new InvalidOperationException($"{reason}. Set both to different random texts, for instance from `openssl rand -base64 48` (or NODE_ENV=development, which makes its own).");
            var file = Path.Combine(dataFolder, "jwt.json");
            (access, refresh) = OwnSecrets(file);
            note = $"{reason}, so tokens are signed with secrets made for this machine and kept in {file}";
        }
        return new(Encoding.UTF8.GetBytes(access!), Encoding.UTF8.GetBytes(refresh!),
            Life(configuration, "JWT_ACCESS_EXPIRY", "1h"), Life(configuration, "JWT_REFRESH_EXPIRY", "30d"), environment != "development", note);
    }

    private static TimeSpan Life(IConfiguration configuration, string name, string otherwise)
    {
        var text = configuration[name] is { Length: > 0 } value ? value : otherwise;
        return Duration.Parse(text) ?? throw new InvalidOperationException($"{name} is \"{text}\"; write a whole number and s, m, h or d, as 15m, 1h or 30d, at most 365d.");
    }

    private static string? WhyNot(string? access, string? refresh)
    {
        foreach (var (name, secret) in new[] { ("JWT_ACCESS_SECRET", access), ("JWT_REFRESH_SECRET", refresh) })
        {
            if (string.IsNullOrEmpty(secret)) return $"{name} is not set";
            if (Samples.Any(sample => secret.Contains(sample, StringComparison.OrdinalIgnoreCase))) return $"{name} is the documentation's example";
            if (Encoding.UTF8.GetByteCount(secret) < LeastBytes) return $"{name} has fewer than {LeastBytes} bytes";
        }
        return access == refresh ? "JWT_ACCESS_SECRET and JWT_REFRESH_SECRET are the same" : null;
    }

    // Made once a data folder. Processes that start at the same time must agree: one writes, the others wait for its lock.
    private static (string Access, string Refresh) OwnSecrets(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var turn = Lock(file + ".lock");
        if (!File.Exists(file)) Write(file);
        try
        {
            var pair = JsonSerializer.Deserialize(File.ReadAllBytes(file), SecretsJson.Default.SecretPair)!;
            return WhyNot(pair.AccessSecret, pair.RefreshSecret) is null ? (pair.AccessSecret, pair.RefreshSecret) : throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"{file} does not hold two secrets; delete it, and the next start makes new ones.", e);
        }
    }

    private static void Write(string file)
    {
        var pair = new SecretPair(Convert.ToBase64String(RandomNumberGenerator.GetBytes(48)), Convert.ToBase64String(RandomNumberGenerator.GetBytes(48)));
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(file + ".tmp", options)) JsonSerializer.Serialize(stream, pair, SecretsJson.Default.SecretPair);
        File.Move(file + ".tmp", file);
    }

    private static FileStream Lock(string file)
    {
        for (var tries = 0; ; tries++)
        {
            try { return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); }
            catch (IOException) when (tries < 250) { Thread.Sleep(20); }
        }
    }

    internal sealed record SecretPair(string AccessSecret, string RefreshSecret);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(TokenSettings.SecretPair))]
internal sealed partial class SecretsJson : JsonSerializerContext;
