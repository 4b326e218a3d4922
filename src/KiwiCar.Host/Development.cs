using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Host;

/// <summary>What only a developer's own machine shows.</summary>
internal static class Development
{
    public static void Map(WebApplication app)
    {
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "docs";
            ui.SwaggerEndpoint("/openapi/v1.json", "KiwiCar");
        });
        app.MapDelete("/dev/limits", async (RateLimits limits) => { await limits.Forget(); return TypedResults.NoContent(); }).WithTags("Development").WithSummary("Forgets who has used up which rate limit");
        app.MapGet("/dev/mails", (MailFolder mails, string? to) => mails.Latest(to, 100)).WithTags("Development").WithSummary("The mails of the local mail folder, newest first");
    }
}
