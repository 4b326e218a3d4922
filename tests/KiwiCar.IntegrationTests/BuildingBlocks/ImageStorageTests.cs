using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>What every image storage does, and then what a folder does.</summary>
public sealed class ImageFolderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kiwicar-test-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task It_stores_replaces_and_deletes()
    {
        var images = Folder();
        await images.Put("images/a.webp", new byte[] { 1, 2, 3 }, "image/webp", default);
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(Path.Combine(root, "images/a.webp")));

        await images.Put("images/a.webp", new byte[] { 4 }, "image/webp", default);
        Assert.Equal([4], await File.ReadAllBytesAsync(Path.Combine(root, "images/a.webp")));

        await images.Delete("images/a.webp", default);
        await images.Delete("images/a.webp", default);
        Assert.Empty(Directory.GetFiles(root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task It_lists_what_lies_below_a_prefix_also_what_was_left_unfinished()
    {
        var images = Folder();
        Assert.Empty(await images.List("images/", default).ToListAsync());
        string[] keys = ["images/a.webp", "images/b.webp.0123.tmp", "images/deeper/c.webp", "imagesque/d.webp"];
        foreach (var key in keys) await images.Put(key, new byte[] { 1 }, "image/webp", default);
        await File.WriteAllTextAsync(Path.Combine(root, "images/Thumbs.db"), "not ours");

        var found = await images.List("images/", default).ToListAsync();
        Assert.Equal(keys[..3], found.Select(f => f.Key).Order(StringComparer.Ordinal));
        Assert.All(found, f => Assert.InRange(f.StoredAt, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddSeconds(1)));
    }

    [Fact]
    public async Task Deleting_before_anything_was_stored_is_fine() => await Folder().Delete("images/a.webp", default);

    [Fact]
    public async Task Readers_see_one_whole_picture_or_the_other_while_it_is_replaced()
    {
        var images = Folder();
        byte[][] contents = [.. Enumerable.Range(0, 8).Select(i => Enumerable.Repeat((byte)i, 200_000 + i).ToArray())];
        await images.Put("images/a.webp", contents[0], "image/webp", default);
        var writing = Parallel.ForEachAsync(Enumerable.Range(0, 40), async (i, ct) => await images.Put("images/a.webp", contents[i % 8], "image/webp", ct));
        while (!writing.IsCompleted)
        {
            var seen = await File.ReadAllBytesAsync(Path.Combine(root, "images/a.webp"));
            Assert.Equal(contents[seen[0]], seen);
        }
        await writing;
        Assert.Single(Directory.GetFiles(root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_disk_that_refuses_is_unavailable_and_leaves_no_part_behind()
    {
        await File.WriteAllTextAsync(Path.Combine(root, "images"), "a file where the folder should be");
        var refusal = await Assert.ThrowsAsync<Rejection>(() => Folder().Put("images/a.webp", new byte[1], "image/webp", default));
        Assert.Equal(503, refusal.Status);
        Assert.Single(Directory.GetFiles(root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_cancelled_put_leaves_no_part_behind()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Folder().Put("images/a.webp", new byte[1_000_000], "image/webp", new CancellationToken(canceled: true)));
        Assert.Empty(Directory.GetFiles(root, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../a.webp")]
    [InlineData("images/../../a.webp")]
    [InlineData("images/..")]
    [InlineData("/etc/passwd")]
    [InlineData("images//a.webp")]
    [InlineData("images/a.webp/")]
    [InlineData("images/.a.webp")]
    [InlineData("images/A.webp")]
    [InlineData("images/a.webp\n")]
    [InlineData("images/a b.webp")]
    [InlineData("images/a?b.webp")]
    [InlineData("images\\a.webp")]
    [InlineData("images/ā.webp")]
    public async Task A_key_that_is_more_than_a_name_is_refused_by_both(string key)
    {
        using var s3 = new S3Images(new AmazonS3Client(new AnonymousAWSCredentials(), new AmazonS3Config { ServiceURL = "http://127.0.0.1:9" }), "b", "https://cdn.example", NullLogger<S3Images>.Instance);
        foreach (var images in new IImageStorage[] { Folder(), s3 })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => images.Put(key, new byte[1], "image/webp", default));
            await Assert.ThrowsAsync<ArgumentException>(() => images.Delete(key, default));
            Assert.Throws<ArgumentException>(() => images.UrlOf(key));
        }
    }

    [Theory]
    [InlineData(null, "http://localhost:3000/images/a.webp")]
    [InlineData("", "http://localhost:3000/images/a.webp")]
    [InlineData("https://cdn.example", "https://cdn.example/images/a.webp")]
    [InlineData("https://cdn.example/", "https://cdn.example/images/a.webp")]
    public void Its_addresses_lead_to_the_CDN_or_to_us(string? cdn, string url) =>
        Assert.Equal(url, Chosen(("CDN_URL", cdn)).UrlOf("images/a.webp"));

    [Fact]
    public void Without_an_account_pictures_go_to_a_folder() => Assert.IsType<ImageFolder>(Chosen(("S3_BUCKET", ""), ("S3_ACCESS_KEY", "")));

    [Fact]
    public void Half_an_account_is_refused() =>
        Assert.Contains("S3_ACCESS_KEY", Assert.Throws<InvalidOperationException>(() => Chosen(("S3_BUCKET", "kiwicar-images"))).Message, StringComparison.Ordinal);

    [Fact]
    public void With_an_account_they_go_to_S3()
    {
        using var s3 = Assert.IsType<S3Images>(Chosen(("S3_BUCKET", "b"), ("S3_ACCESS_KEY", "k"), ("S3_SECRET_KEY", "s"), ("CDN_URL", "https://cdn.example/")));
        Assert.Equal("https://cdn.example/images/a.webp", s3.UrlOf("images/a.webp"));
    }

    [Theory]
    [InlineData("CDN_URL")]
    [InlineData("S3_SECRET_KEY")]
    public void What_S3_cannot_do_without_is_asked_for_by_name(string missing)
    {
        (string Name, string? Value)[] all = [("S3_BUCKET", "b"), ("S3_ACCESS_KEY", "k"), ("S3_SECRET_KEY", "s"), ("CDN_URL", "https://cdn.example")];
        Assert.Contains(missing, Assert.Throws<InvalidOperationException>(() => Chosen([.. all.Where(s => s.Name != missing)])).Message, StringComparison.Ordinal);
    }

    private ImageFolder Folder() => new(root, "http://localhost:3000", NullLogger<ImageFolder>.Instance);

    private IImageStorage Chosen(params (string Name, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Append(("KIWICAR_DATA", root)).Append(("DATABASE_URL", "mysql://localhost")).Append(("EVENTS_DATABASE_URL", "postgres://localhost"))
            .Append(("REDIS_URL", "redis://localhost")).Select(s => KeyValuePair.Create(s.Item1, s.Item2))).Build();
        return new ServiceCollection().AddLogging().AddSingleton(new Settings(configuration)).AddImageStorage(configuration).BuildServiceProvider().GetRequiredService<IImageStorage>();
    }
}

/// <summary>S3 as a real server speaks it.</summary>
public sealed class S3ImagesTests(S3Server server) : IClassFixture<S3Server>
{
    [S3Fact]
    public async Task It_stores_replaces_and_deletes()
    {
        using var images = Images(server.Url);
        await images.Put("images/a.webp", new byte[] { 1, 2, 3 }, "image/webp", default);
        await images.Put("images/a.webp", new byte[] { 4, 5 }, "image/webp", default);

        using var reader = new AmazonS3Client(new BasicAWSCredentials("S3RVER", "S3RVER"), new AmazonS3Config { ServiceURL = server.Url, ForcePathStyle = true });
        using (var stored = await reader.GetObjectAsync(S3Server.Bucket, "images/a.webp"))
        {
            Assert.Equal(("image/webp", "public, max-age=31536000, immutable", 2L), (stored.Headers.ContentType, stored.Headers.CacheControl, stored.ContentLength));
            var content = new byte[2];
            await stored.ResponseStream.ReadExactlyAsync(content);
            Assert.Equal([4, 5], content);
        }

        await images.Delete("images/a.webp", default);
        await images.Delete("images/a.webp", default);
        var missing = await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => reader.GetObjectAsync(S3Server.Bucket, "images/a.webp"));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [S3Fact]
    public async Task A_bucket_that_is_not_there_is_unavailable()
    {
        using var images = Images(server.Url, bucket: "nobodys");
        Assert.Equal(503, (await Assert.ThrowsAsync<Rejection>(() => images.Put("images/a.webp", new byte[1], "image/webp", default))).Status);
    }

    [Fact]
    public async Task A_server_that_is_away_is_unavailable_at_once()
    {
        using var images = Images("http://127.0.0.1:9");
        Assert.Equal(503, (await Assert.ThrowsAsync<Rejection>(() => images.Put("images/a.webp", new byte[1], "image/webp", default))).Status);
        Assert.Equal(503, (await Assert.ThrowsAsync<Rejection>(() => images.Delete("images/a.webp", default))).Status);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_unavailable_after_three_tries()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var images = Images($"http://{silent.LocalEndpoint}");
        Assert.Equal(503, (await Assert.ThrowsAsync<Rejection>(() => images.Put("images/a.webp", new byte[100_000], "image/webp", default))).Status);
        // By what the client says in its headers: a connection may be kept ready, or a request come on a second one.
        var tries = new SortedSet<string>(StringComparer.Ordinal);
        while (silent.Pending())
        {
            using var connection = await silent.AcceptTcpClientAsync();
            var head = new byte[connection.Available];
            await connection.GetStream().ReadExactlyAsync(head);
            if (Encoding.ASCII.GetString(head).Split("amz-sdk-request: ") is [_, var rest]) tries.Add(rest.Split('\r')[0]);
        }
        Assert.Equal(["attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"], tries);
    }

    [Fact]
    public async Task A_client_that_goes_away_is_not_kept_waiting()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var images = Images($"http://{silent.LocalEndpoint}");
        using var gone = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => images.Put("images/a.webp", new byte[1], "image/webp", gone.Token));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), $"took {watch.Elapsed}");
    }

    private static S3Images Images(string endpoint, string bucket = S3Server.Bucket) => S3Images.From(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["S3_BUCKET"] = bucket, ["S3_ACCESS_KEY"] = "S3RVER", ["S3_SECRET_KEY"] = "S3RVER", ["S3_ENDPOINT"] = endpoint, ["CDN_URL"] = "https://cdn.example",
    }).Build(), NullLogger<S3Images>.Instance);
}

