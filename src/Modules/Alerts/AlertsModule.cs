using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.Alerts;

/// <summary>Favourites, and the mails that follow from what happens to them.</summary>
public sealed class AlertsModule : IModule
{
    public string Tables => Resource.Text(typeof(AlertsModule), "Tables.sql");

    public IEnumerable<JsonSerializerContext> Json => [AlertsJson.Default];

    public IEnumerable<MailTemplate> Mails => [PriceAlertMail.Kind, ListingSoldMail.Kind];

    public void Services(IServiceCollection services, IConfiguration settings)
    {
        services.AddSingleton(AlertSettings.Read(settings)); // here, so that a bad one stops the start
        services.AddSingleton<IMailFinisher, PriceAlertMail>();
        services.AddSingleton<IMailFinisher, ListingSoldMail>();
        services.AddSingleton<WhenPriceChanged>();
        services.AddSingleton<WhenSold>();
        services.AddSingleton<IFavoriteCounts, FavoriteCounts>();
        services.AddSingleton<IDumpTable, MovedFavorites>();
    }

    public IEnumerable<Reaction> Reactions(IServiceProvider services) =>
        [services.GetRequiredService<WhenPriceChanged>().Reaction, services.GetRequiredService<WhenSold>().Reaction, WhenAccountClosed.Reaction];

    public void Routes(IEndpointRouteBuilder routes)
    {
        var favorites = routes.MapGroup("/api/favorites").WithTags("Favorites").RequireAuthorization();
        favorites.MapGet("/", GetFavorites.Handle).WithName("GetFavorites").WithSummary("One's favourites, the newest first, with what became of the adverts").Refuses(400, 401)
            .Asks("before", "The nextCursor of the page before").AsksNumber("limit", "1 to 100 (default)");
        favorites.MapGet("/alerts", GetFavorites.HandleAlerts).WithName("GetPriceAlerts").WithSummary("Only those with a price alert").Refuses(400, 401)
            .Asks("before", "The nextCursor of the page before").AsksNumber("limit", "1 to 100 (default)");
        favorites.MapPost("/", AddFavorite.Handle).WithName("AddFavorite").Takes<AddFavorite.Request>().Refuses(400, 401, 404, 409, 413, 415);
        favorites.MapPut("/{listingId:uuid}/alert", SetPriceAlert.Handle).WithName("SetPriceAlert").WithSummary("Mails about this favourite: at any fall, or at a target")
            .Takes<SetPriceAlert.Request>().Refuses(400, 401, 404, 413, 415);
        favorites.MapDelete("/{listingId:uuid}", RemoveFavorite.Handle).WithName("RemoveFavorite").Refuses(401, 404);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(AddFavorite.Request), TypeInfoPropertyName = "AddFavoriteRequest")]
[JsonSerializable(typeof(SetPriceAlert.Request), TypeInfoPropertyName = "SetPriceAlertRequest")]
[JsonSerializable(typeof(Favorite))]
[JsonSerializable(typeof(GetFavorites.Response), TypeInfoPropertyName = "GetFavoritesResponse")]
internal sealed partial class AlertsJson : JsonSerializerContext;
