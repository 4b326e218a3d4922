using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.IntegrationTests.Listings;

[Collection(nameof(KiwiCarCollection))]
public sealed class UploadImagesTests(KiwiCarApp app)
{
    private static readonly byte[] Photo = Pictures.Make(".jpg[Q=90]");
    private static readonly string[] Private = ["Exif", "GPS", "http://ns.adobe.com", "Test Owner", "SN-TEST", "Kiwi One", "<script", "<svg", "lcms"];

    private sealed record Stored(Guid Id, string Url, string ThumbnailUrl);

    [Fact]
    public async Task Three_photos_get_an_id_each_that_names_both_their_pictures()
    {
        var images = await Uploaded((await app.SignUp()).Http, Photo, Photo, Photo);

        Assert.Equal(3, images.Select(i => i.Id).Distinct().Count());
        Assert.All(images, i => Assert.Equal(($"/images/{i.Id}.webp", $"/images/{i.Id}_thumb.webp"), (PathOf(i.Url), PathOf(i.ThumbnailUrl))));
        Assert.All(images, i => Assert.Equal(7, i.Id.Version));
    }

    [Fact]
    public async Task Each_upload_is_one_row_of_its_owner_with_what_is_stored()
    {
        var member = await app.SignUp();
        var image = Assert.Single(await Uploaded(member.Http, Photo));
        var (full, thumb) = (await Get(image.Url), await Get(image.ThumbnailUrl));

        await using var db = await app.Database.Open(default);
        var row = await db.Single<(Guid UserId, Guid? ListingId, int Bytes, int Width, int Height, DateTime? AttachedAt)>(
            "SELECT userId, listingId, bytes, width, height, attachedAt FROM uploads WHERE id = @Id", new { image.Id }, default);
        Assert.Equal((member.Id, null, full.Length + thumb.Length, 160, 120, null), row);
    }

    [Fact]
    public async Task A_picture_is_served_for_ever_and_as_nothing_else()
    {
        var image = Assert.Single(await Uploaded((await app.SignUp()).Http, Photo));
        var answer = await app.Http.GetAsync(PathOf(image.Url));

        Assert.Equal("image/webp", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("public, max-age=31536000, immutable", answer.Headers.CacheControl?.ToString());
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("cross-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Resource-Policy")));

