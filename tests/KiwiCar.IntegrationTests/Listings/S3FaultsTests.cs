using Amazon.Runtime;
using Amazon.S3;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Pictures;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.IntegrationTests.BuildingBlocks;
using KiwiCar.Listings.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Listings;

/// <summary>Uploads to a real S3 server of whose answers a part never comes.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class S3FaultsTests(KiwiCarApp app, S3Server server, ITestOutputHelper output) : IClassFixture<S3Server>
{
    private readonly CurrentUser user = new(Guid.CreateVersion7(), Guid.CreateVersion7());
    private readonly TestClock clock = new(DateTimeOffset.UtcNow.AddHours(25));

    [S3Fact]
    public async Task Every_record_has_both_its_objects_and_what_has_no_record_is_swept()
    {
        await using var faulty = await new FaultyServer(server.Url).Start();
        using var storage = Images(faulty.Url);
        using var folder = new TemporaryFolder();
        using var vips = new Vips(folder.File("work"), NullLogger<Vips>.Instance);
        await vips.StartAsync(default);
        var (done, refused) = (0, 0);
        await Parallel.ForEachAsync(Enumerable.Range(0, 40), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, ct) =>
        {
            faulty.Rate = i < 20 ? 0.3 : 0.6; // three tries get most uploads through the first, and less than half through the second
            try
            {
                await Upload(vips, storage, ct);
                Interlocked.Increment(ref done);
            }
            catch (Rejection e) when (e.Status == 503) { Interlocked.Increment(ref refused); }
        });
        // What a server that lost its last strength would leave: parts of uploads that nobody recorded or undid.
        faulty.Rate = 0;
        for (var i = 0; i < 5; i++) await storage.Put(PhotoKeys.Full(Guid.CreateVersion7()), new byte[] { 1 }, "image/webp", default);

        var (rows, objects) = (await Rows(), await Objects());
        output.WriteLine($"{done} uploads of 2 photos done, {refused} refused, {faulty.Faults} faults; {rows.Length} records, {objects.Count} objects before the sweep");
        Assert.True(done > 0 && refused > 0);
        Assert.Equal(done * 2, rows.Length);
        Assert.Empty(rows.SelectMany(Keys).Except(objects));

        // As if a listing were claiming them, they are in use. The sweep has its faults too, and gets the others all the same, night by night.
        await Uploads.Claim(app.Database, Guid.CreateVersion7(), 0, user.Id, rows, default);
        await using (var db = await app.Database.Open(default)) await db.Execute("DELETE FROM uploads WHERE listingId IS NULL", null, default);
        faulty.Rate = 0.3;
        for (var night = 0; night < 5; night++)
        {
            try { output.WriteLine(await Sweep(storage)); }
            catch (Rejection e) when (e.Status == 503) { output.WriteLine(e.Message); }
        }
        Assert.Equal(rows.SelectMany(Keys).Order(StringComparer.Ordinal), (await Objects()).Order(StringComparer.Ordinal));
        Assert.Equal(rows, await Rows());
    }

    [S3Fact]
    public async Task A_listing_of_more_than_a_page_is_complete()
    {
        using var storage = Images(server.Url);
        string[] keys = [.. Enumerable.Range(0, 1_005).Select(i => $"paged/{i:0000}.webp")];
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (key, ct) => await storage.Put(key, new byte[] { 1 }, "image/webp", ct));
        var found = await storage.List("paged/", default).ToListAsync();
        Assert.Equal(keys, found.Select(f => f.Key).Order(StringComparer.Ordinal));
        Assert.All(found, f => Assert.InRange(f.StoredAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1)));
        Assert.Empty(await storage.List("nothing/", default).ToListAsync());
    }

    private async Task Upload(Vips vips, IImageStorage storage, CancellationToken ct)
    {
        using var form = Pictures.Form(Photo, Photo);
        var context = new DefaultHttpContext { Request = { Method = "POST", ContentType = form.Headers.ContentType!.ToString(), Body = await form.ReadAsStreamAsync(ct) } };
        var quota = new UploadQuota(UploadLimits.Read(new ConfigurationBuilder().Build()), app.Database);
        await UploadImages.Handle(context.Request, user, vips, storage, app.Database, quota, TimeProvider.System, NullLogger<Vips>.Instance, ct);
    }

    private static readonly byte[] Photo = Pictures.Make(".jpg");

    private Task<string> Sweep(IImageStorage storage)
    {
        var (store, events) = (app.Services.GetRequiredService<EventStore>(), app.Services.GetRequiredService<EventConnections>());
        var pictures = new SweepPictures(storage, app.Services.GetServices<IPictureOwner>(), app.Database, events, clock, NullLogger<SweepPictures>.Instance);
        return new SweepOrphans(app.Database, store, pictures, clock).Job.Run(default);
    }

    private async Task<HashSet<string>> Objects()
    {
        using var reader = new AmazonS3Client(new BasicAWSCredentials("S3RVER", "S3RVER"), new AmazonS3Config { ServiceURL = server.Url, ForcePathStyle = true });
        var page = await reader.ListObjectsV2Async(new Amazon.S3.Model.ListObjectsV2Request { BucketName = S3Server.Bucket, Prefix = "images/" });
        Assert.NotEqual(true, page.IsTruncated);
        return [.. (page.S3Objects ?? []).Select(o => o.Key)];
    }

    private static string[] Keys(Guid id) => [PhotoKeys.Full(id), PhotoKeys.Thumb(id)];

    private async Task<Guid[]> Rows()
    {
        await using var db = await app.Database.Open(default);
        return [.. await db.Query<Guid>("SELECT id FROM uploads WHERE userId = @Id ORDER BY id", new { user.Id }, default)];
    }

    private static S3Images Images(string endpoint) => S3Images.From(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["S3_BUCKET"] = S3Server.Bucket, ["S3_ACCESS_KEY"] = "S3RVER", ["S3_SECRET_KEY"] = "S3RVER", ["S3_ENDPOINT"] = endpoint, ["CDN_URL"] = "https://cdn.example",
    }).Build(), NullLogger<S3Images>.Instance);
}
