using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks;
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

    public IEnumerable<string> Mails => [WhenPriceChanged.Template];

    public void Services(IServiceCollection services, IConfiguration settings)
    {
        services.AddSingleton<WhenPriceChanged>();
        services.AddSingleton<IFavoriteCounts, FavoriteCounts>();
        services.AddSingleton<IDumpTable, MovedFavorites>();
    }

    public IEnumerable<Reaction> Reactions(IServiceProvider services) => [services.GetRequiredService<WhenPriceChanged>().Reaction, WhenAccountClosed.Reaction];

    public void Routes(IEndpointRouteBuilder routes)
    {
        var favorites = routes.MapGroup("/api/favorites").WithTags("Favorites").RequireAuthorization();
        favorites.MapPost("/", AddFavorite.Handle).WithName("AddFavorite").Takes<AddFavorite.Request>().Refuses(400, 401, 404, 409, 413, 415);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AddFavorite.Request), TypeInfoPropertyName = "AddFavoriteRequest")]
[JsonSerializable(typeof(AddFavorite.Response), TypeInfoPropertyName = "AddFavoriteResponse")]
internal sealed partial class AlertsJson : JsonSerializerContext;
