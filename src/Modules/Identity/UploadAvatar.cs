using KiwiCar.BuildingBlocks.Pictures;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Identity;

/// <summary>A picture of oneself: one file in the field <c>avatar</c>, made square. The one before goes.</summary>
internal static class UploadAvatar
{
    public sealed record Response(string AvatarUrl);

    private static readonly PhotoForm Form = new("avatar", most: 1);
    private static readonly PictureSize[] Sizes = [new(512, 512, Exactly: true, Quality: 80)];

    public static async Task<Ok<Response>> Handle(
        HttpRequest request, CurrentUser user, Vips vips, Avatars avatars, UserCards cards, Database database, TimeProvider clock, ILogger<Avatars> log, CancellationToken ct)
    {
        var picture = await Convert(request, vips, ct);
        var key = Avatars.NewKey();
        await avatars.Put(key, picture.Content, ct);
        var before = await Replace(user.Id, key, avatars, database, clock, ct);
        cards.Forget(user.Id);
        if (before is not null) await Forget(before, avatars, log);
        return TypedResults.Ok(new Response(avatars.UrlOf(key)!));
    }

    private static async Task<Picture> Convert(HttpRequest request, Vips vips, CancellationToken ct)
    {
        using var place = vips.Begin();
        await Form.Read(request, place, ct);
        try
        {
            return (await vips.Convert(place, "0", Header(place), Sizes, ct) ?? throw Bad("could not be processed: the file is damaged, or needs too much memory"))[0];
        }
        catch (TimeoutException)
        {
            throw Bad("could not be processed: it took too long");
        }
    }

    private static ImageHeader Header(Workplace place)
    {
        using var file = File.OpenRead(place.File("0"));
        return ImageHeader.TryRead(file, out var header, out var problem) ? header : throw Bad(problem);
    }

    /// <returns>The key of the picture before.</returns>
    private static async Task<string?> Replace(Guid user, string key, Avatars avatars, Database database, TimeProvider clock, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        var before = await db.Begin<Row>("SELECT avatarUrl FROM users WHERE id = @user AND closedAt IS NULL FOR UPDATE", new { user }, ct);
        if (before is null)
        {
            await avatars.Delete(key, ct); // closed meanwhile: nothing of the person may stay
            throw Account.Gone();
        }
        await db.Execute("UPDATE users SET avatarUrl = @key, updatedAt = @now WHERE id = @user", new { user, key, now = clock.GetUtcNow() }, ct);
        await db.Commit(ct);
        return before.AvatarUrl;
    }

    private static async Task Forget(string key, Avatars avatars, ILogger log)
    {
        try { await avatars.Delete(key, CancellationToken.None); }
        catch (Exception e) { log.LogWarning("The picture {Key} stays behind: {Reason}", key, e.Message); } // nobody shows it any more
    }

    private static Rejection Bad(string message) => Rejection.Invalid([Form.Problem(0, message)]);

    private sealed record Row(string? AvatarUrl);
}
