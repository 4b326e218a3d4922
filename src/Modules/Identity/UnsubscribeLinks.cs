using System.Buffers.Text;
using System.Security.Cryptography;
using KiwiCar.BuildingBlocks;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Identity;

/// <summary>Links that end one kind of mail to one person, whoever opens them: 16 bytes of the person, one of the kind, 16 of an HMAC. They hold for ever.</summary>
internal sealed class UnsubscribeLinks(TokenSettings tokens, Settings settings)
{
    private const int Named = 17, Length = 33;

    private readonly byte[] key = HKDF.DeriveKey(HashAlgorithmName.SHA256, tokens.RefreshSecret, 32, info: "kiwicar unsubscribe links"u8.ToArray());

    public string For(Guid user, MailKind kind)
    {
        Span<byte> token = stackalloc byte[Length];
        user.TryWriteBytes(token);
        token[16] = (byte)kind;
        Sign(token[..Named], token[Named..]);
        return $"{settings.ApiUrl}/api/users/unsubscribe/{Base64Url.EncodeToString(token)}";
    }

    /// <summary>Whose link it is, and of which kind; null where we did not make it.</summary>
    public (Guid User, MailKind Kind)? Read(string text)
    {
        Span<byte> token = stackalloc byte[Length], signature = stackalloc byte[Length - Named];
        if (text.Length != Base64Url.GetEncodedLength(Length) || !Base64Url.TryDecodeFromChars(text, token, out var length) || length != Length) return null;
        Sign(token[..Named], signature);
        return CryptographicOperations.FixedTimeEquals(signature, token[Named..]) ? (new Guid(token[..16]), (MailKind)token[16]) : null;
    }

    private void Sign(ReadOnlySpan<byte> named, Span<byte> signature)
    {
        Span<byte> whole = stackalloc byte[32];
        HMACSHA256.HashData(key, named, whole);
        whole[..signature.Length].CopyTo(signature);
    }
}
