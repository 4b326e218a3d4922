using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CsvHelper;

namespace KiwiCar.Listings.Import;

/// <summary>
/// A CSV file of adverts, plain or gzipped. What it holds is its identity: the same rows under another name, or packed, are the same
/// file, and each row keeps its id from run to run.
/// </summary>
internal sealed class AdvertFile
{
    private readonly string path;
    private readonly byte[] fingerprint;

    private AdvertFile(string path)
    {
        this.path = path;
        (fingerprint, Lines) = Survey();
        using var csv = OpenCsv();
        csv.ReadHeader();
        (Header, Separator) = (csv.Headers, csv.Separator);
        if (Header.Count == 0) throw new InvalidOperationException($"{path} is empty");
        var needed = AdvertRow.Columns.Take(AdvertRow.Needed).ToList();
        var missing = needed.Where(column => !csv.TryGetFieldIndex(column, out _)).ToList();
        if (missing.Count > 0)
            throw new InvalidOperationException($"{path} has no column {string.Join(", ", missing)}. Its first line must name at least "
                + $"{string.Join(", ", needed)}, and may name {string.Join(", ", AdvertRow.Columns.Skip(AdvertRow.Needed))}; it names {string.Join(", ", Header)}.");
    }

    public string Name => Path.GetFileName(path);

    public IReadOnlyList<string> Header { get; }

    /// <summary>A comma, or what the file has instead.</summary>
    public char Separator { get; }

    /// <summary>Lines below the header.</summary>
    public long Lines { get; }

    /// <summary>Reads the whole file once, and refuses one that cannot be imported.</summary>
    public static AdvertFile Open(string path)
    {
        try { return new AdvertFile(path); }
        catch (InvalidDataException e) { throw new InvalidOperationException($"{path} is not a sound gzip file: {e.Message}", e); }
        catch (UnauthorizedAccessException e) { throw new InvalidOperationException($"{path} cannot be read: {e.Message}", e); }
    }

    /// <summary>The rows below the header, numbered from 1. A line is a row, whatever quotes it leaves open.</summary>
    public IEnumerable<AdvertRow> Rows()
    {
        using var csv = OpenCsv();
        csv.ReadHeader();
        var columns = AdvertRow.Columns.Select(name => csv.TryGetFieldIndex(name, out var i) ? i : -1).ToArray();
        while (csv.Read())
        {
            var values = new string[columns.Length];
            for (var i = 0; i < values.Length; i++) values[i] = columns[i] >= 0 ? csv.GetString(columns[i]).Trim() : "";
            yield return new AdvertRow(RowKey.Of(fingerprint, (int)csv.RowNumber), values, Encoding.UTF8.GetString(csv.RawRecord));
        }
    }

    private CsvReader OpenCsv() => CsvReader.Create(OpenContent(), new CsvReaderOptions { AllowLineBreaksInQuotes = false });

    private Stream OpenContent()
    {
        var file = OpenFile();
        var gzipped = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B; // its first two bytes tell; names lie
        file.Position = 0;
        return gzipped ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    private FileStream OpenFile() => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);

    private (byte[] Fingerprint, long Lines) Survey()
    {
        using var content = OpenContent();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        var (length, lines, last) = (0L, 0L, (byte)'\n');
        for (var read = content.Read(buffer); read > 0; read = content.Read(buffer))
        {
            hash.AppendData(buffer, 0, read);
            length += read;
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
            last = buffer[read - 1];
        }
        if (content is GZipStream && (uint)length != LengthInTrailer())
            throw new InvalidDataException("it ends too early, or is several files in one; unpack it with gunzip first");
        return (hash.GetHashAndReset(), Math.Max(0, lines - (last == '\n' ? 1 : 0)));
    }

    // .NET reads a gzip file that was cut off without a word; its last four bytes say how long it should have been.
    private uint LengthInTrailer()
    {
        using var file = OpenFile();
        file.Position = Math.Max(0, file.Length - sizeof(uint));
        Span<byte> trailer = stackalloc byte[sizeof(uint)];
        return file.ReadAtLeast(trailer, sizeof(uint), throwOnEndOfStream: false) == sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(trailer) : 0;
    }
}

/// <summary>Who a row is: all that is made up for it follows from this, so every run makes up the same.</summary>
/// <param name="ListingId">The advert's id and its stream's.</param>
/// <param name="Seed">What its other values are drawn with.</param>
/// <param name="FirstPlate">The plates of a file are counted from here; files begin at different ones.</param>
internal sealed record RowKey(int Number, Guid ListingId, ulong Seed, uint FirstPlate)
{
    public static RowKey Of(ReadOnlySpan<byte> file, int number)
    {
        Span<byte> source = stackalloc byte[file.Length + sizeof(int)], hash = stackalloc byte[SHA256.HashSizeInBytes];
        file.CopyTo(source);
        BinaryPrimitives.WriteInt32BigEndian(source[file.Length..], number);
        SHA256.HashData(source, hash);
        return new RowKey(number, IdFrom(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[16..]), BinaryPrimitives.ReadUInt32BigEndian(file));
    }

    /// <summary>A UUID of version 8, "by rules of one's own", from the first half of a SHA-256.</summary>
    public static Guid IdFrom(ReadOnlySpan<byte> hash)
    {
        Span<byte> id = stackalloc byte[16];
        hash[..16].CopyTo(id);
        id[6] = (byte)(id[6] & 0x0F | 0x80);
        id[8] = (byte)(id[8] & 0x3F | 0x80);
        return new Guid(id, bigEndian: true);
    }
}
