using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Tests.Identity;

public class PasswordsTests
{
    private static Passwords New(params (string Name, string Value)[] settings) => new(new PasswordSettings(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value))).Build()));

    [Fact]
    public void The_cost_is_less_than_12_in_tests_only()
    {
        New(("NODE_ENV", "development"), ("PASSWORD_COST", "4")).Dispose();
        New(("NODE_ENV", "production"), ("PASSWORD_COST", "13")).Dispose();
        foreach (var (environment, cost) in new[] { ("production", "11"), ("development", "3"), ("development", "17"), ("production", "twelve") })
            Assert.Contains("PASSWORD_COST", Assert.Throws<InvalidOperationException>(() => New(("NODE_ENV", environment), ("PASSWORD_COST", cost))).Message, StringComparison.Ordinal);
    }

    // From the test suite of Openwall's crypt_blowfish, from which libxcrypt descends.
    [Theory]
    [InlineData("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK")]
    [InlineData("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy")]
    public void Bcrypt_gives_the_known_hashes(string password, string hash) =>
        Assert.Equal(hash, Bcrypt.Hash(password, hash));

    [Theory]
    [InlineData("")]
    [InlineData("plain text")]
    [InlineData("$2b$12$short")]
    public void What_is_no_bcrypt_hash_gives_none(string salt) => Assert.Null(Bcrypt.Hash("SecurePass123", salt));

    [Theory]
    [InlineData("SecurePass123", true)]
    [InlineData("1234567", false)]                      // seven characters
    [InlineData("SecurePass\0123", false)]
    [InlineData("password", false)]                     // among the commonest
    [InlineData("Password1", false)]                    // … in any case
    [InlineData("kāhore he kupu huna", true)]
    public void New_passwords_follow_the_rules(string password, bool accepted) =>
        Assert.Equal(accepted, Passwords.WhyNot(password) is null);

    [Fact]
    public void The_limit_is_72_bytes_and_not_72_characters()
    {
        Assert.Null(Passwords.WhyNot(new string('x', 72)));
        Assert.NotNull(Passwords.WhyNot(new string('x', 73)));
        Assert.Null(Passwords.WhyNot(new string('ā', 36)));
        Assert.NotNull(Passwords.WhyNot(new string('ā', 37)));
        Assert.NotNull(Passwords.WhyNot(string.Concat(Enumerable.Repeat("🚗", 19))));
    }

    [Fact]
    public async Task A_hash_has_cost_12_and_a_salt_of_its_own_and_fits_only_its_password()
    {
        using var passwords = New();
        var hash = await passwords.Hash("SecurePass123", default);
        Assert.Matches(@"\A\$2b\$12\$[./A-Za-z0-9]{53}\z", hash);
        Assert.NotEqual(Bcrypt.NewSalt(12), Bcrypt.NewSalt(12));
        Assert.True(await passwords.Matches("SecurePass123", hash, default));
        Assert.False(await passwords.Matches("securePass123", hash, default));
    }

    [Fact]
    public async Task No_password_fits_an_account_without_one()
    {
        using var passwords = New();
        Assert.False(await passwords.Matches("SecurePass123", null, default));
    }

    [Fact]
    public void More_callers_than_may_wait_are_told_to_come_back()
    {
        using var passwords = New();
        using var gone = new CancellationTokenSource();
        var tooMany = Assert.Throws<Rejection>(() => { for (var i = 0; i < 30; i++) _ = passwords.Matches("SecurePass123", null, gone.Token); });
        gone.Cancel(); // those that still wait need not be answered
        Assert.Equal(503, tooMany.Status);
        Assert.NotNull(tooMany.RetryAfter);
    }
}
