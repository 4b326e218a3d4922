using System.Buffers;

namespace KiwiCar.Listings.Search;

/// <summary>
/// Which rows have which words: an inverted index that follows every change. It may lag behind in what it forgets, so a
/// search takes from it only rows of its own snapshot. One writer; searches read meanwhile.
/// </summary>
internal sealed class TextIndex
{
    private readonly Dictionary<string, Postings> _byWord = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Postings>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly List<Postings> _byNumber = [];
    private readonly Stack<int> _freeNumbers = new();
    private readonly List<int> _numbers = [];
    private readonly Vocabulary _vocabulary = new();
    private char[] _room = new char[1024];
    private int _listing;

    public TextIndex() => _bySpan = _byWord.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The words of a listing, packed: their numbers, for <see cref="Add"/> and <see cref="Remove"/>.</summary>
    public byte[] WordsOf(IndexedListing listing)
    {
        _numbers.Clear();
        _listing++;
        var (bare, full) = Spelling.KeysOfModel(listing.Make, listing.Model);
        foreach (var text in (ReadOnlySpan<string>)[$"{listing.Year}", listing.Make, Spelling.Key(listing.Make), listing.Model, bare, full, listing.Description])
            Collect(text);
        _numbers.Sort();
        return PackedNumbers.Pack(_numbers);
    }

    /// <param name="rows">The rows of all blocks.</param>
    public void Add(int row, byte[] words, int rows)
    {
        foreach (var number in new PackedNumbers(words)) _byNumber[number].Add(row, rows);
    }

    public void Remove(int row, byte[] words)
    {
        foreach (var number in new PackedNumbers(words))
        {
            var postings = _byNumber[number];
            postings.Remove(row);
            if (postings.Count == 0) Forget(postings);
        }
    }

    /// <summary>Leaves the rows that have all the words, the last as a beginning. A hyphenated word is one word, found joined.</summary>
    public void Keep(string text, Span<ulong> rows)
    {
        var words = Wanted(text);
        var scratch = ArrayPool<ulong>.Shared.Rent(rows.Length);
        var having = scratch.AsSpan(0, rows.Length);
        for (var i = 0; i < words.Count; i++)
        {
            having.Clear();
            if (i == words.Count - 1)
                foreach (var postings in _vocabulary.StartingWith(words[i])) postings.AddTo(having);
            else _vocabulary.Find(words[i])?.AddTo(having);
            Bitmap.And(rows, having);
        }
        ArrayPool<ulong>.Shared.Return(scratch);
    }

    private static List<string> Wanted(string text)
    {
        var words = new List<string>();
        var reader = Spelling.Words(text, new char[text.Length]);
        while (reader.MoveNext())
            if (!reader.IsPart)
                words.Add(new(reader.Current));
        return words;
    }

    private void Collect(string text)
    {
        if (_room.Length < text.Length) _room = new char[text.Length * 2];
        foreach (var word in Spelling.Words(text, _room))
        {
            if (!_bySpan.TryGetValue(word, out var postings)) postings = Learn(new(word));
            if (postings.LastListing == _listing) continue;
            postings.LastListing = _listing;
            _numbers.Add(postings.Number);
        }
    }

    private Postings Learn(string word)
    {
        var number = _freeNumbers.TryPop(out var free) ? free : _byNumber.Count;
        var postings = new Postings(word, number, Vocabulary.Followers(number));
        if (number == _byNumber.Count) _byNumber.Add(postings);
        _byNumber[number] = _byWord[word] = postings;
        _vocabulary.Add(postings);
        return postings;
    }

    private void Forget(Postings postings)
    {
        _byWord.Remove(postings.Word);
        _freeNumbers.Push(postings.Number);
        _vocabulary.Remove(postings);
    }
}

/// <summary>Ascending numbers as gaps of seven bits a byte: mostly one byte each, since common words came early and have small numbers.</summary>
internal ref struct PackedNumbers(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public int Current { get; private set; }

    public static byte[] Pack(List<int> ascending)
    {
        Span<byte> bytes = ascending.Count <= 200 ? stackalloc byte[ascending.Count * 5] : new byte[ascending.Count * 5];
        var (length, last) = (0, 0);
        foreach (var number in ascending)
        {
            var gap = (uint)(number - last);
            for (; gap >= 0x80; gap >>= 7) bytes[length++] = (byte)(gap | 0x80);
            bytes[length++] = (byte)gap;
            last = number;
        }
        return bytes[..length].ToArray();
    }

    public readonly PackedNumbers GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_at == _bytes.Length) return false;
        var (gap, shift) = (0, 0);
        for (; _bytes[_at] >= 0x80; shift += 7) gap |= (_bytes[_at++] & 0x7F) << shift;
        Current += gap | _bytes[_at++] << shift;
        return true;
    }
}
