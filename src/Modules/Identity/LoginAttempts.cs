using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;

namespace KiwiCar.Identity;

/// <summary>
/// Guesses at one account from many places are limited together. Or anybody could lock its owner out by guessing wrong, so a place from which the
/// owner signed in lately is spared that, and has only the limit of its IP address. Where Redis is away no place is known.
/// </summary>
internal sealed class LoginAttempts(RateLimits limits, Redis redis)
{
    private static readonly TimeSpan Lately = TimeSpan.FromDays(30);

    /// <summary>Counts as a failure until the request has succeeded. Throws 429 where the account has had too many.</summary>
    /// <param name="email">Normalised. It need not be anybody's: who has an account shows in nothing.</param>
    public async Task Begin(string email, HttpContext http)
    {
        var place = Place(email, http);
        if (!await redis.Ask(db => db.KeyExistsAsync(place), otherwise: false)) await limits.Require(Limits.LoginByAccount, email, http);
    }

    /// <summary>Whoever was here is the owner.</summary>
    public async Task Succeeded(string email, HttpContext http)
    {
        var place = Place(email, http);
        await redis.Ask(db => db.StringSetAsync(place, 1, Lately), otherwise: false);
    }

    private static string Place(string email, HttpContext http) =>
        "kiwicar:signed-in:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{email} {ClientAddress.KeyOf(http)}")));
}
