using System.Globalization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace KiwiCar.Identity;

/// <summary>
/// Signs the two tokens of the PRD's 5.1 and says how each is checked. They differ in secret, audience and type, so that one is never
/// taken for the other. The access token carries the e-mail address because the PRD says so; nothing reads it from there.
/// </summary>
internal sealed class Tokens(TokenSettings settings, TimeProvider clock)
{
    private const string Issuer = "kiwicar";
    private static readonly TimeSpan OtherClocksMayBeAhead = TimeSpan.FromSeconds(30);
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false, MapInboundClaims = false };

    private readonly Kind access = new("at+jwt", "kiwicar-api", settings.AccessSecret, settings.AccessLife);
    private readonly Kind refresh = new("rt+jwt", "kiwicar-auth", settings.RefreshSecret, settings.RefreshLife);

    public TokenSettings Settings => settings;

    public TokenValidationParameters AccessRules => Rules(access);

    public TokenValidationParameters RefreshRules => Rules(refresh);

    public string Access(Guid user, string email, Guid session) => Sign(access, user, clock.GetUtcNow(),
        (JwtRegisteredClaimNames.Email, email), (JwtRegisteredClaimNames.Sid, session.ToString("D")));

    /// <summary>The one refresh token that <paramref name="id"/> names: asked again, the same.</summary>
    public string Refresh(Guid user, RefreshTokenId id, DateTimeOffset issuedAt) => Sign(refresh, user, issuedAt, (JwtRegisteredClaimNames.Jti, id.ToString()));

    /// <summary>Which refresh token this is; null where it is none of ours, or has ended.</summary>
    public async Task<RefreshTokenId?> IdOf(string refreshToken)
    {
        var result = await Handler.ValidateTokenAsync(refreshToken, RefreshRules);
        return result.IsValid && result.Claims.TryGetValue(JwtRegisteredClaimNames.Jti, out var claim) && claim is string jti ? RefreshTokenId.Parse(jti) : null;
    }

    private static string Sign(Kind kind, Guid user, DateTimeOffset at, params ReadOnlySpan<(string Name, string Value)> claims)
    {
        var all = new Dictionary<string, object>(StringComparer.Ordinal) { [JwtRegisteredClaimNames.Sub] = user.ToString("D") };
        foreach (var (name, value) in claims) all[name] = value;
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = kind.Type,
            Issuer = Issuer,
            Audience = kind.Audience,
            IssuedAt = at.UtcDateTime,
            Expires = at.UtcDateTime + kind.Life,
            Claims = all,
            SigningCredentials = new(kind.Key, SecurityAlgorithms.HmacSha256),
        });
    }

    private TokenValidationParameters Rules(Kind kind) => new()
    {
        ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        ValidTypes = [kind.Type],
        IssuerSigningKey = kind.Key,
        ValidIssuer = Issuer,
        ValidAudience = kind.Audience,
        NameClaimType = JwtRegisteredClaimNames.Sub,
        LifetimeValidator = (notBefore, expires, _, _) => HoldsNow(notBefore, expires),
    };

    // The clock of the program, not the machine's; and no grace after the end.
    private bool HoldsNow(DateTime? notBefore, DateTime? expires)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return expires > now && (notBefore is null || notBefore <= now + OtherClocksMayBeAhead);
    }

    private sealed record Kind(string Type, string Audience, byte[] Secret, TimeSpan Life)
    {
        public SymmetricSecurityKey Key { get; } = new(Secret);
    }
}

/// <summary>Names one refresh token (its <c>jti</c>): the session it belongs to, and which one in its row.</summary>
internal sealed record RefreshTokenId(Guid Session, int Generation)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Session:D}.{Generation}");

    public static RefreshTokenId? Parse(string jti) =>
        jti.Length > 37 && jti[36] == '.' && Guid.TryParseExact(jti.AsSpan(..36), "D", out var session)
        && int.TryParse(jti.AsSpan(37), NumberStyles.None, CultureInfo.InvariantCulture, out var generation) ? new(session, generation) : null;
}
