using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Identity;

/// <summary>How often what is about accounts may be tried; the first three sizes are the PRD's.</summary>
internal static class Limits
{
    public static readonly Limit Login = new("login", Per.Ip, "5/15m") { FailuresOnly = true };

    public static readonly Limit Register = new("register", Per.Ip, "3/1h");

    /// <summary>By e-mail address: nobody's mailbox is filled.</summary>
    public static readonly Limit ForgotPassword = new("forgot-password", Per.Value, "3/1h");

    /// <summary>Besides: nobody fills many.</summary>
    public static readonly Limit ForgotPasswordByIp = new("forgot-password-ip", Per.Ip, "30/1h");

    /// <summary>By e-mail address, wherever the guesses come from; see <see cref="LoginAttempts"/>.</summary>
    public static readonly Limit LoginByAccount = new("login-account", Per.Value, "20/15m") { FailuresOnly = true };

    public static readonly Limit ResendVerification = new("resend-verification", Per.User, "3/1h");

    public static readonly Limit ResetPassword = new("reset-password", Per.Ip, "10/1h");

    /// <summary>A page that is opened anew asks each time, and a household shares its address.</summary>
    public static readonly Limit Refresh = new("refresh", Per.Ip, "60/15m");

    /// <summary>Where the password is asked for once more: whoever holds a stolen token does not get to guess it.</summary>
    public static readonly Limit PasswordCheck = new("password-check", Per.User, "5/15m") { FailuresOnly = true };

    public static IEnumerable<Limit> All => [Login, Register, ForgotPassword, ForgotPasswordByIp, LoginByAccount, ResendVerification, ResetPassword, Refresh, PasswordCheck];
}
