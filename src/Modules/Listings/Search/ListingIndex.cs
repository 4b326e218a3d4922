namespace KiwiCar.Listings.Search;

/// <summary>
/// Every ACTIVE listing in memory, in columns. A search passes over the columns block by block, which leaves a bitmap of the
/// rows that match; its bits are the total, and <see cref="Ranking{T}"/> finds the page among them.
/// <para>
/// One writer at a time, any number of searches, and neither waits for the other: every change writes a new row and publishes a
/// new <see cref="Snapshot"/> of the rows that count, and a search stays with the snapshot it began with, so it sees one instant.
/// </para>
/// Load the oldest first: the newest then stand together, and the first page is found without looking at the rest.
/// </summary>
internal sealed class ListingIndex
{
    private static readonly Ranking<long> Newest = new(x => x.Published, descending: true);
    private static readonly Ranking<int> Cheapest = new(x => x.Prices, descending: false);
    private static readonly Ranking<int> Dearest = new(x => x.Prices, descending: true);
    private static readonly Ranking<int> LeastDriven = new(x => x.Mileages, descending: false);

    private readonly Lock _writing = new();
    private readonly ListingLabels _labels = new();
    private readonly TextIndex _text = new();
    private readonly Rows _format;
    private readonly RowsById _rowsById;
    private readonly Snapshots _snapshots;
    private readonly Stack<int> _freeRows = new();
    private Block[] _blocks = [];
    private int[] _adverts = new int[16];
    private int _rows;
    private Everything? _everything;

    public ListingIndex() => (_format, _rowsById, _snapshots) = (new(_labels, _text), new(IdOf), new(GiveBack));

    public int Count => _snapshots.Current.Count;

    /// <summary>Takes the listing in, in place of what was known of it.</summary>
    public void Put(IndexedListing listing)
    {
        lock (_writing) Replace(RowOf(listing.Id), _format.Of(listing));
    }

    /// <param name="price">NZD, two places.</param>
    /// <returns>Whether the listing is there.</returns>
    public bool SetPrice(Guid id, decimal price)
    {
        var cents = Rows.Cents(price);
        lock (_writing)
        {
            var row = RowOf(id);
            if (row == Snapshot.None) return false;
            Replace(row, At(row) with { Price = cents });
            return true;
        }
    }

    /// <returns>Whether the listing was there.</returns>
    public bool Remove(Guid id)
    {
        lock (_writing)
        {
            var row = RowOf(id);
            if (row == Snapshot.None) return false;
            Publish(Snapshot.None, row);
            return true;
        }
    }

    /// <summary>The listing as it went in, but for its description.</summary>
    public IndexedListing? Find(Guid id)
    {
        using var reading = _snapshots.Read();
        var row = _rowsById.Find(id, reading.Snapshot);
        return row == Snapshot.None ? null : _format.Listing(At(row));
    }

    /// <summary>How many adverts of this seller are active.</summary>
    public int CountOf(Guid sellerId)
    {
        var adverts = Volatile.Read(ref _adverts);
        return _labels.Sellers.NumberIfKnown(sellerId) is { } number && number < adverts.Length ? adverts[number] : 0;
    }

    /// <summary>The exact total and one page of what matches, all of one instant.</summary>
    public SearchResult Search(ListingQuery query)
    {
        if (query.Page < 1 || query.Limit < 1) throw new ArgumentException("Pages and their cards count from 1", nameof(query));
        using var selection = new Selection(_snapshots);
        KeepWordsAndIds(query, selection);
        var snapshot = selection.Snapshot;
        var filter = new RowFilter(query, _labels);
        for (var block = 0; block < snapshot.Blocks.Length; block++) filter.Keep(snapshot.Blocks[block], selection.Of(block));
        var total = Bitmap.Count(selection.Rows);
        var skip = (query.Page - 1L) * query.Limit;
        if (skip >= total) return new(total, []);
        return new(total, Cards(Page(snapshot, selection.Rows, query.Sort, (int)skip, (int)Math.Min(query.Limit, total - skip))));
    }

