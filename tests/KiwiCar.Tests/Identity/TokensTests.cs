using System.Text;
using KiwiCar.Identity;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace KiwiCar.Tests.Identity;

public class TokensTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid User = Guid.NewGuid(), Session = Guid.NewGuid();
    internal static readonly TokenSettings Settings = new(Secret('a'), Secret('r'), TimeSpan.FromHours(1), TimeSpan.FromDays(30), SecureCookie: true, Note: null);

    private static Tokens At(DateTimeOffset now) => new(Settings, new Clock(now));

    [Fact]
    public async Task An_access_token_says_who_and_until_when()
    {
        var token = At(Noon).Access(User, "user@example.com", Session);
        var result = await Check(token, At(Noon).AccessRules);
        Assert.True(result.IsValid, result.Exception?.Message);
        Assert.Equal(User.ToString("D"), result.Claims["sub"]);
        Assert.Equal("user@example.com", result.Claims["email"]);
        Assert.Equal(Noon.ToUnixTimeSeconds(), Convert.ToInt64(result.Claims["iat"]));
        Assert.Equal(Noon.AddHours(1).ToUnixTimeSeconds(), Convert.ToInt64(result.Claims["exp"]));
        Assert.Equal("HS256", new JsonWebToken(token).Alg);
    }

    [Fact]
    public async Task A_refresh_token_has_an_id_to_revoke_it_by()
    {
        var token = At(Noon).Refresh(User, new(Session, 7), Noon);
        var result = await Check(token, At(Noon).RefreshRules);
        Assert.True(result.IsValid, result.Exception?.Message);
        Assert.Equal($"{Session:D}.7", result.Claims["jti"]);
        Assert.Equal(Noon.AddDays(30).ToUnixTimeSeconds(), Convert.ToInt64(result.Claims["exp"]));
        Assert.Equal(new RefreshTokenId(Session, 7), await At(Noon.AddHours(1)).IdOf(token));
        Assert.Equal(token, At(Noon.AddHours(1)).Refresh(User, new(Session, 7), Noon)); // asked again, the same
    }

    [Theory]
    [InlineData("")]
    [InlineData("3f0e7f5e-6a4c-4a8e-9e39-7d2a6a3a5c10")]
    [InlineData("3f0e7f5e-6a4c-4a8e-9e39-7d2a6a3a5c10.")]
    [InlineData("3f0e7f5e-6a4c-4a8e-9e39-7d2a6a3a5c10.-1")]
    [InlineData("3f0e7f5e-6a4c-4a8e-9e39-7d2a6a3a5c1x.1")]
    public void What_is_no_id_of_a_token_is_none(string jti) => Assert.Null(RefreshTokenId.Parse(jti));

    [Fact]
    public async Task Neither_token_is_taken_for_the_other_even_under_one_secret()
    {
        foreach (var settings in new[] { Settings, Settings with { RefreshSecret = Settings.AccessSecret } })
        {
            var tokens = new Tokens(settings, new Clock(Noon));
            Assert.False((await Check(tokens.Refresh(User, new(Session, 1), Noon), tokens.AccessRules)).IsValid);
            Assert.False((await Check(tokens.Access(User, "user@example.com", Session), tokens.RefreshRules)).IsValid);
        }
    }

    [Fact]
    public async Task A_token_ends_when_it_says()
    {
        var token = At(Noon).Access(User, "user@example.com", Session);
        Assert.True((await Check(token, At(Noon.AddSeconds(3_599)).AccessRules)).IsValid);
        Assert.False((await Check(token, At(Noon.AddSeconds(3_600)).AccessRules)).IsValid);
    }

    [Fact]
    public async Task A_token_from_a_clock_that_is_ahead_is_good_half_a_minute_early()
    {
        var token = Made(d => d.NotBefore = Noon.UtcDateTime.AddSeconds(30));
        Assert.True((await Check(token, At(Noon).AccessRules)).IsValid);
        Assert.False((await Check(token, At(Noon.AddSeconds(-1)).AccessRules)).IsValid);
    }

    public static TheoryData<string, string> Forged()
    {
        var good = At(Noon).Access(User, "user@example.com", Session).Split('.');
        return new()
        {
            { "no signature", $"{good[0]}.{good[1]}." },
            { "alg none", $"{Part("""{"alg":"none","typ":"at+jwt"}""")}.{good[1]}." },
            { "alg None", $"{Part("""{"alg":"None","typ":"at+jwt"}""")}.{good[1]}.{good[2]}" },
            { "altered", $"{good[0]}.{Part(Text(good[1]).Replace(User.ToString("D"), Guid.Empty.ToString("D"), StringComparison.Ordinal))}.{good[2]}" },
            { "altered signature", $"{good[0]}.{good[1]}.{(good[2][0] == 'A' ? 'B' : 'A')}{good[2][1..]}" },
            { "HS384", Made(d => d.SigningCredentials = new(Key(Settings.AccessSecret), SecurityAlgorithms.HmacSha384)) },
            { "HS512", Made(d => d.SigningCredentials = new(Key(Settings.AccessSecret), SecurityAlgorithms.HmacSha512)) },
            { "RS256", Made(d => d.SigningCredentials = new(new RsaSecurityKey(System.Security.Cryptography.RSA.Create(2048)), SecurityAlgorithms.RsaSha256)) },
            { "another secret", Made(d => d.SigningCredentials = new(Key(Secret('x')), SecurityAlgorithms.HmacSha256)) },
            { "its own key in the header", Made(d =>
                {
                    d.SigningCredentials = new(Key(Secret('x')), SecurityAlgorithms.HmacSha256);
                    d.AdditionalHeaderClaims = new Dictionary<string, object>(StringComparer.Ordinal)
                    {
                        ["jwk"] = new Dictionary<string, string>(StringComparer.Ordinal) { ["kty"] = "oct", ["k"] = Base64UrlEncoder.Encode(Secret('x')) },
                        ["jku"] = "https://example.com/keys.json",
                    };
                }) },
            { "another issuer", Made(d => d.Issuer = "somebody") },
            { "another audience", Made(d => d.Audience = "somebody") },
            { "another type", Made(d => d.TokenType = "JWT") },
            { "no end", Made(d => d.Expires = null) },
            { "no token", "abc" },
        };
    }

    [Theory]
    [MemberData(nameof(Forged))]
    public async Task A_forged_token_is_refused(string how, string token) =>
        Assert.False((await Check(token, At(Noon).AccessRules)).IsValid, how);

    // A good access token but for one thing.
    private static string Made(Action<SecurityTokenDescriptor> spoil)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            TokenType = "at+jwt",
            Issuer = "kiwicar",
            Audience = "kiwicar-api",
            IssuedAt = Noon.UtcDateTime,
            Expires = Noon.UtcDateTime.AddHours(1),
            Claims = new Dictionary<string, object>(StringComparer.Ordinal) { ["sub"] = User.ToString("D") },
            SigningCredentials = new(Key(Settings.AccessSecret), SecurityAlgorithms.HmacSha256),
        };
        spoil(descriptor);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    [Fact]
    public async Task The_token_that_the_forgeries_start_from_is_good() => Assert.True((await Check(Made(_ => { }), At(Noon).AccessRules)).IsValid);

    private static Task<TokenValidationResult> Check(string token, TokenValidationParameters rules) => new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(token, rules);

    private static SymmetricSecurityKey Key(byte[] secret) => new(secret);

    internal static byte[] Secret(char c) => Encoding.ASCII.GetBytes(new string(c, 64)); // long enough for HS512

    private static string Part(string json) => Base64UrlEncoder.Encode(json);

    private static string Text(string part) => Base64UrlEncoder.Decode(part);

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
