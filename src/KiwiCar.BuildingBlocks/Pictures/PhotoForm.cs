using System.Buffers;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace KiwiCar.BuildingBlocks.Pictures;

/// <summary>
/// The <c>multipart/form-data</c> of an upload, written to files as it arrives. The client's file names and Content-Types are not looked at.
/// </summary>
/// <param name="field">The one field it has.</param>
/// <param name="most">How many photos it may hold, at least one.</param>
public sealed class PhotoForm(string field, int most)
{

    /// <summary>Of one photo, in bytes: 10 MB, counted so that nobody's idea of a megabyte is refused.</summary>
    public const int LargestPhoto = 10 * 1024 * 1024;

    private readonly long largestBody = (long)most * LargestPhoto + 64 * 1024; // and what stands between the photos

    private const int BufferSize = 64 * 1024;

    // Below this a client only holds a place that others wait for. Bytes a second; 64 kbit/s is slower than any mobile network.
    private static readonly MinDataRate SlowestClient = new(8_000, gracePeriod: TimeSpan.FromSeconds(10));

    /// <summary>Writes the photos into the workplace as files named <c>0</c>, <c>1</c> … in the order of the form.</summary>
    /// <returns>Their number.</returns>
    /// <exception cref="Rejection">400, 413 or 415: not such a form.</exception>
    public async Task<int> Read(HttpRequest request, Workplace place, CancellationToken ct)
    {
        SetLimits(request);
        var reader = new MultipartReader(Boundary(request), request.Body, BufferSize);
        for (var count = 0; ; count++)
        {
            if (await Parse(() => reader.ReadNextSectionAsync(ct)) is not { } part) return count > 0 ? count : throw Bad("required", most == 1 ? "must have a photo" : $"must have 1 to {most} photos");
            if (!IsPhoto(part)) throw Bad("invalid", "is the only field that is taken here");
            if (count == most) throw Bad("too_big", most == 1 ? "must have one photo only" : $"must have at most {most} photos");
            await Save(part.Body, place.File($"{count}"), count, ct);
        }
    }

    // Other endpoints allow much less. Servers of tests may have neither feature; the counts below hold everywhere.
    private void SetLimits(HttpRequest request)
    {
        var features = request.HttpContext.Features;
        if (features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = largestBody;
        // HTTP/2 has one rate for the whole connection, and refuses another.
        if (HttpProtocol.IsHttp11(request.Protocol) && features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = SlowestClient;
    }

    private string Boundary(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            throw Rejection.UnsupportedMediaType($"Send the photos as multipart/form-data, in a field named {field}");
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        return boundary.Length is > 0 and <= 70 ? boundary : throw Rejection.BadRequest("The Content-Type names no valid multipart boundary");
    }

    private bool IsPhoto(MultipartSection part) =>
        ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition)
        && disposition.DispositionType == "form-data" && HeaderUtilities.RemoveQuotes(disposition.Name) == field;

    private async Task Save(Stream photo, string path, int index, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            for (int read; (read = await Parse(() => photo.ReadAsync(buffer.AsMemory(0, BufferSize), ct).AsTask())) > 0;)
            {
                if (file.Position + read > LargestPhoto) throw TooLarge(index);
                await file.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException and not BadHttpRequestException)
        {
            throw Rejection.Unavailable("Photos cannot be taken at present", retryAfter: 60); // our disk is full, not the client's fault
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // What the reader finds wrong with the form is the client's fault; a body that is too large or too slow keeps its own status.
    private static async Task<T> Parse<T>(Func<Task<T>> step)
    {
        try { return await step(); }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw Rejection.BadRequest("The request is not valid multipart/form-data, or ends too early");
        }
    }

    private Rejection Bad(string code, string message) => Rejection.Invalid([new FieldProblem(field, code, message)]);

    /// <summary>What is wrong with one of the photos.</summary>
    public FieldProblem Problem(int index, string message, string code = "invalid") => new(most == 1 ? field : $"{field}.{index}", code, message);

    private Rejection TooLarge(int index) => new(StatusCodes.Status413PayloadTooLarge, "PAYLOAD_TOO_LARGE",
        "A photo is too large", [Problem(index, $"must have at most {LargestPhoto / (1024 * 1024)} MB", "too_big")]);
}
