using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.Identity;

/// <summary>Who is asking, from the Authorization header.</summary>
internal static class SignIn
{
    public static void AddSignIn(this IServiceCollection services)
    {
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<Tokens, EndedSessions>((bearer, tokens, ended) =>
        {
            bearer.MapInboundClaims = false;
            bearer.TokenValidationParameters = tokens.AccessRules;
            bearer.Events = new JwtBearerEvents
            {
                OnTokenValidated = context =>
                {
                    if (CurrentUser.Of(context.Principal!) is not { } user || ended.Has(user.SessionId)) context.Fail("The session has ended");
                    return Task.CompletedTask;
                },
            };
        });
        services.AddSingleton<IAuthorizationHandler, VerifiedEmail>();
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(IsGuestOrKnown).Build())
            .AddPolicy(AccountPolicies.VerifiedEmail, policy => policy.RequireAuthenticatedUser().AddRequirements(new VerifiedEmail.Requirement()));
    }

    // For routes that welcome guests: who shows something must show something good, or they would be a guest without knowing why.
    // Routes that do not care who asks, as login, say AllowAnonymous and are spared this.
    private static bool IsGuestOrKnown(AuthorizationHandlerContext context) =>
        context.User.Identity?.IsAuthenticated == true || context.Resource is not HttpContext http || http.Request.Headers.Authorization.Count == 0;
}
