using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Pictures;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Listings.Images;

/// <summary>
/// Takes 1 to 10 photos, all or none: each is checked by its header, made upright and small without metadata, stored in two sizes,
/// and only then recorded. What is recorded is therefore always there; what a failure leaves in the storage is swept (SweepPictures.cs).
/// </summary>
internal static class UploadImages
{
    public sealed record Response(IReadOnlyList<Image> Images);

    /// <param name="Id">To be named in a listing's <c>images</c>.</param>
    public sealed record Image(Guid Id, string Url, string ThumbnailUrl);

    public const int MostPhotos = 10;

    public static readonly Limit Limit = new("uploads", Per.User, "60/1h");

    private static readonly PhotoForm Form = new("images", MostPhotos);
    private static readonly PictureSize[] Sizes = [new(1920, 1080, Exactly: false, Quality: 80), new(400, 300, Exactly: true, Quality: 70)];

    private sealed record Upload(Guid Id, Picture Full, Picture Thumb)
    {
        public int Bytes => Full.Content.Length + Thumb.Content.Length;
    }

    public static async Task<Ok<Response>> Handle(
        HttpRequest request, CurrentUser user, Vips vips, IImageStorage storage, Database database, UploadQuota quota, TimeProvider clock, ILogger<Vips> log, CancellationToken ct)
    {
        using var place = vips.Begin();
        var count = await Form.Read(request, place, ct);
        var headers = Validate(place, count);
        var now = clock.GetUtcNow();
        await quota.Take(user.Id, count, now, ct);
        List<Upload> uploads;
        try
        {
            var photos = await Convert(vips, place, headers, ct);
            uploads = [.. photos.Select(photo => new Upload(Guid.CreateVersion7(now), photo[0], photo[1]))];
            await Keep(uploads, user.Id, now, storage, database, quota, log, ct);
        }
        catch (Exception e) when (e is not Rejection { Status: < 500 })
        {
            await GiveBack(quota, user.Id, count, now, log);
            throw;
        }
        return TypedResults.Ok(new Response([.. uploads.Select(u => new Image(u.Id, storage.UrlOf(PhotoKeys.Full(u.Id)), storage.UrlOf(PhotoKeys.Thumb(u.Id))))]));
    }

    private static ImageHeader[] Validate(Workplace place, int count)
    {
        var (headers, problems) = (new ImageHeader[count], new List<FieldProblem>());
        for (var i = 0; i < count; i++)
        {
            using var file = File.OpenRead(place.File($"{i}"));
            if (!ImageHeader.TryRead(file, out headers[i], out var problem)) problems.Add(Form.Problem(i, problem));
        }
        return problems.Count == 0 ? headers : throw Rejection.Invalid(problems);
    }

    // Two at a time, so that one large upload takes no more than its share of the queue. Every broken photo is named, but after a time-out
    // no further one is begun: ten that hang must not take ten times as long.
    private static async Task<IReadOnlyList<Picture>[]> Convert(Vips vips, Workplace place, ImageHeader[] headers, CancellationToken ct)
    {
        var (photos, problems) = (new IReadOnlyList<Picture>[headers.Length], new FieldProblem?[headers.Length]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, headers.Length), new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = stop.Token }, async (i, token) =>
            {
                try
                {
                    if (await vips.Convert(place, $"{i}", headers[i], Sizes, token) is { } photo) photos[i] = photo;
                    else problems[i] = Form.Problem(i, "could not be processed: the file is damaged, or needs too much memory");
                }
                catch (TimeoutException)
                {
                    problems[i] = Form.Problem(i, "could not be processed: it took too long");
                    await stop.CancelAsync();
                }
            });
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested) { } // ours; the problem is noted
        return Array.TrueForAll(problems, p => p is null) ? photos : throw Rejection.Invalid([.. problems.OfType<FieldProblem>()]);
    }

    private static async Task Keep(
        List<Upload> uploads, Guid owner, DateTimeOffset now, IImageStorage storage, Database database, UploadQuota quota, ILogger log, CancellationToken ct)
    {
        var committing = false;
        try
        {
            await Store(uploads, storage, ct);
            await using var db = await database.Open(ct);
            await db.Begin(ct);
            await quota.MustFit(db, owner, uploads.Sum(u => u.Bytes), ct);
            await db.Execute("INSERT INTO uploads (id, userId, bytes, width, height, createdAt) VALUES (@Id, @owner, @Bytes, @Width, @Height, @now)",
                uploads.Select(u => new { u.Id, owner, u.Bytes, u.Full.Width, u.Full.Height, now }), ct);
            committing = true;
            await db.Commit(ct);
        }
        catch
        {
            await Undo(uploads, committing, storage, database, log);
            throw;
        }
    }

    private static Task Store(List<Upload> uploads, IImageStorage storage, CancellationToken ct)
    {
        var objects = uploads.SelectMany(u => new[] { (Key: PhotoKeys.Full(u.Id), Content: u.Full.Content), (Key: PhotoKeys.Thumb(u.Id), Content: u.Thumb.Content) });
        var options = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct };
        return Parallel.ForEachAsync(objects, options, async (o, token) => await storage.Put(o.Key, o.Content, "image/webp", token));
    }

    // As far as it goes: what stays behind has no row, so nobody can use it. The rows first, since a commit that got no answer may have
    // happened, and a row without its pictures is worse than pictures without their row.
    private static async Task Undo(List<Upload> uploads, bool maybeRecorded, IImageStorage storage, Database database, ILogger log)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            if (maybeRecorded) await Forget(uploads, database, patience.Token);
            foreach (var key in uploads.SelectMany(u => new[] { PhotoKeys.Full(u.Id), PhotoKeys.Thumb(u.Id) })) await storage.Delete(key, patience.Token);
        }
        catch (Exception e)
        {
            log.LogWarning("Pictures of a failed upload stay behind, from {Id} on: {Reason}", uploads[0].Id, e.Message);
        }
    }

    private static async Task GiveBack(UploadQuota quota, Guid user, int photos, DateTimeOffset taken, ILogger log)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try { await quota.GiveBack(user, photos, taken, patience.Token); }
        catch (Exception e) { log.LogWarning("{Photos} photos that failed stay counted for the day: {Reason}", photos, e.Message); }
    }

    private static async Task Forget(List<Upload> uploads, Database database, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        await db.Execute("DELETE FROM uploads WHERE id IN @ids", new { ids = uploads.Select(u => u.Id) }, ct);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UploadImages.Response), TypeInfoPropertyName = "UploadImagesResponse")]
[JsonSerializable(typeof(DeleteImage.Response), TypeInfoPropertyName = "DeleteImageResponse")]
internal sealed partial class ImagesJson : JsonSerializerContext;
