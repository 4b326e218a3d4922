using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace KiwiCar.Identity;

/// <summary>The operating system's bcrypt: libxcrypt, which Debian and Ubuntu ship as libcrypt.so.1.</summary>
internal static partial class Bcrypt
{
    private const string Library = "libcrypt.so.1";
    private const int SizeOfCryptData = 32_768; // of struct crypt_data, part of the library's ABI

    /// <summary>A new random salt with its cost: the first 29 characters of a hash.</summary>
    public static string NewSalt(int cost)
    {
        Span<byte> random = stackalloc byte[16], salt = stackalloc byte[64];
        RandomNumberGenerator.Fill(random);
        return CryptGensalt("$2b$\0"u8, (nuint)cost, random, random.Length, salt, salt.Length) != 0 ? Ascii(salt)
            : throw new InvalidOperationException("libcrypt gives no bcrypt salt; is its library older than 4.0?");
    }

    /// <summary>The hash of a password under a salt, or under the salt that a hash begins with. Null where that is no salt.</summary>
    /// <remarks>bcrypt reads 72 bytes and stops at a NUL: what is longer or holds one must not come here (<see cref="Passwords"/>).</remarks>
    public static string? Hash(string password, string salt)
    {
        var phrase = new byte[Encoding.UTF8.GetByteCount(password) + 1];
        var data = new byte[SizeOfCryptData];
        try
        {
            Encoding.UTF8.GetBytes(password, phrase);
            return Crypt(phrase, Encoding.UTF8.GetBytes(salt + '\0'), data, data.Length) != 0 ? Ascii(data) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(phrase);
            CryptographicOperations.ZeroMemory(data);
        }
    }

    // Both write their answer, NUL-terminated, where their buffer begins.
    private static string Ascii(ReadOnlySpan<byte> text) => Encoding.ASCII.GetString(text[..text.IndexOf((byte)0)]);

    [LibraryImport(Library, EntryPoint = "crypt_gensalt_rn")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint CryptGensalt(ReadOnlySpan<byte> prefix, nuint cost, ReadOnlySpan<byte> random, int randomSize, Span<byte> salt, int saltSize);

    [LibraryImport(Library, EntryPoint = "crypt_rn")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Crypt(ReadOnlySpan<byte> phrase, ReadOnlySpan<byte> setting, Span<byte> data, int dataSize);
}
