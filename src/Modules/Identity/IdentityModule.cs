using System.CommandLine;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Identity;

/// <summary>People and how they sign in. Plain rows in MySQL.</summary>
public sealed class IdentityModule : IModule
{
    public string Tables => Resource.Text(typeof(IdentityModule), "Tables.sql");

    public IEnumerable<JsonTypeInfo> Events => [AccountEventsJson.Default.AccountClosed];

    public IEnumerable<JsonSerializerContext> Json => [IdentityJson.Default];

    public IEnumerable<MailTemplate> Mails =>
        [new(AccountMails.VerifyEmail), new(AccountMails.Welcome), new(AccountMails.ResetPassword), new(AccountMails.PasswordChanged), new(AccountMails.NewSignIn)];

    public IEnumerable<Limit> Limits => Identity.Limits.All;

    public void Services(IServiceCollection services, IConfiguration settings)
    {
        services.AddSingleton(TokenSettings.Read(settings, new Settings(settings).DataFolder)); // here, so that a bad secret stops the start
        services.AddSingleton(new PasswordSettings(settings));
        services.AddSingleton<Tokens>();
        services.AddSingleton<OneTimeToken>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<EndedSessions>();
        services.AddSingleton<AccountMails>();
        services.AddSingleton<EmailVerification>();
        services.AddSingleton<IMailFinisher>(s => s.GetRequiredService<EmailVerification>());
        services.AddSingleton<IMailFinisher, PasswordResets>();
        services.AddSingleton<Avatars>();
        services.AddSingleton<IPictureOwner, AvatarOwner>();
        services.AddSingleton<WhenAccountClosed>();
        services.AddSingleton<LoginAttempts>();
        services.AddSingleton<UserCards>();
        services.AddSingleton<IUserCards>(s => s.GetRequiredService<UserCards>());
        services.AddSingleton<UnsubscribeLinks>();
        services.AddSingleton<IMailReceivers, MailReceivers>();
        services.AddSingleton<IImportedAccounts, ImportedAccounts>();
        services.AddSingleton<IDumpTable, MovedUsers>();
        services.AddSignIn();
    }

    public void Work(IServiceCollection services)
    {
        services.AddHostedService(s => s.GetRequiredService<EndedSessions>());
        services.AddHostedService(s => s.GetRequiredService<UserCards>());
    }

    public IEnumerable<Reaction> Reactions(IServiceProvider services) => [services.GetRequiredService<WhenAccountClosed>().Reaction];

    public IEnumerable<Job> Jobs(IServiceProvider services) => [CleanTokens.Job(services.GetRequiredService<Database>(), services.GetRequiredService<TimeProvider>())];

    public IEnumerable<Command> Commands(Func<IServiceProvider> app) => [Users.Command(app)];

