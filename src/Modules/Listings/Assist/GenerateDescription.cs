using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http;

namespace KiwiCar.Listings.Assist;

/// <summary>A text for an advert, made of what its seller says of the car. It is not kept: send it as <c>aiDescription</c>, or edit it into the description.</summary>
internal static partial class GenerateDescription
{
    /// <param name="FuelType">As adverts write it, or as people do: <c>Petrol</c>. The same with <paramref name="Transmission"/>.</param>
    /// <param name="ImageUrls">Photos uploaded here, by address or id. Nothing is fetched, and nothing of them is passed on.</param>
    /// <param name="Features">Equipment and other facts, each a few words.</param>
    public sealed record Request(
        string Make, string Model, int Year, int Mileage, string? FuelType, string? Transmission, string? Color, string? BodyType, int? EngineCc, string? Region,
        DateOnly? WofExpiry, DateOnly? RegoExpiry, int? Owners, bool? ServiceHistory, IReadOnlyList<string>? Features, IReadOnlyList<string>? ImageUrls);

    /// <param name="Source"><c>ai</c>, or <c>template</c> where none is configured or it failed.</param>
    public sealed record Response(string Description, string Source);

    private const int MostFeatures = 20, LongestFeature = 60, LongestAddress = 500;

    public static CarFacts Validate(Input body, DateTimeOffset now, IImageStorage images)
    {
        var facts = new CarFacts(
            Line(body, "make"), Line(body, "model"), body.Year(now), body.Mileage(), Name<FuelType>(body, "fuelType"), Name<Transmission>(body, "transmission"),
            MayLine(body, "color"), MayLine(body, "bodyType"), body.Has("engineCc") ? body.Whole("engineCc", 1, 20_000) : null, MayLine(body, "region"),
            MayDay(body, "wofExpiry"), MayDay(body, "regoExpiry"), body.Has("owners") ? body.Whole("owners", 1, 50) : null, body.Has("serviceHistory") ? body.Flag("serviceHistory") : null,
            body.Has("features") ? body.Texts("features", MostFeatures, LongestFeature, OneLine(), OneLineMeans) : []);
        foreach (var (i, image) in (body.Has("imageUrls") ? body.Texts("imageUrls", Fields.MostPhotos, LongestAddress) : []).Index())
            if (!IsOurs(image, images)) body.Problem($"imageUrls.{i}", "must be the address or the id of a photo uploaded here");
        return facts;
    }

    public static async Task<Ok<Response>> Handle(
        Input body, CurrentUser user, Descriptions descriptions, DescriptionQuota quota, IImageStorage images, TimeProvider clock, CancellationToken ct)
    {
        var facts = body.Read(b => Validate(b, clock.GetUtcNow(), images));
        var day = await quota.Take(user.Id, ct);
        try
        {
            var written = await descriptions.Write(facts, ct);
            if (written.FellBack) await quota.GiveBack(user.Id, day);
            return TypedResults.Ok(new Response(written.Text, written.Source));
        }
        catch (OperationCanceledException)
        {
            await quota.GiveBack(user.Id, day); // nobody has read it
            throw;
        }
    }

    private const string OneLineMeans = "must be one line of plain text";

    private static string Line(Input body, string field) => body.Text(field, 1, 50, OneLine(), OneLineMeans);

    private static string? MayLine(Input body, string field) => body.Has(field) && !body.IsNull(field) ? Line(body, field) : null;

    private static DateOnly? MayDay(Input body, string field) => body.Has(field) && !body.IsNull(field) ? body.Day(field) : null;

    // As vehicle lookups answer it, too: Petrol.
    private static T? Name<T>(Input body, string field) where T : struct, Enum
    {
        if (!body.Has(field) || body.IsNull(field)) return null;
        var text = body.Text(field, 1, 50);
        if (Enum.GetNames<T>().FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name) return Enum.Parse<T>(name);
        if (text.Length > 0) body.Problem(field, $"must be one of {string.Join(", ", Enum.GetNames<T>())}");
        return null;
    }

    private static bool IsOurs(string image, IImageStorage images)
    {
        if (Guid.TryParseExact(image, "D", out _)) return true;
        var file = image[(image.LastIndexOf('/') + 1)..];
        return file.Length >= 36 && Guid.TryParseExact(file.AsSpan(0, 36), "D", out var id)
            && (image == images.UrlOf(PhotoKeys.Full(id)) || image == images.UrlOf(PhotoKeys.Thumb(id)));
    }

    [GeneratedRegex(@"\A[^\p{Cc}\p{Cf}\u2028\u2029]*[\p{L}\p{N}\p{P}\p{S}][^\p{Cc}\p{Cf}\u2028\u2029]*\z", RegexOptions.None, 100)]
    private static partial Regex OneLine();
}
