using System.Numerics;

namespace KiwiCar.Listings.Search;

/// <summary>
/// All words in ordinal order: a skip list. Every word is on the lowest level, every fourth on the next, every sixteenth on the
/// third and so on. The one writer links a word in level by level from below and out from above; searches that walk
/// along meanwhile meet each other word, and stand firm on a word that goes, since it still knows the next.
/// </summary>
internal sealed class Vocabulary
{
    private const int Levels = 12;
    private readonly Postings _start = new("", 0, new Postings?[Levels]);
    private readonly Postings[] _path = new Postings[Levels];

    /// <summary>The places for a new word's followers, as many as the levels it is on.</summary>
    /// <param name="number">The word's; it has nothing to do with the order, so its trailing zeros are as good as dice.</param>
    public static Postings?[] Followers(int number) => new Postings?[Math.Min(Levels, 1 + BitOperations.TrailingZeroCount(number) / 2)];

    public Postings? Find(string word) => Before(word).Follower(0) is { } postings && postings.Word == word ? postings : null;

    public IEnumerable<Postings> StartingWith(string beginning)
    {
        for (var at = Before(beginning).Follower(0); at?.Word.StartsWith(beginning, StringComparison.Ordinal) == true; at = at.Follower(0))
            yield return at;
    }

    public void Add(Postings postings)
    {
        Before(postings.Word, _path);
        for (var level = 0; level < postings.Levels; level++)
        {
            postings.Follow(level, _path[level].Follower(level));
            _path[level].Follow(level, postings);
        }
    }

    public void Remove(Postings postings)
    {
        Before(postings.Word, _path);
        for (var level = postings.Levels - 1; level >= 0; level--) _path[level].Follow(level, postings.Follower(level));
    }

    /// <summary>The last word before this one, and on the path the last on each level.</summary>
    private Postings Before(string word, Postings[]? path = null)
    {
        var at = _start;
        for (var level = Levels - 1; level >= 0; level--)
        {
            while (at.Follower(level) is { } next && string.CompareOrdinal(next.Word, word) < 0) at = next;
            if (path is not null) path[level] = at;
        }
        return at;
    }
}