    public void Routes(IEndpointRouteBuilder routes)
    {
        if (routes.ServiceProvider.GetRequiredService<TokenSettings>().Note is { } note)
            routes.ServiceProvider.GetRequiredService<ILogger<IdentityModule>>().LogInformation("{Note}", note);

        var auth = routes.MapGroup("/api/auth").WithTags("Authentication");
        auth.MapPost("/register", Register.Handle).WithName("Register").WithSummary("Create an account; a mail with a verification link follows").AllowAnonymous()
            .Takes<Register.Request>().Limited(Identity.Limits.Register).Refuses(400, 409, 413, 415);
        auth.MapPost("/login", Login.Handle).WithName("Login").WithSummary("Sign in; the refresh token is also set as a cookie").AllowAnonymous()
            .Takes<Login.Request>().Limited(Identity.Limits.Login).Refuses(400, 401, 413, 415);
        auth.MapPost("/refresh", Refresh.Handle).WithName("Refresh").WithSummary("New tokens for a refresh token, from the body or the cookie; the old one is used up").AllowAnonymous()
            .Takes<Refresh.Request>().Limited(Identity.Limits.Refresh).Refuses(400, 401, 403, 413, 415);
        auth.MapPost("/logout", Logout.Handle).WithName("Logout").WithSummary("End the session of a refresh token (body or cookie) or of the access token").AllowAnonymous()
            .Takes<Refresh.Request>().Refuses(400, 401, 403, 413, 415);
        auth.MapPost("/forgot-password", ForgotPassword.Handle).WithName("ForgotPassword").WithSummary("Ask for a link to choose a new password by; the answer is always the same").AllowAnonymous()
            .Takes<ForgotPassword.Request>().Limited(Identity.Limits.ForgotPasswordByIp).Refuses(400, 413, 415);
        auth.MapPost("/reset-password", ResetPassword.Handle).WithName("ResetPassword").WithSummary("Choose a new password by the mailed link; every session ends").AllowAnonymous()
            .Takes<ResetPassword.Request>().Limited(Identity.Limits.ResetPassword).Refuses(400, 413, 415);
        auth.MapGet("/verify-email/{token}", VerifyEmail.Handle).WithName("VerifyEmail").WithSummary("Verify the e-mail address by the mailed link").AllowAnonymous()
            .Refuses(400);
        auth.MapPost("/resend-verification", ResendVerification.Handle).WithName("ResendVerification").WithSummary("Send a new verification link; it replaces earlier ones").RequireAuthorization()
            .Limited(Identity.Limits.ResendVerification).Refuses(401);

        var unsubscribe = routes.MapGroup("/api/users/unsubscribe").WithTags("Users").AllowAnonymous();
        unsubscribe.MapGet("/{token}", Unsubscribe.Show).WithName("ShowUnsubscribe").WithSummary("The page behind a mail's unsubscribe link").Produces<string>(200, "text/html").Refuses(400);
        unsubscribe.MapPost("/{token}", Unsubscribe.Handle).WithName("Unsubscribe").WithSummary("One click: no more mails of the kind that the signed link names").Produces<string>(200, "text/html").Refuses(400);

        var me = routes.MapGroup("/api/users/me").WithTags("Users").RequireAuthorization();
        me.MapGet("", GetMe.Handle).WithName("GetMe").WithSummary("The signed-in person's own profile").Refuses(401);
        me.MapPut("", UpdateMe.Handle).WithName("UpdateMe").WithSummary("Change the profile; what is left out stays, null clears").Takes<UpdateMe.Request>().Refuses(400, 401, 413, 415);
        me.MapDelete("", CloseAccount.Handle).WithName("CloseAccount").WithSummary("Close the account for good; asks for the password").Takes<CloseAccount.Request>().Limited(Identity.Limits.PasswordCheck).Refuses(400, 401, 403, 413, 415);
        me.MapPut("/password", ChangePassword.Handle).WithName("ChangePassword").WithSummary("Choose a new password; all other devices are signed out").Takes<ChangePassword.Request>()
            .Limited(Identity.Limits.PasswordCheck).Refuses(400, 401, 403, 409, 413, 415);
        me.MapPost("/avatar", UploadAvatar.Handle).WithName("UploadAvatar").WithSummary("A picture of oneself: one file in the field avatar, made square").Accepts<IFormFile>("multipart/form-data")
            .Refuses(400, 401, 413, 415);
        me.MapGet("/notifications", GetNotifications.Handle).WithName("GetNotifications").WithSummary("Which mails the person wants").Refuses(401);
        me.MapPut("/notifications", UpdateNotifications.Handle).WithName("UpdateNotifications").WithSummary("Choose mails; a kind left out stays").Takes<UpdateNotifications.Request>().Refuses(400, 401, 413, 415);
        me.MapGet("/sessions", GetSessions.Handle).WithName("GetSessions").WithSummary("Where the person is signed in").Refuses(401);
        me.MapDelete("/sessions/{id:uuid}", EndSession.Handle).WithName("EndSession").WithSummary("Sign one of the person's devices out").Refuses(401, 404);
    }
}
