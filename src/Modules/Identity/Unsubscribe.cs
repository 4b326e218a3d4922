using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>
/// The link at the end of a mail, and in its List-Unsubscribe header. Mail scanners open links, so opening it only shows a page with a button; a POST,
/// which the button and mail programs send (RFC 8058), ends that kind of mail. Doing it again is harmless.
/// </summary>
internal static class Unsubscribe
{
    public static ContentHttpResult Show(string token, UnsubscribeLinks links)
    {
        var (_, kind) = links.Read(token) ?? throw Invalid();
        return Page($"""<p>You get mails about {NameOf(kind)}.</p><form method="post"><button>No more of these mails</button></form>""");
    }

    public static async Task<ContentHttpResult> Handle(string token, UnsubscribeLinks links, Database database, CancellationToken ct)
    {
        var (user, kind) = links.Read(token) ?? throw Invalid();
        await using var db = await database.Open(ct);
        // Of a person who has left there is nothing to end.
        if (await db.Single<Guid?>("SELECT id FROM users WHERE id = @user AND closedAt IS NULL", new { user }, ct) is not null)
            await NotificationPreferences.Set(user, new Dictionary<MailKind, bool> { [kind] = false }, db, ct);
        return Page($"<p>Done: no more mails about {NameOf(kind)}. You can turn them on again in your settings.</p>");
    }

    private static string NameOf(MailKind kind) => kind switch
    {
        MailKind.PriceAlerts => "prices that fall",
        MailKind.NewMessages => "new messages",
        _ => "favourites that are sold",
    };

    private static Rejection Invalid() => Rejection.BadRequest("This link is not one of ours; please copy the whole address from the mail");

    private static ContentHttpResult Page(string body) => TypedResults.Content(
        $"""<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>KiwiCar mails</title><h1>KiwiCar</h1>{body}</html>""", "text/html; charset=utf-8");
}