/// <summary>A test that needs <c>tests/node</c> with its packages.</summary>
public sealed class S3FactAttribute : FactAttribute
{
    public S3FactAttribute() => Skip = S3Server.Folder is null ? "KIWICAR_TEST_NODE_MODULES is not set: run the tests with ./dev test" : null;
}

/// <summary>An S3 server from npm on a free port of this machine; it ends with us, since its standard input closes.</summary>
public sealed class S3Server : IAsyncLifetime
{
    public const string Bucket = "kiwicar-images";

    private readonly string objects = Directory.CreateTempSubdirectory("kiwicar-test-").FullName;
    private Process? server;

    public static string? Folder { get; } = Environment.GetEnvironmentVariable("KIWICAR_TEST_NODE_MODULES") is { Length: > 0 } folder ? folder : null;

    public string Url { get; private set; } = "";

    public async Task InitializeAsync()
    {
        if (Folder is null) return;
        // Its continuation tokens are made with DES, which OpenSSL keeps for those who ask.
        server = Process.Start(new ProcessStartInfo("node", ["--openssl-legacy-provider", "s3.mjs", objects, Bucket]) { WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        Url = $"http://127.0.0.1:{await server.StandardOutput.ReadLineAsync()}";
    }

    public async Task DisposeAsync()
    {
        if (server is not null)
        {
            server.StandardInput.Close();
            await server.WaitForExitAsync();
            server.Dispose();
        }
        Directory.Delete(objects, recursive: true);
    }
}
