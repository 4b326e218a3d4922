using System.Buffers;

namespace KiwiCar.Host.Logging;

/// <summary>
/// Takes out of a text what no log may hold, wherever it came from: e-mail addresses, JWTs, one-time tokens (43 characters of base64url: 256 bits).
/// What would break a line or steer a terminal is written as \uXXXX. JSON stays JSON: escapes are passed over whole.
/// </summary>
internal static class Redaction
{
    private const int LengthOfToken = 43;
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly SearchValues<char> Word = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    [ThreadStatic] private static StringWriter? draft;

    /// <summary>What <paramref name="write"/> writes, redacted.</summary>
    public static void Write(Action<TextWriter> write, TextWriter output)
    {
        var text = (draft ??= new StringWriter()).GetStringBuilder().Clear();
        write(draft);
        var characters = ArrayPool<char>.Shared.Rent(text.Length);
        text.CopyTo(0, characters, text.Length);
        Write(characters.AsSpan(0, text.Length), output);
        ArrayPool<char>.Shared.Return(characters);
        if (text.Capacity > 64 * 1024) draft = null; // one huge event must not keep its room for ever
    }

    public static void Write(ReadOnlySpan<char> text, TextWriter output)
    {
        var (copied, floor, i) = (0, 0, 0); // floor: an address does not reach back beyond it, into an escape
        while (i < text.Length)
        {
            var (end, instead) = Look(text, i, floor, out var start);
            if (instead is not null)
            {
                output.Write(text[copied..start]);
                output.Write(instead);
                copied = floor = end;
            }
            else if (text[i] == '\\')
            {
                floor = end;
            }
            i = end;
        }
        output.Write(text[copied..]);
    }

    // What begins at i, up to where, and what to write instead of it; for an address also where it began.
    private static (int End, string? Instead) Look(ReadOnlySpan<char> text, int i, int floor, out int start)
    {
        start = i;
        if (Word.Contains(text[i]))
        {
            var end = EndOfWord(text, i);
            if (text[i..end].StartsWith("eyJ") && EndOfParts(text, end) is var last && last > end) return (last, "[token]");
            return (end, end - i == LengthOfToken ? "[token]" : null);
        }
        if (text[i] == '\\') return (i + LengthOfEscape(text[i..]), null);
        if (LengthOfAt(text[i..]) is var at and > 0) return Address(text, i, i + at, floor, out start);
        return (i + 1, char.IsControl(text[i]) || text[i] is '\u2028' or '\u2029' ? $"\\u{(int)text[i]:x4}" : null);
    }

    private static (int End, string? Instead) Address(ReadOnlySpan<char> text, int at, int domain, int floor, out int start)
    {
        var end = domain;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '-' or '.')) end++;
        for (start = at; start > floor && IsLocal(text[start - 1]);) start--;
        var found = start < at && end > domain;
        if (!found) start = at;
        return (end, found ? "[e-mail]" : null);
    }

    private static bool IsLocal(char c) => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' or '+' or '%' or '!' or '#' or '$' or '*' or '~' or '^' or '\'' or '`';

    private static int LengthOfAt(ReadOnlySpan<char> text) => text[0] == '@' ? 1 : text.StartsWith("%40") ? 3 : 0;

    private static int LengthOfEscape(ReadOnlySpan<char> text)
    {
        if (text.Length >= 6 && text[1] == 'u' && !text[2..6].ContainsAnyExcept(Hexadecimal)) return 6;
        return text.Length >= 2 && !char.IsControl(text[1]) ? 2 : 1;
    }

    private static int EndOfWord(ReadOnlySpan<char> text, int from) => text[from..].IndexOfAnyExcept(Word) is var length and >= 0 ? from + length : text.Length;

    // The two further parts of a JWT, of which the last may be empty; where they are not there, nothing.
    private static int EndOfParts(ReadOnlySpan<char> text, int end)
    {
        for (var part = 0; part < 2; part++)
        {
            if (end == text.Length || text[end] != '.') return 0;
            end = EndOfWord(text, end + 1);
        }
        return end;
    }
}
