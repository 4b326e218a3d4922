using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>What people may say of themselves. A field left out stays as it is, null clears it, any other field is ignored.</summary>
internal static partial class UpdateMe
{
    public sealed record Request(string? Nickname, string? Region, string? Phone, bool? ShowPhone);

    private const int LongestNickname = 50, LongestRegion = 100;

    /// <returns>The columns to set, by name.</returns>
    public static IReadOnlyDictionary<string, object?> Validate(Input body)
    {
        var changes = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (body.Has("nickname")) changes["nickname"] = Line(body, "nickname", LongestNickname);
        if (body.Has("region")) changes["region"] = Line(body, "region", LongestRegion);
        if (body.Has("phone")) changes["phone"] = PhoneNumber.Read(body, "phone");
        if (body.Has("showPhone")) changes["showPhone"] = body.Flag("showPhone");
        return changes;
    }

    public static async Task<Ok<GetMe.Response>> Handle(Input body, CurrentUser user, Avatars avatars, UserCards cards, Database database, TimeProvider clock, CancellationToken ct)
    {
        var changes = body.Read(Validate);
        await using var db = await database.Open(ct);
        if (changes.Count > 0)
        {
            var set = string.Join(", ", changes.Keys.Select(column => $"{column} = @{column}"));
            await db.Execute($"UPDATE users SET {set}, updatedAt = @now WHERE id = @id AND closedAt IS NULL",
                new Dictionary<string, object?>(changes, StringComparer.Ordinal) { ["now"] = clock.GetUtcNow(), ["id"] = user.Id }, ct);
            cards.Forget(user.Id);
        }
        return TypedResults.Ok(await GetMe.Read(user.Id, db, avatars, ct));
    }

    // One line of text: nobody's name breaks a list, a log or a mail.
    private static string? Line(Input body, string field, int most) =>
        body.IsNull(field) ? null : body.Text(field, 1, most, OneLine, "must be one line of text, with at least one letter or digit");

    [GeneratedRegex(@"\A[^\p{Cc}\p{Cf}\u2028\u2029]*[\p{L}\p{N}][^\p{Cc}\p{Cf}\u2028\u2029]*\z", RegexOptions.NonBacktracking)]
    private static partial Regex OneLine { get; }
}