    /// <summary>What there is to choose from under a query, all of one instant; its sorting and page do not matter.</summary>
    public FacetCounts Options(ListingQuery query)
    {
        if (query.AsksNothing && Volatile.Read(ref _everything) is { } known && known.Of == _snapshots.Current) return known.Counts;
        using var selection = new Selection(_snapshots);
        KeepWordsAndIds(query, selection);
        var snapshot = selection.Snapshot;
        var filter = new RowFilter(query, _labels);
        var tally = new FacetTally(filter, _labels);
        for (var block = 0; block < snapshot.Blocks.Length; block++)
        {
            filter.KeepOthers(snapshot.Blocks[block], selection.Of(block));
            tally.Add(snapshot.Blocks[block], selection.Of(block));
        }
        var counts = tally.Counts();
        if (query.AsksNothing) Volatile.Write(ref _everything, new(snapshot, counts));
        return counts;
    }

    /// <summary>The listings most like a car, the nearest first, itself never; see <see cref="Likeness"/>.</summary>
    public IReadOnlyList<ListingCard> Similar(Likened car, int most)
    {
        using var selection = new Selection(_snapshots);
        var likeness = new Likeness(car, _labels);
        var best = new Best(new Candidate[Best.RoomFor(most)], most);
        for (var block = selection.Snapshot.Blocks.Length - 1; block >= 0; block--)
            likeness.Offer(block, selection.Snapshot.Blocks[block], selection.Of(block), ref best);
        return Cards(best.After(0));
    }

    /// <summary>These come first: they leave few rows for the columns to be looked at.</summary>
    private void KeepWordsAndIds(ListingQuery query, Selection selection)
    {
        var snapshot = selection.Snapshot;
        if (query.Text is { } text) _text.Keep(text, selection.Rows);
        if (query.Ids.Count > 0) selection.KeepOnly(query.Ids.Select(id => _rowsById.Find(id, snapshot)).Where(row => row != Snapshot.None));
    }

    private static int[] Page(Snapshot snapshot, ReadOnlySpan<ulong> matches, SortOrder sort, int skip, int take) => sort switch
    {
        SortOrder.PriceAsc => Cheapest.Page(snapshot, matches, skip, take),
        SortOrder.PriceDesc => Dearest.Page(snapshot, matches, skip, take),
        SortOrder.MileageAsc => LeastDriven.Page(snapshot, matches, skip, take),
        _ => Newest.Page(snapshot, matches, skip, take),
    };

    private ListingCard[] Cards(int[] rows) => Array.ConvertAll(rows, row => _format.Card(At(row)));

    private int RowOf(Guid id) => _rowsById.Find(id, _snapshots.Current);

    private Row At(int row)
    {
        var (block, at) = Block.Place(row);
        return Volatile.Read(ref _blocks)[block][at];
    }

    private Guid IdOf(int row)
    {
        var (block, at) = Block.Place(row);
        return Volatile.Read(ref _blocks)[block].Ids[at];
    }

    private void Replace(int old, Row row)
    {
        var added = FreeRow();
        var (block, at) = Block.Place(added);
        _blocks[block][at] = row;
        _rowsById.Add(added);
        _text.Add(added, row.Text, _blocks.Length * Block.Rows);
        Publish(added, old);
    }

    private int FreeRow()
    {
        if (_freeRows.TryPop(out var row)) return row;
        if (_rows == _blocks.Length * Block.Rows) Volatile.Write(ref _blocks, [.. _blocks, new()]);
        return _rows++;
    }

    private void Publish(int added, int dropped)
    {
        CountAdvert(added, 1);
        CountAdvert(dropped, -1);
        _snapshots.Publish(_snapshots.Current.Change(added, dropped, _blocks), dropped);
    }

    private void CountAdvert(int row, int difference)
    {
        if (row == Snapshot.None) return;
        var seller = At(row).Seller;
        if (seller >= _adverts.Length)
        {
            var longer = new int[seller * 2];
            _adverts.CopyTo(longer, 0);
            Volatile.Write(ref _adverts, longer);
        }
        _adverts[seller] += difference;
    }

    private void GiveBack(int row)
    {
        _text.Remove(row, At(row).Text);
        _rowsById.Remove(row);
        _freeRows.Push(row);
    }

    /// <summary>The answer to the question without conditions, which is asked most, until something changes.</summary>
    private sealed record Everything(Snapshot Of, FacetCounts Counts);
}
