using System.Globalization;

namespace KiwiCar.IntegrationTests.Ops;

/// <summary>A small dump of the Node stack's tables, in the format of their CSV files: the rows are kept, to be compared with the tables.</summary>
internal sealed class NodeDump : IDisposable
{
    public const string Password = "KiwiCar-bench-2026", Hash = "$2b$12$vrdbfo54j5TubfiwQOEsiuthQ7ex5Tby9ZnlaPLP0wDyKxD0nJkam";
    private static readonly DateTimeOffset Start = new(2024, 1, 31, 0, 0, 0, 7, TimeSpan.Zero);
    private readonly Random random = new(20260131);
    private readonly string folder = Directory.CreateTempSubdirectory("kiwicar-dump-").FullName;

    private static readonly Dictionary<string, string> Headers = new()
    {
        ["users"] = "id,email,phone,passwordHash,nickname,avatarUrl,region,showPhone,isVerified,createdAt,updatedAt",
        ["listings"] = "id,userId,plateNumber,make,model,year,mileage,price,description,aiDescription,aiPriceMin,aiPriceMax,aiPriceRecommended,status,region,fuelType,transmission,bodyType,color,vin,views,createdAt,updatedAt",
        ["listing_images"] = "id,listingId,imageUrl,order,createdAt",
        ["price_history"] = "id,listingId,price,changedAt",
        ["favorites"] = "id,userId,listingId,priceAlert,targetPrice,createdAt",
        ["messages"] = "id,senderId,receiverId,listingId,content,isRead,createdAt",
    };

    /// <summary>Table, then rows as they stand in the file: columns in the header's order.</summary>
    public Dictionary<string, List<object?[]>> Tables { get; } = Headers.Keys.ToDictionary(t => t, _ => new List<object?[]>());

    public string Folder => folder;

    /// <summary>What the listings' histories come to: their prices and their ends; of drafts their beginning, where it is another moment, and their last state.</summary>
    public int Events => Tables["price_history"].Count + Tables["listings"].Sum(l => (string)l[13]! switch { "ACTIVE" => 0, "DRAFT" => Equals(l[21], l[22]) ? 1 : 2, _ => 1 });

    public Guid User(int i) => (Guid)Tables["users"][i][0]!;

    public Guid Listing(int i) => (Guid)Tables["listings"][i][0]!;

    public static NodeDump Of(int users, int listings)
    {
        var dump = new NodeDump();
        for (var i = 0; i < users; i++) dump.AddUser(i);
        for (var i = 0; i < listings; i++) dump.AddListing(i);
        for (var i = 0; i < listings; i++)
            if (dump.User(0) is var person && (Guid)dump.Tables["listings"][i][1]! != person && (string)dump.Tables["listings"][i][13]! != "REMOVED")
                dump.Tables["favorites"].Add([Guid.NewGuid(), person, dump.Listing(i), true, i % 2 == 0 ? null : 1_000_000m, Start.AddDays(1)]);
        foreach (var i in Enumerable.Range(0, listings).Where(i => i % 11 == 10)) dump.MakeDraft(i);
        for (var i = 0; i < Math.Min(listings, 60); i++)
            for (var buyer = 1; buyer <= i % 3; buyer++) dump.AddMessages(i, dump.User((i + buyer) % users));
        return dump;
    }

    /// <summary>Writes the files.</summary>
    public NodeDump Save()
    {
        foreach (var (table, rows) in Tables)
            File.WriteAllLines(Path.Combine(folder, table + ".csv"), rows.Select(r => string.Join(',', r.Select(Field))).Prepend(Headers[table]));
        return this;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static string Field(object? value) => value switch
    {
        null => "\\N",
        bool flag => flag ? "1" : "0",
        DateTimeOffset at => $"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}",
        decimal amount => amount.ToString("0.00", CultureInfo.InvariantCulture),
        string text => text.AsSpan().ContainsAny("\",\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text,
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    // As the old stack kept one: what is not there yet is empty or nought.
    private void MakeDraft(int i)
    {
        var row = Tables["listings"][i];
        (row[13], row[4], row[6], row[8]) = ("DRAFT", "", 0, "");
        row[22] = i % 2 == 0 ? row[21] : ((DateTimeOffset)row[21]!).AddHours(5);
        foreach (var image in Tables["listing_images"].Where(image => Equals(image[1], row[0]))) image[4] = row[22]; // they count from the draft's last saving
        Tables["price_history"].RemoveAll(p => Equals(p[1], row[0]));
        Tables["favorites"].RemoveAll(f => Equals(f[2], row[0]));
    }

    // Question and answer by turns, the last of them unread; nowhere in the order of time, and some of one millisecond.
    private void AddMessages(int i, Guid buyer)
    {
        var seller = (Guid)Tables["listings"][i][1]!;
        if ((string)Tables["listings"][i][13]! == "DRAFT" || buyer == seller) return;
        var count = 1 + random.Next(5);
        for (var n = 0; n < count; n++)
            Tables["messages"].Insert(random.Next(Tables["messages"].Count + 1),
                [Guid.NewGuid(), n % 2 == 0 ? buyer : seller, n % 2 == 0 ? seller : buyer, Listing(i), $"Kia ora, number {i}: \"{n}\",\nstill available? 🚗", n < count - random.Next(3), Start.AddDays(40).AddHours(i % 7).AddMinutes(n / 2)]);
    }

    private void AddUser(int i) => Tables["users"].Add([Guid.NewGuid(), $"moved-{Guid.NewGuid():N}@example.co.nz", i % 3 == 0 ? null : $"+6421{i:D7}", Hash, i % 5 == 0 ? null : $"Aroha {i}",
        i % 2 == 0 ? $"https://cdn.example.co.nz/avatars/{Guid.NewGuid()}.webp" : null, "Hawke's Bay", i % 2 == 1, i % 4 != 3, Start.AddDays(-i), Start.AddDays(-i / 2.0)]);

    private void AddListing(int i)
    {
        var (id, created) = (Guid.NewGuid(), Start.AddMinutes(i * 37));
        var prices = Enumerable.Range(0, 1 + i % 4).Select(n => 20_000m + i - n * 250.5m).ToList();
        var last = created.AddDays((prices.Count - 1) * 3);
        Tables["listings"].Add([id, User(i % Tables["users"].Count), $"AB{i % 1000}", "Mazda", i % 7 == 0 ? "CX-5, \"Limited\"" : "Demio", 2005 + i % 20, i * 13, prices[^1],
            $"Tidy Mazda number {i}, with a comma, \"quotes\" and kōrero. Serviced every 10,000 km.{(i % 9 == 0 ? "\nNew tyres." : "")}", i % 8 == 0 ? $"A Demio that asks for an owner, number {i}." : null, null, null, null,
            (i % 5) switch { 3 => "SOLD", 4 => "REMOVED", _ => "ACTIVE" }, "Manawatū-Whanganui", "PETROL", "MANUAL", "Wagon", "Pearl", i % 2 == 0 ? "JM0DE10Y500" + $"{i % 1000:D6}" : null, i % 3 * 100, created, last]);
        for (var n = 0; n < 3 + i % 3; n++)
            Tables["listing_images"].Add([Guid.NewGuid(), id, i % 6 == 0 ? $"images/{Guid.NewGuid()}.webp" : $"https://cdn.example.co.nz/images/{Guid.NewGuid()}.webp", n, created]);
        // Not in the order of the listings, nor in that of time.
        foreach (var (n, price) in prices.Index()) Tables["price_history"].Insert(random.Next(Tables["price_history"].Count + 1), [Guid.NewGuid(), id, price, created.AddDays(n * 3)]);
    }
}
