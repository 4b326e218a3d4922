using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace KiwiCar.Identity;

/// <summary>
/// What a mailed link holds: 256 bits that nobody can guess, made from the id of the request and a secret. So it lies nowhere, neither in a
/// table nor in a mail that waits to be sent; the tables hold its SHA-256, and it can be made again if a mail has to be sent again.
/// </summary>
internal sealed class OneTimeToken(TokenSettings settings)
{
    private readonly byte[] key = HKDF.DeriveKey(HashAlgorithmName.SHA256, settings.RefreshSecret, 32, info: "kiwicar one-time tokens"u8.ToArray());

    public string For(Guid request) => Base64Url.EncodeToString(HMACSHA256.HashData(key, request.ToByteArray()));

    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
