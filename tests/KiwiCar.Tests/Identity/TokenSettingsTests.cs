using KiwiCar.Identity;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Tests.Identity;

public sealed class TokenSettingsTests : IDisposable
{
    private const string Strong = "a-secret-with-more-than-32-bytes-1", OtherStrong = "a-secret-with-more-than-32-bytes-2";
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"kiwicar-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_life_without_meaning_stops_the_start() =>
        Assert.Contains("JWT_ACCESS_EXPIRY", Refused(("JWT_ACCESS_SECRET", Strong), ("JWT_REFRESH_SECRET", OtherStrong), ("JWT_ACCESS_EXPIRY", "soon")), StringComparison.Ordinal);

    [Theory]
    [InlineData(null, null, "is not set")]
    [InlineData(Strong, null, "JWT_REFRESH_SECRET is not set")]
    [InlineData("", Strong, "JWT_ACCESS_SECRET is not set")]
    [InlineData("too-short-a-secret", Strong, "32 bytes")]
    [InlineData(Strong, Strong, "the same")]
    [InlineData("your-access-secret", "your-refresh-secret", "example")]
    [InlineData("your-access-secret-your-access-secret", Strong, "example")]
    public void Production_refuses_weak_secrets_and_says_what_to_do(string? access, string? refresh, string reason)
    {
        var message = Refused(("JWT_ACCESS_SECRET", access), ("JWT_REFRESH_SECRET", refresh), ("NODE_ENV", "production"));
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains("openssl rand", message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void An_environment_that_is_not_named_is_production() => Refused(("NODE_ENV", null));

    [Fact]
    public void Strong_secrets_are_taken_and_the_cookie_is_secure()
    {
        var settings = Read(("JWT_ACCESS_SECRET", Strong), ("JWT_REFRESH_SECRET", OtherStrong), ("NODE_ENV", "production"));
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.FromDays(30), true, null), (settings.AccessLife, settings.RefreshLife, settings.SecureCookie, settings.Note));
    }

    [Fact]
    public void Development_makes_its_own_once_and_keeps_them_to_itself()
    {
        var first = Read(("NODE_ENV", "development"), ("JWT_ACCESS_SECRET", "your-access-secret"));
        var again = Read(("NODE_ENV", "development"));
        Assert.Equal(first.AccessSecret, again.AccessSecret);
        Assert.Equal(first.RefreshSecret, again.RefreshSecret);
        Assert.NotEqual(first.AccessSecret, first.RefreshSecret);
        Assert.NotNull(first.Note);
        Assert.False(first.SecureCookie);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "jwt.json")));
    }

    [Fact]
    public void Processes_that_start_at_the_same_time_agree()
    {
        var secrets = new byte[8][];
        var threads = Enumerable.Range(0, secrets.Length).Select(i => new Thread(() => secrets[i] = Read(("NODE_ENV", "test")).AccessSecret)).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.All(secrets, s => Assert.Equal(secrets[0], s));
    }

    [Fact]
    public void A_spoilt_file_is_named()
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "jwt.json"), "{");
        Assert.Contains("jwt.json", Refused(("NODE_ENV", "development")), StringComparison.Ordinal);
    }

    private string Refused(params (string, string?)[] values) => Assert.Throws<InvalidOperationException>(() => Read(values)).Message;

    private TokenSettings Read(params (string Name, string? Value)[] values) => TokenSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal)).Build(), folder);
}
