using System.Globalization;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Outside;

namespace KiwiCar.Identity;

/// <summary>What accounts write to their owners. The two with links wait in the outbox without them (<see cref="IMailFinisher"/>).</summary>
internal sealed class AccountMails(Settings settings, OneTimeToken tokens)
{
    public const string VerifyEmail = "verify-email", Welcome = "welcome", ResetPassword = "reset-password", PasswordChanged = "password-changed", NewSignIn = "new-sign-in";

    /// <summary>A mail whose link is made when it leaves, from the id of the request.</summary>
    public static Mail Draft(string to, string template, Guid request) => Mail.Draft(to, template, ("request", request.ToString("D")));

    // It welcomes, too: two mails at the registration would only compete. ToWelcome comes once the address is known to be theirs.
    public Mail ToVerify(Mail draft) => WithLink(draft, "verifyUrl", "verify-email", "Welcome to KiwiCar: please verify your e-mail address",
        ["Kia ora, and welcome to KiwiCar.", "Please open this link to show that this e-mail address is yours. Then you can publish adverts and write to sellers."],
        "The link works for 24 hours. If you did not register at KiwiCar, please ignore this mail.");

    public Mail ToWelcome(string to) => Mail.Of(to, Welcome, "Welcome to KiwiCar", Data(("appUrl", settings.FrontendUrl)),
        "Kia ora,", "Your e-mail address is verified. You can publish adverts now, mark cars and be told when they cost less, and write to sellers:", settings.FrontendUrl);

    public Mail ToReset(Mail draft) => WithLink(draft, "resetUrl", "reset-password", "Choose a new KiwiCar password",
        ["Kia ora,", "Somebody, you we hope, asked to choose a new password for your KiwiCar account. This link lets you:"],
        "It works once, for an hour. If it was not you, please ignore this mail: your password stays as it is.");

    public Mail ThatPasswordChanged(string to, DateTimeOffset at) => Mail.Of(to, PasswordChanged, "Your KiwiCar password was changed", Data(("changedAt", Moment(at))),
        "Kia ora,", $"The password of your KiwiCar account was changed on {Moment(at)}, and all other devices were signed out.",
        "If it was not you, choose a new one at once:", $"{settings.FrontendUrl}/forgot-password");

    public Mail ThatSomebodySignedIn(string to, string device, DateTimeOffset at) => Mail.Of(to, NewSignIn, "New sign-in to your KiwiCar account", Data(("device", device), ("signedInAt", Moment(at))),
        "Kia ora,", $"Your account was signed in to on {Moment(at)} from a device that is new to us: {device}",
        "If it was not you, choose a new password, which ends all sign-ins:", $"{settings.FrontendUrl}/forgot-password");

    private Mail WithLink(Mail draft, string name, string page, string subject, IReadOnlyList<string> before, string after)
    {
        var token = tokens.For(Guid.ParseExact(draft.Data["request"], "D"));
        var url = $"{settings.FrontendUrl}/{page}/{token}";
        return Mail.Of(draft.To, draft.Template, subject, Data((name, url), ("token", token)), [.. before, url, after]);
    }

    private static Dictionary<string, string> Data(params ReadOnlySpan<(string Name, string Value)> values)
    {
        var data = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in values) data[name] = value;
        return data;
    }

    private static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture) + " UTC";
}