        using var again = new HttpRequestMessage(HttpMethod.Get, PathOf(image.Url)) { Headers = { IfNoneMatch = { answer.Headers.ETag! } } };
        Assert.Equal(HttpStatusCode.NotModified, (await app.Http.SendAsync(again)).StatusCode);
        using var head = new HttpRequestMessage(HttpMethod.Head, PathOf(image.Url));
        var answered = await app.Http.SendAsync(head);
        Assert.Equal((HttpStatusCode.OK, answer.Content.Headers.ContentLength), (answered.StatusCode, answered.Content.Headers.ContentLength));
    }

    [Theory]
    [InlineData("/images/0198f1aa-0000-7000-8000-000000000000.webp")]
    [InlineData("/images/0198f1aa-0000-7000-8000-000000000000_thumb.webp")]
    [InlineData("/images/nothing.webp")]
    [InlineData("/images/..%2f..%2fetc%2fpasswd")]
    [InlineData("/images/%2e%2e%2flogs%2fcombined.log")]
    [InlineData("/images/.webp")]
    public async Task A_name_that_is_none_of_ours_is_not_found(string path)
    {
        var answer = await app.Http.GetAsync(path);
        Assert.Equal((HttpStatusCode.NotFound, "NOT_FOUND"), (answer.StatusCode, (await Error(answer)).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Every_orientation_is_stored_upright()
    {
        var images = await Uploaded((await app.SignUp()).Http, Enumerable.Range(1, 8).Select(Lying));
        foreach (var (i, image) in images.Index())
        {
            var (full, thumb) = (Pictures.Look(await Get(image.Url)), Pictures.Look(await Get(image.ThumbnailUrl)));
            Assert.Equal((160, 120), (full.Width, full.Height));
            AssertAlike($"orientation {i + 1}", [[200, 30, 30], [30, 180, 30], [30, 30, 200], [230, 230, 60]], full.Quarters, within: 6);
            AssertAlike($"orientation {i + 1}", full.Quarters, thumb.Quarters, within: 6);
        }
    }

    [Fact]
    public async Task A_photo_fits_into_1920_by_1080_and_is_not_enlarged_while_its_thumbnail_fills_400_by_300()
    {
        (int, int)[] sizes = [(2000, 1500), (900, 1200), (2400, 800), (300, 200), (2, 2)], stored = [(1440, 1080), (810, 1080), (1920, 640), (300, 200), (2, 2)];
        var images = await Uploaded((await app.SignUp()).Http, sizes.Select(s => Pictures.Make(".png", s.Item1, s.Item2)));
        foreach (var (size, image) in stored.Zip(images))
        {
            var (full, thumb) = (Pictures.Look(await Get(image.Url)), Pictures.Look(await Get(image.ThumbnailUrl)));
            Assert.Equal((size, (400, 300)), ((full.Width, full.Height), (thumb.Width, thumb.Height)));
        }
    }

    [Fact]
    public async Task Grey_pictures_stay_grey()
    {
        (string Suffix, string Colours)[] kinds = [(".png", "b-w"), (".png", "grey16"), (".jpg", "b-w")];
        foreach (var image in await Uploaded((await app.SignUp()).Http, kinds.Select(k => Pictures.Make(k.Suffix, operation: ["colourspace", k.Colours]))))
        {
            var quarters = Pictures.Look(await Get(image.Url)).Quarters;
            Assert.All(quarters, q => Assert.True(q.Max() - q.Min() <= 2, string.Join(' ', q)));
            Assert.True(quarters[3][0] - quarters[0][0] > 60, "light and dark are kept apart");
        }
    }

    [Fact]
    public async Task Colours_of_a_camera_with_a_wider_space_come_out_the_same()
    {
        // Display P3, as iPhones write it: other numbers and a profile for the same colours.
        var image = Assert.Single(await Uploaded((await app.SignUp()).Http, Pictures.Make(".jpg[Q=95]", operation: ["icc_transform", "p3", "--input-profile", "srgb"])));
        var full = await Get(image.Url);
        AssertAlike("Display P3", [[200, 30, 30], [30, 180, 30], [30, 30, 200], [230, 230, 60]], Pictures.Look(full).Quarters, within: 6);
        Assert.Equal(["VP8 "], Pictures.Chunks(full));
    }

    [Fact]
    public async Task Transparency_is_kept()
    {
        var image = Assert.Single(await Uploaded((await app.SignUp()).Http, Pictures.Make(".png", operation: ["bandjoin_const", "128"])));
        Assert.Equal(["VP8X", "ALPH", "VP8 "], Pictures.Chunks(await Get(image.Url)));
    }

    [Fact]
    public async Task The_clients_file_name_and_type_are_not_looked_at()
    {
        var http = (await app.SignUp()).Http;
        foreach (var (name, type) in new[] { ("../../../kiwicar-escaped.jpg", "image/jpeg"), ("a[page=1].png", "image/svg+xml"), ("-o", "text/html"), ("$(touch x).jpg", "application/x-sh") })
            Assert.Equal(HttpStatusCode.OK, (await http.PostAsync("/api/uploads/images", Pictures.Form(Photo, "images", name, type))).StatusCode);
        Assert.Empty(Directory.GetFiles(app.Settings["KIWICAR_DATA"]!, "*escaped*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Ten_photos_are_taken_and_eleven_are_not()
    {
        var http = (await app.SignUp()).Http;
        Assert.Equal(10, (await Uploaded(http, [.. Enumerable.Repeat(Photo, 10)])).Count);
        await Refused(http, Pictures.Form(Enumerable.Repeat(Photo, 11)), 400, "VALIDATION_ERROR", "images");
    }

    [Fact]
    public async Task One_broken_photo_among_good_ones_is_named_and_nothing_is_kept()
    {
        var member = await app.SignUp();
        var before = Files();
        await Refused(member.Http, Pictures.Form(Photo, Photo[..(Photo.Length * 2 / 5)], Photo, Photo[..(Photo.Length / 2)]), 400, "VALIDATION_ERROR", "images.1", "images.3");
        await Refused(member.Http, Pictures.Form("<svg/>"u8.ToArray(), Photo, []), 400, "VALIDATION_ERROR", "images.0", "images.2");

        Assert.Equal(before, Files());
        Assert.Equal(0, await Rows(member));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(app.Settings["KIWICAR_DATA"]!, "tmp")));
    }

    [Fact]
    public async Task Truncated_pictures_of_every_kind_are_refused()
    {
        var http = (await app.SignUp()).Http;
        foreach (var whole in new[] { Photo, Pictures.Make(".jpg[interlace]"), Pictures.Make(".png"), Pictures.Make(".png[interlace]"), Pictures.Make(".webp"), Pictures.Make(".webp[lossless]") })
            await Refused(http, Pictures.Form(whole[..(whole.Length * 3 / 5)]), 400, "VALIDATION_ERROR", "images.0");
    }

    [Fact]
    public async Task Ten_megabytes_are_taken_and_a_byte_more_is_not()
    {
        // What follows the end of a JPEG is nobody's concern, and is not stored.
        var http = (await app.SignUp()).Http;
        byte[] largest = [.. Photo, .. new byte[10 * 1024 * 1024 - Photo.Length]];
        Assert.Single(await Uploaded(http, largest));
        await Refused(http, Pictures.Form(Photo, [.. largest, 0]), 413, "PAYLOAD_TOO_LARGE", "images.1");
    }

    [Fact]
    public async Task A_body_larger_than_ten_photos_is_refused_before_it_is_read()
    {
        using var body = new StreamContent(new MemoryStream(new byte[1024]));
        body.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        body.Headers.ContentLength = 200_000_000;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/uploads/images") { Content = body, Headers = { ExpectContinue = true } };
        var answer = await (await app.SignUp()).Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task A_guest_may_not_upload() =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Http.PostAsync("/api/uploads/images", Pictures.Form(Photo))).StatusCode);

    [Fact]
    public async Task A_form_without_photos_or_with_other_fields_is_refused()
    {
        var http = (await app.SignUp()).Http;
        await Refused(http, Pictures.Form(Photo, "photos", "a.jpg", "image/jpeg"), 400, "VALIDATION_ERROR", "images");
        await Refused(http, Raw("--x--\r\n", "multipart/form-data; boundary=x"), 400, "VALIDATION_ERROR", "images");
    }

    [Fact]
    public async Task A_body_that_is_no_such_form_is_refused()
    {
        const string form = "multipart/form-data; boundary=x";
        var http = (await app.SignUp()).Http;
        foreach (var (status, type, body) in new[]
        {
            (415, "application/json", "{}"), (415, "application/x-www-form-urlencoded", "images=1"), (415, "multipart/mixed; boundary=x", "--x--\r\n"),
            (400, "multipart/form-data", "--x--\r\n"), (400, form, ""), (400, form, "no boundary anywhere"),
            (400, form, "--x\r\nContent-Disposition: form-data; name=\"images\"; filename=\"a\"\r\n\r\ncut short"),
        }) Assert.Equal((body, status), (body, (int)(await http.PostAsync("/api/uploads/images", Raw(body, type))).StatusCode));
    }

    private static readonly (string Name, int Width, int Height, double Within)[] Taken =
    [
        ("car-gps-orient6.jpg", 640, 360, 6), ("car-orient3.jpg", 640, 360, 6), ("car-progressive.jpg", 640, 360, 6), ("car-rgb.png", 400, 225, 6),
        ("car.webp", 640, 360, 6), ("png-named.jpg", 120, 68, 6), ("polyglot-comment-html.jpg", 320, 180, 6),
        ("car-cmyk.jpg", 480, 270, 12), // through inks and back: the same car, not the same numbers
    ];

    private static readonly string[] Hostile = ["car-truncated.jpg", "bomb-30000x30000.png", "html-renamed.jpg", "svg-renamed.png"];

    [SharedDataFact]
    public void Every_shared_picture_is_either_taken_or_refused_below() =>
        Assert.Equal(Pictures.SharedNames().Order(StringComparer.Ordinal), Taken.Select(t => t.Name).Concat(Hostile).Order(StringComparer.Ordinal));

    [SharedDataFact]
    public async Task Real_photos_are_stored_upright_in_their_colours_and_nothing_else_of_them()
    {
        var images = await Uploaded((await app.SignUp()).Http, Taken.Select(p => Pictures.Shared(p.Name)));
        foreach (var (photo, image) in Taken.Zip(images))
        {
            byte[][] files = [await Get(image.Url), await Get(image.ThumbnailUrl)];
            var seen = Pictures.Look(files[0]);
            Assert.Equal((photo.Name, photo.Width, photo.Height), (photo.Name, seen.Width, seen.Height));
            AssertAlike(photo.Name, ExpectedCar(), seen.Quarters, photo.Within);
            Assert.All(files, file => Assert.Equal(["VP8 "], Pictures.Chunks(file)));
            Assert.All(files, file => Assert.DoesNotContain(Private, word => file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(word)) >= 0));
        }
    }

    [SharedDataFact]
    public async Task Hostile_files_are_refused_and_leave_nothing()
    {
        var member = await app.SignUp();
        foreach (var name in Hostile)
            await Refused(member.Http, Pictures.Form(Pictures.Shared(name)), 400, "VALIDATION_ERROR", "images.0");
        Assert.Equal(0, await Rows(member));
    }

    private static async Task<IReadOnlyList<Stored>> Uploaded(HttpClient http, params IEnumerable<byte[]> photos)
    {
        var answer = await http.PostAsync("/api/uploads/images", Pictures.Form(photos));
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("images").Deserialize<List<Stored>>(JsonSerializerOptions.Web)!;
    }

    private static async Task Refused(HttpClient http, HttpContent body, int status, string code, params string[] paths)
    {
        var answer = await http.PostAsync("/api/uploads/images", body);
        var error = await Error(answer);
        var problems = error.TryGetProperty("details", out var details) ? details.Deserialize<List<FieldProblem>>(JsonSerializerOptions.Web)! : [];
        Assert.Equal((status, code), ((int)answer.StatusCode, error.GetProperty("code").GetString()));
        Assert.Equal(paths, problems.Select(p => p.Path));
    }

    private static async Task<JsonElement> Error(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");

    private static StringContent Raw(string body, string contentType)
    {
        var content = new StringContent(body);
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return content;
    }

    private Task<byte[]> Get(string url) => app.Http.GetByteArrayAsync(PathOf(url));

    private static string PathOf(string url) => new Uri(url).AbsolutePath;

    private int Files() => Directory.Exists(Path.Combine(app.Settings["KIWICAR_DATA"]!, "images")) ? Directory.EnumerateFiles(Path.Combine(app.Settings["KIWICAR_DATA"]!, "images")).Count() : 0;

    private async Task<long> Rows(Member member)
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<long>("SELECT COUNT(*) FROM uploads WHERE userId = @Id", new { member.Id }, default);
    }

    // The upright picture as a camera held otherwise would have stored it, with the EXIF that says so.
    private static byte[] Lying(int orientation)
    {
        const int width = 160, height = 120;
        var upright = Pictures.Quarters(width, height);
        var (across, down) = orientation < 5 ? (width, height) : (height, width);
        var jpeg = Pictures.Make(".jpg[Q=95]", across, down, (x, y) => orientation switch
        {
            2 => upright(width - 1 - x, y),
            3 => upright(width - 1 - x, height - 1 - y),
            4 => upright(x, height - 1 - y),
            5 => upright(y, x),
            6 => upright(width - 1 - y, x),
            7 => upright(width - 1 - y, height - 1 - x),
            8 => upright(y, height - 1 - x),
            _ => upright(x, y),
        });
        byte[] exif = [0xFF, 0xE1, 0, 34, .. "Exif\0\0MM\0*\0\0\0\u0008\0\u0001"u8, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
        return [.. jpeg[..2], .. exif, .. jpeg[2..]];
    }

    private static double[][] ExpectedCar()
    {
        using var json = JsonDocument.Parse(Pictures.Shared("expected.json"));
        var quadrants = json.RootElement.GetProperty("car").GetProperty("quadrants");
        return [.. new[] { "tl", "tr", "bl", "br" }.Select(q => quadrants.GetProperty(q).Deserialize<double[]>()!)];
    }

    private static void AssertAlike(string what, double[][] expected, double[][] seen, double within) =>
        Assert.True(expected.Zip(seen).All(q => q.First.Zip(q.Second).All(c => Math.Abs(c.First - c.Second) <= within)), $"{what}: {Text(expected)} became {Text(seen)}");

    private static string Text(double[][] quarters) => string.Join(" | ", quarters.Select(q => string.Join(' ', q.Select(c => $"{c:0}"))));
}
