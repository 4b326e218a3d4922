using System.Text;

namespace KiwiCar.Listings.Search;

/// <summary>
/// What two spellings of one thing have in common: letters and digits without case, macrons and accents, apostrophes.
/// By hand, since the program runs without ICU, where <see cref="string.Normalize()"/> leaves everything but ASCII alone.
/// </summary>
internal static class Spelling
{
    private const char Separator = ' ', Silent = '\'';

    /// <summary>U+00C0 to U+017F, each as its plain small letter.</summary>
    private const string Latin =
        "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty" +
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll" +
        "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    /// <summary>One string for every spelling of a label and for its slug: <c>Hawke's Bay</c>, <c>hawkes-bay</c> are <c>hawkesbay</c>.</summary>
    public static string Key(string label)
    {
        var key = label.Length <= 256 ? stackalloc char[label.Length] : new char[label.Length];
        var length = 0;
        foreach (var c in label)
            if (Folded(c) is not (Separator or Silent) and var letter)
                key[length++] = letter;
        return length == 0 ? label.Trim() : new string(key[..length]);
    }

    /// <summary>A model's two keys, without and with its make: <c>3</c> and <c>mazda3</c>, whether it was called Mazda 3, 3 or Mazda3.</summary>
    public static (string Bare, string Full) KeysOfModel(string make, string model)
    {
        var (of, whole) = (Key(make), Key(model));
        var bare = whole.StartsWith(of, StringComparison.Ordinal) && whole.Length > of.Length ? whole[of.Length..] : whole;
        return (bare, of + bare);
    }

    /// <summary>A label for addresses, with the same <see cref="Key"/>: <c>Hawke's Bay</c> becomes <c>hawkes-bay</c>.</summary>
    public static string Slug(string label)
    {
        var slug = new StringBuilder(label.Length);
        var gap = false;
        foreach (var c in label)
        {
            var letter = Folded(c);
            if (letter is not (Separator or Silent)) slug.Append(gap ? "-" : "").Append(letter);
            gap = letter == Separator ? slug.Length > 0 : gap && letter == Silent;
        }
        return slug.Length == 0 ? label.Trim() : slug.ToString();
    }

    /// <summary>A model's slug, with its make: <c>mazda-3</c> for Mazda's 3 and for its Mazda 3.</summary>
    public static string SlugOfModel(string make, string model) =>
        Key(model) == KeysOfModel(make, model).Full ? Slug(model) : $"{Slug(make)}-{Slug(model)}";

    /// <summary>The words of a text, in order; see <see cref="WordReader"/>.</summary>
    /// <param name="room">At least as long as the text; a word is valid until the next.</param>
    public static WordReader Words(ReadOnlySpan<char> text, Span<char> room) => new(text, room);

    private static char Folded(char c) => c switch
    {
        (>= 'a' and <= 'z') or (>= '0' and <= '9') => c,
        >= 'A' and <= 'Z' => (char)(c | 0x20),
        '\'' or '\u2018' or '\u2019' or '\u02BB' or '\u02BC' or '\u00AD' or (>= '\u0300' and <= '\u036F') => Silent,
        < '\u00C0' => Separator,
        <= '\u017F' => Latin[c - '\u00C0'],
        _ => char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : Separator,
    };

    private static bool IsHyphen(char c) => c is '-' or '\u2010' or '\u2011';

    /// <summary>
    /// Runs of letters and digits. A hyphenated one comes as its parts and then as a whole: <c>CX-5</c> gives <c>cx</c>,
    /// <c>5</c>, <c>cx5</c>, so that it is found however it is written.
    /// </summary>
    internal ref struct WordReader(ReadOnlySpan<char> text, Span<char> room)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private readonly Span<char> _room = room;
        private int _at, _start, _length;
        private bool _ended;

        public ReadOnlySpan<char> Current { get; private set; }

        /// <summary>Whether the whole that this is a part of is still to come.</summary>
        public bool IsPart { get; private set; }

        public readonly WordReader GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_ended) return Whole();
            while (_at <= _text.Length)
            {
                var c = _at < _text.Length ? _text[_at] : Separator;
                _at++;
                var letter = Folded(c);
                if (letter is not (Separator or Silent)) _room[_length++] = letter;
                if (letter != Separator || _length == 0) continue;
                var goesOn = IsHyphen(c) && _at < _text.Length && Folded(_text[_at]) is not (Separator or Silent);
                return goesOn || _start > 0 ? Part(last: !goesOn) : Whole();
            }
            return false;
        }

        private bool Part(bool last)
        {
            Current = _room[_start.._length];
            (IsPart, _ended, _start) = (true, last, _length);
            return true;
        }

        private bool Whole()
        {
            Current = _room[.._length];
            (IsPart, _ended, _start, _length) = (false, false, 0, 0);
            return true;
        }
    }
}
