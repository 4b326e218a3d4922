using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Import;

namespace KiwiCar.Tests.Listings;

public sealed partial class ImportListingsTests : IDisposable
{
    private const string Header = "make,model,year,price,transmission,mileage,fuelType,tax,mpg,engineSize";
    private const string Gt86 = "toyota, GT86,2016,16000,Manual,24089,Petrol,265,36.2,2";
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("kiwicar-import-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_row_becomes_the_request_of_an_advert()
    {
        var request = ImportListings.Judge(Row(Gt86), Now);
        Assert.Equal(("Toyota", "GT86", 2016, 38_767, 16_000m), (request.Make, request.Model, request.Year, request.Mileage, request.Price));
        Assert.Equal((FuelType.PETROL, Transmission.MANUAL, "Coupe", null), (request.FuelType, request.Transmission, request.BodyType, request.Vin));
        Assert.Empty(request.Images);
        Assert.Contains("2.0-litre petrol", request.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("toyota", "Toyota")]
    [InlineData("ford", "Ford")]
    [InlineData("vw", "Volkswagen")]
    [InlineData("VW", "Volkswagen")]
    [InlineData("hyundi", "Hyundai")]
    [InlineData("hyundai", "Hyundai")]
    [InlineData("McLaren", "McLaren")]
    public void Makes_are_spelled_as_people_do(string given, string make) =>
        Assert.Equal(make, ImportListings.Judge(Row(Gt86.Replace("toyota", given, StringComparison.Ordinal)), Now).Make);

    [Theory]
    [InlineData("Manual", Transmission.MANUAL)]
    [InlineData("Automatic", Transmission.AUTOMATIC)]
    [InlineData("Semi-Auto", Transmission.AUTOMATIC)]
    [InlineData("Other", Transmission.AUTOMATIC)]
    public void Every_gearbox_but_a_manual_one_is_automatic(string given, Transmission transmission) =>
        Assert.Equal(transmission, ImportListings.Judge(Row(Gt86.Replace("Manual", given, StringComparison.Ordinal)), Now).Transmission);

    [Theory]
    [InlineData("Petrol", FuelType.PETROL)]
    [InlineData("Diesel", FuelType.DIESEL)]
    [InlineData("Hybrid", FuelType.HYBRID)]
    [InlineData("Electric", FuelType.ELECTRIC)]
    [InlineData("Other", FuelType.OTHER)]
    public void Fuels_are_those_of_the_API(string given, FuelType fuel) =>
        Assert.Equal(fuel, ImportListings.Judge(Row(Gt86.Replace("Petrol", given, StringComparison.Ordinal)), Now).FuelType);

    [Theory]
    [InlineData("ford, Fiesta,2060,6495,Automatic,54807,Petrol,205,42.8,1.4", "year too_big")]
    [InlineData("ford, Fiesta,MMXX,6495,Automatic,54807,Petrol,205,42.8,1.4", "year invalid_type")]
    [InlineData("ford, Fiesta,2016,,Automatic,54807,Petrol,205,42.8,1.4", "price required")]
    [InlineData("ford, Fiesta,2016,99,Automatic,700000,Petrol,205,42.8,1.4", "mileage too_big, price too_small")]
    [InlineData("ford, Fiesta,2016,6495,Automatic,-1,Steam,205,42.8,1.4", "fuelType invalid_enum_value, mileage too_small")]
    [InlineData(",,2016,6495,Automatic,1,Petrol,205,42.8,1.4", "make required, model required")]
    [InlineData("ford, Fiesta", "fuelType required, mileage required, price required, year required")]
    public void What_the_API_would_refuse_is_refused_with_its_fields(string line, string problems)
    {
        var refused = Assert.Throws<Rejection>(() => ImportListings.Judge(Row(line), Now));
        Assert.Equal(problems, string.Join(", ", refused.Details!.Select(p => $"{p.Path} {p.Code}").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Only_photos_are_not_asked_for()
    {
        var request = Row(Gt86).ToRequest();
        var refused = Assert.Throws<Rejection>(() => Input.Of(request).Read(body => CreateListing.Validate(body, Now)));
        Assert.Equal("images", Assert.Single(refused.Details!).Path);
    }

    [Fact]
    public void Every_run_makes_up_the_same_packed_or_not()
    {
        var plain = Rows("cars.csv", Gt86, Gt86, Gt86);
        using (var packed = new GZipStream(File.Create(PathOf("other-name.csv.gz")), CompressionMode.Compress)) packed.Write(File.ReadAllBytes(PathOf("cars.csv")));
        var again = AdvertFile.Open(PathOf("other-name.csv.gz")).Rows().ToList();
        Assert.Equal(plain.Select(r => r.Key), again.Select(r => r.Key));
        Assert.Equal(plain.Select(r => r.ToRequest().ToJsonString()), again.Select(r => r.ToRequest().ToJsonString()));
        Assert.Equal(plain.Select(r => Dealers.Of(r.Key)), again.Select(r => Dealers.Of(r.Key)));
    }

    // Fixed: a later version must know what an earlier one has taken already.
    [Fact]
    public void Ids_stay_what_they_were()
    {
        var row = Row(Gt86);
        Assert.Equal("1235195e-d61e-8507-b01b-95a916793ac9", row.Key.ListingId.ToString());
        Assert.Equal("668e7301-0b97-813f-8845-c6a03d3b5ab2", Dealers.Of(row.Key).ToString());
        Assert.Equal("FUT104", ImportListings.Judge(row, Now).PlateNumber);
    }

    [Fact]
    public void Equal_rows_of_one_file_and_of_two_are_different_adverts()
    {
        var rows = Rows("one.csv", Gt86, Gt86).Concat(Rows("two.csv", Gt86, Gt86, Gt86)).ToList();
        Assert.Equal(5, rows.Select(r => r.Key.ListingId).Distinct().Count());
        Assert.Equal(5, rows.Select(r => ImportListings.Judge(r, Now).PlateNumber).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Fifty_thousand_rows_are_sound_and_have_each_its_own_plate()
    {
        var (plates, lengths) = (new HashSet<string>(StringComparer.Ordinal), new List<int>());
        foreach (var row in Rows("many.csv", Enumerable.Range(0, 50_000).Select(i => $"vw, Golf,{1990 + i % 30},{500 + i},Manual,{i},Petrol,{i % 200},{i % 90},{i % 5}.{i % 10}")))
        {
            var request = ImportListings.Judge(row, Now);
            Assert.Matches(Plate, request.PlateNumber);
            Assert.True(plates.Add(request.PlateNumber), $"{request.PlateNumber} comes twice");
            lengths.Add(request.Description.Length);
        }
        Assert.Equal(50_000, plates.Count);
        Assert.InRange(lengths.Min(), 50, 250);
        Assert.InRange(lengths.Max(), 300, 600);
    }

    [Fact]
    public void A_description_says_what_the_row_says_and_nothing_it_does_not()
    {
        var said = string.Join(' ', Rows("electric.csv", Enumerable.Repeat("hyundai, Kona,2019,30000,Automatic,10,Electric,0,0.3,0", 50)).Select(r => ImportListings.Judge(r, Now).Description));
        Assert.Contains("electric", said, StringComparison.Ordinal);
        Assert.Contains("no annual tax", said, StringComparison.Ordinal);
        Assert.DoesNotContain("litre", said, StringComparison.Ordinal);
        Assert.DoesNotContain("mpg", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_has_one_body_known_or_not()
    {
        Assert.Equal("Ute", MadeUp.BodyType("Toyota", "HILUX"));
        Assert.Equal("SUV", MadeUp.BodyType("Mazda", "cx5"));
        Assert.Single(Rows("unknown.csv", Enumerable.Repeat("lada, Samara,1990,500,Manual,10,Petrol,,,", 50)).Select(r => ImportListings.Judge(r, Now).BodyType).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_without_the_columns_is_refused_in_a_sentence()
    {
        File.WriteAllText(PathOf("wrong.csv"), "make,model,price\nford,Fiesta,500\n");
        var e = Assert.Throws<InvalidOperationException>(() => AdvertFile.Open(PathOf("wrong.csv")));
        Assert.Contains("has no column year, transmission, mileage, fuelType.", e.Message, StringComparison.Ordinal);
        File.WriteAllText(PathOf("empty.csv"), "");
        Assert.EndsWith("is empty", Assert.Throws<InvalidOperationException>(() => AdvertFile.Open(PathOf("empty.csv"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_packed_file_that_was_cut_off_is_refused()
    {
        Rows("whole.csv", Enumerable.Range(0, 5_000).Select(i => $"vw, Golf,2015,{500 + i},Manual,{i * 7919 % 100_000},Petrol,20,50,1.4"));
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true)) gzip.Write(File.ReadAllBytes(PathOf("whole.csv")));
        File.WriteAllBytes(PathOf("cut.csv.gz"), packed.ToArray()[..^1_000]);
        Assert.Contains("is not a sound gzip file", Assert.Throws<InvalidOperationException>(() => AdvertFile.Open(PathOf("cut.csv.gz"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_may_stand_in_any_order_between_others_and_behind_semicolons()
    {
        File.WriteAllText(PathOf("other.csv"), "\uFEFFid;Price;Make;Model;Year;Mileage;FuelType;Transmission\n7;16000;toyota;\"GT;86\";2016;100;Petrol;Manual\n");
        var request = ImportListings.Judge(AdvertFile.Open(PathOf("other.csv")).Rows().Single(), Now);
        Assert.Equal(("Toyota", "GT;86", 16_000m, 161), (request.Make, request.Model, request.Price, request.Mileage));
    }

    [Fact]
    public void A_quote_left_open_spoils_its_own_row_only()
    {
        var rows = Rows("quote.csv", Gt86, "ford,\"Fiesta,2016,6495,Automatic,54807,Petrol,205,42.8,1.4", Gt86);
        Assert.Equal(3, rows.Count);
        Assert.Throws<Rejection>(() => ImportListings.Judge(rows[1], Now));
        Assert.Equal("GT86", ImportListings.Judge(rows[2], Now).Model);
    }

    [Fact]
    public void Refused_rows_are_counted_by_reason_and_written_as_they_stood()
    {
        const string bad = "ford,\"Fiesta, the 2nd\",2060,6495,Automatic,54807,Petrol,205,42.8,1.4";
        var rows = Rows("some.csv", Gt86, bad, bad);
        using (var report = new ImportReport(AdvertFile.Open(PathOf("some.csv")), folder.FullName))
        {
            report.Took();
            foreach (var row in rows.Skip(1)) report.Refused(row, Assert.Throws<Rejection>(() => ImportListings.Judge(row, Now)));
            Assert.Contains("year too_big", report.Summary(TimeProvider.System.GetTimestamp()), StringComparison.Ordinal);
            Assert.Equal(3, report.Done);
        }
        var rejected = Path.Combine(folder.FullName, "import", "some.csv.rejected.csv");
        Assert.Equal(["row,reason," + Header, $"2,year too_big: must be at most 2027,{bad}", $"3,year too_big: must be at most 2027,{bad}"], File.ReadAllLines(rejected));
        // Corrected, it is a file to import.
        File.WriteAllText(rejected, File.ReadAllText(rejected).Replace("2060", "2016", StringComparison.Ordinal));
        Assert.All(AdvertFile.Open(rejected).Rows(), row => Assert.Equal("Fiesta, the 2nd", ImportListings.Judge(row, Now).Model));
    }

    private AdvertRow Row(string line) => Rows("row.csv", line).Single();

    private List<AdvertRow> Rows(string name, params IEnumerable<string> lines)
    {
        File.WriteAllText(PathOf(name), Header + "\n" + string.Concat(lines.Select(l => l + "\n")), Encoding.UTF8);
        return [.. AdvertFile.Open(PathOf(name)).Rows()];
    }

    private string PathOf(string name) => Path.Combine(folder.FullName, name);

    [GeneratedRegex(@"\A[A-Z]{3}[0-9]{3}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Plate { get; }
}
