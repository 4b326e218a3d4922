using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Identity;

/// <summary>
/// Closes the account for good. One event is the whole decision; with it dies the key of what the person wrote, in the same transaction.
/// What follows in the tables, here and in other modules, follows from the event (<see cref="WhenAccountClosed"/>).
/// </summary>
internal static class CloseAccount
{
    public sealed record Request(string Password);

    public sealed record Response(string Message);

    public static Request Validate(Input body) => new(Passwords.Read(body, "password"));

    public static async Task<Ok<Response>> Handle(
        Input body, CurrentUser user, HttpResponse response, Passwords passwords, Tokens tokens, EventStore store, Progress progress, Database database, CancellationToken ct)
    {
        var request = body.Read(Validate);
        await Account.WithPassword(user, request.Password, passwords, database, ct);
        if (await store.Append("account", user.Id, expectedVersion: 0, [new AccountClosed(user.Id)], ct) is { } position)
            await progress.Reached(WhenAccountClosed.Name, position, ct);
        RefreshCookie.Clear(response, tokens.Settings);
        return TypedResults.Ok(new Response("Your account is closed. Haere rā."));
    }
}
