using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>Amazon S3, Cloudflare R2, or whatever speaks their language. Readers get the pictures from the CDN in front of it, never from us.</summary>
/// <param name="cdnUrl">Where clients reach the bucket: the key is appended.</param>
public sealed class S3Images(IAmazonS3 s3, string bucket, string cdnUrl, ILogger<S3Images> log) : IImageStorage, IDisposable
{
    private readonly string address = cdnUrl.TrimEnd('/') + "/";

    /// <summary>
    /// By <c>S3_BUCKET</c>, <c>S3_ACCESS_KEY</c>, <c>S3_SECRET_KEY</c>, <c>CDN_URL</c>, <c>S3_REGION</c> (ap-southeast-2 unless set; R2: auto) and,
    /// for anything but Amazon's own, <c>S3_ENDPOINT</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">One of those it cannot do without is not set.</exception>
    public static S3Images From(IConfiguration configuration, ILogger<S3Images> log)
    {
        var region = configuration["S3_REGION"] is { Length: > 0 } name ? name : "ap-southeast-2";
        var credentials = new BasicAWSCredentials(Required(configuration, "S3_ACCESS_KEY"), Required(configuration, "S3_SECRET_KEY"));
        return new S3Images(new AmazonS3Client(credentials, Config(region, configuration["S3_ENDPOINT"])), Required(configuration, "S3_BUCKET"), Required(configuration, "CDN_URL"), log);
    }

    /// <inheritdoc/>
    /// <exception cref="Rejection">503: the storage does not answer, or refuses. A put that got no answer may still have happened; doing it again is harmless.</exception>
    public async Task Put(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken ct)
    {
        using var body = new MemoryStream(content.ToArray(), writable: false);
        var request = new PutObjectRequest
        {
            BucketName = bucket,
            Key = ImageKey.Checked(key),
            InputStream = body,
            ContentType = contentType,
            Headers = { CacheControl = ImageStorage.Forever },
            UseChunkEncoding = false, // R2 does not read Amazon's signed chunks
        };
        await Try(key, "stored", () => s3.PutObjectAsync(request, ct), ct);
    }

    /// <inheritdoc/>
    /// <exception cref="Rejection">503: the storage does not answer, or refuses.</exception>
    public Task Delete(string key, CancellationToken ct) =>
        Try(key, "deleted", () => s3.DeleteObjectAsync(bucket, ImageKey.Checked(key), ct), ct);

    public string UrlOf(string key) => address + ImageKey.Checked(key);

    /// <inheritdoc/>
    /// <exception cref="Rejection">503: the storage does not answer, or refuses.</exception>
    public async IAsyncEnumerable<StoredPicture> List(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix };
        do
        {
            var page = await Try(prefix, "listed", () => s3.ListObjectsV2Async(request, ct), ct);
            foreach (var found in page.S3Objects ?? [])
                if (ImageKey.IsOne(found.Key) && found.LastModified is { } at) yield return new StoredPicture(found.Key, new DateTimeOffset(at.ToUniversalTime()));
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        } while (request.ContinuationToken is not null);
    }

    public void Dispose() => s3.Dispose();

    private async Task<T> Try<T>(string key, string done, Func<Task<T>> call, CancellationToken ct)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is not ArgumentException && !ct.IsCancellationRequested)
        {
            log.LogError(e, "Picture {Key} was not {Done} in S3", key, done);
            throw Rejection.Unavailable($"The picture could not be {done}");
        }
    }

    private static AmazonS3Config Config(string region, string? endpoint)
    {
        var config = new AmazonS3Config
        {
            // A picture of some 300 kB takes well under a second. Three tries of 5 s, with the SDK's growing pauses between, stay inside a client's patience.
            Timeout = TimeSpan.FromSeconds(5),
            ConnectTimeout = TimeSpan.FromSeconds(2),
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = 2,
            // Checksums beyond the signature's own hash of the body are Amazon's only: R2 and test servers refuse them.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (endpoint is { Length: > 0 })
        {
            config.ServiceURL = endpoint;
            config.AuthenticationRegion = region;
            config.ForcePathStyle = true;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }
        return config;
    }

    private static string Required(IConfiguration configuration, string name) =>
        configuration[name] is { Length: > 0 } value ? value : throw new InvalidOperationException($"{name} is not set; pictures in S3 need it. Without S3_BUCKET they go to a local folder.");
}
