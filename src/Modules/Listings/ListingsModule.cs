using System.CommandLine;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Jobs;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Identity.Contracts;
using KiwiCar.Listings.Assist;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;
using KiwiCar.Listings.Import;
using KiwiCar.Listings.Pricing;
using KiwiCar.Listings.Search;
using KiwiCar.Listings.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Listings;

/// <summary>Adverts of cars: their events, their tables, the search.</summary>
public sealed class ListingsModule : IModule
{
    public string Tables => Resource.Text(typeof(ListingsModule), "Tables.sql");

    public IEnumerable<JsonTypeInfo> Events =>
    [
        ListingEventsJson.Default.DraftSaved, ListingEventsJson.Default.DraftDiscarded, ListingEventsJson.Default.ListingCreated, ListingEventsJson.Default.DetailsEdited, ListingEventsJson.Default.MileageCorrected, ListingEventsJson.Default.PriceChanged,
        ListingEventsJson.Default.Sold, ListingEventsJson.Default.Removed, ListingEventsJson.Default.Relisted, ListingEventsJson.Default.SellerLeft,
    ];

    public IEnumerable<JsonSerializerContext> Json => [ListingsJson.Default, ImagesJson.Default, AssistJson.Default];

    public IEnumerable<Reaction> Reactions(IServiceProvider services) => [services.GetRequiredService<WhenAccountClosed>().Reaction];

    public IEnumerable<Projection> Projections => [ListingsProjection.Definition];

    public IEnumerable<Limit> Limits => [UploadImages.Limit];

    public void Services(IServiceCollection services, IConfiguration settings)
    {
        services.AddSingleton<ListingIndex>();
        services.AddSingleton<Covers>();
        services.AddSingleton<ListingVersions>();
        services.AddSingleton<ListingPages>();
        services.AddSingleton<ListingIndexFeed>();
        services.AddSingleton<IListingCards, ListingCards>();
        services.AddSingleton<IListingHistory, ListingHistory>();
        services.AddSingleton<WhenAccountClosed>();
        services.AddSingleton<IPictureOwner, PhotoOwner>();
        services.AddSingleton<SweepPictures>();
        services.AddSingleton<SweepOrphans>();
        services.AddSingleton<ArchiveListings>();
        services.AddSingleton(UploadLimits.Read(settings)); // here, so that a bad one stops the start
        services.AddSingleton<UploadQuota>();
        services.AddSingleton<ListingEstimates>();
        services.AddSingleton<Prices>();
        services.AddSingleton<TemplateWriter>();
        var (most, writer) = (DescriptionQuota.Read(settings), Writer(settings));
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<DescriptionQuota>(s, most));
        services.AddSingleton(s => new Descriptions(writer, s.GetRequiredService<TemplateWriter>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<Descriptions>>()));
        services.AddSingleton<CountViews>();
        services.AddSingleton<FlushViews>();
    }

    public void Work(IServiceCollection services)
    {
        services.AddHostedService(s => s.GetRequiredService<ListingIndexFeed>());
        services.AddHostedService(s => s.GetRequiredService<Prices>());
        services.AddHostedService(s => s.GetRequiredService<FlushViews>());
        services.AddHostedService(s => s.GetRequiredService<CountViews>()); // stops first: what it has left is flushed yet
    }

    public IEnumerable<Job> Jobs(IServiceProvider services) => [services.GetRequiredService<SweepOrphans>().Job, services.GetRequiredService<ArchiveListings>().Job, services.GetRequiredService<DescriptionQuota>().Cleaning];

    public void Routes(IEndpointRouteBuilder routes)
    {
        var listings = routes.MapGroup("/api/listings").WithTags("Listings");
        AsksForListings(listings.MapGet("/", SearchListings.Handle).WithName("SearchListings").Refuses(400))
            .Asks("sort", "newest (default), price_asc, price_desc, mileage_asc")
            .AsksNumber("page", "From 1").AsksNumber("limit", "1 to 100, default 20");
        listings.MapGet("/my", GetMyListings.Handle).WithName("GetMyListings").WithSummary("One's own adverts in every status, the latest changed first").RequireAuthorization().Refuses(400, 401)
            .Asks("status", "ACTIVE, SOLD, REMOVED, DRAFT; one or more, comma-separated").AsksNumber("page", "From 1").AsksNumber("limit", "1 to 100, default 20");
        listings.MapGet("/drafts", GetMyListings.HandleDrafts).WithName("GetDrafts").WithSummary("One's own drafts, the latest changed first").RequireAuthorization().Refuses(400, 401)
            .AsksNumber("page", "From 1").AsksNumber("limit", "1 to 100, default 20");
        listings.MapPost("/drafts", SaveDraft.Handle).WithName("SaveDraft").WithSummary("Keep an unfinished advert; with the id of one that is there, save it again").Takes<SaveDraft.Request>()
            .RequireAuthorization().Refuses(400, 401, 404, 409, 413, 415);
        AsksForListings(routes.MapGet("/api/filters/options", GetFilterOptions.Handle).WithName("GetFilterOptions").WithTags("Listings").Refuses(400));
        listings.MapGet("/{id:uuid}", GetListing.Handle).WithName("GetListing").Refuses(404);
        listings.MapGet("/{id:uuid}/price-history", GetPriceHistory.Handle).WithName("GetPriceHistory").Refuses(404);
        listings.MapGet("/{id:uuid}/similar", GetSimilarListings.Handle).WithName("GetSimilarListings").Refuses(404);
        listings.MapPost("/", CreateListing.Handle).WithName("CreateListing").Takes<CreateListing.Request>()
            .RequireAuthorization(AccountPolicies.VerifiedEmail).Refuses(400, 401, 403, 409, 413, 415, 422);
        listings.MapPut("/{id:uuid}", UpdateListing.Handle).WithName("UpdateListing").Takes<UpdateListing.Request>()
            .RequireAuthorization().Refuses(400, 401, 403, 404, 409, 412, 413, 415);
        listings.MapPut("/{id:uuid}/status", ChangeStatus.Handle).WithName("ChangeListingStatus").Takes<ChangeStatus.Request>()
            .RequireAuthorization(AccountPolicies.VerifiedEmail).Refuses(400, 401, 403, 404, 409, 412, 413, 415); // it also publishes drafts
        listings.MapDelete("/{id:uuid}", DeleteListing.Handle).WithName("DeleteListing").RequireAuthorization().Refuses(401, 403, 404, 412);

        routes.MapPost("/api/ai/generate-description", GenerateDescription.Handle).WithTags("AI").WithName("GenerateDescription")
            .WithSummary("A text for an advert that says no more than the facts given").Takes<GenerateDescription.Request>().RequireAuthorization().Refuses(400, 401, 413, 415);
        routes.MapGet("/api/ai/price-estimate", EstimatePrice.Handle).WithTags("AI").WithName("EstimatePrice").RequireAuthorization().Refuses(400, 401, 404)
            .Asks("make", "Required").Asks("model", "Required").AsksNumber("year", "Required").AsksNumber("mileage", "Required; km")
            .Asks("region", "").Asks("fuelType", "PETROL, DIESEL, HYBRID, ELECTRIC, OTHER").Asks("transmission", "AUTOMATIC, MANUAL")
            .AsksNumber("engineCc", "cm³").Asks("trim", "").Asks("bodyType", "").AsksNumber("seats", "")
            .Asks("listingId", "The car's own advert, which is then left out");

        var uploads = routes.MapGroup("/api/uploads").WithTags("Uploads").RequireAuthorization();
        uploads.MapPost("/images", UploadImages.Handle).WithName("UploadImages").Accepts<IFormFileCollection>("multipart/form-data").Limited(UploadImages.Limit).Refuses(400, 401, 409, 413, 415, 429);
        uploads.MapDelete("/images/{id:uuid}", DeleteImage.Handle).WithName("DeleteImage").WithSummary("Delete a photo of one's own; a listing that shows it keeps at least three").Refuses(401, 404, 409);
    }

    private static OpenAiWriter? Writer(IConfiguration settings)
    {
        if (settings["OPENAI_API_KEY"] is not { Length: > 0 } key) return null;
        var address = settings["OPENAI_BASE_URL"] is not { Length: > 0 } text ? null
            : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
            : throw new InvalidOperationException($"OPENAI_BASE_URL must be a web address as https://api.openai.com/v1, not '{text}'");
        return new OpenAiWriter(key, settings["OPENAI_MODEL"] is { Length: > 0 } model ? model : "gpt-4o-mini", address);
    }

    private static RouteHandlerBuilder AsksForListings(RouteHandlerBuilder route) => route
        .Asks("q", "Words in make, model, year, description; all must occur, the last may be unfinished")
        .Asks("make", "One or more, comma-separated; slug or label").Asks("model", "One or more, comma-separated; with its make (mazda-3) or without (3)")
        .AsksNumber("minPrice", "NZD").AsksNumber("maxPrice", "NZD").AsksNumber("minYear", "").AsksNumber("maxYear", "")
        .AsksNumber("minMileage", "km").AsksNumber("maxMileage", "km")
        .Asks("region", "One or more, comma-separated; slug or label").Asks("fuelType", "One or more, comma-separated: PETROL, DIESEL, HYBRID, ELECTRIC, OTHER")
        .Asks("transmission", "One or more, comma-separated: AUTOMATIC, MANUAL").Asks("bodyType", "One or more, comma-separated; slug or label")
        .Asks("color", "One or more, comma-separated; slug or label").Asks("seller", "The seller's UUID")
        .Asks("listedSince", "Published at or after: a day in New Zealand (2026-11-22) or an instant (2026-11-22T08:30:00Z)")
        .Asks("reduced", "true: only what costs less now than when it was published or last relisted")
        .Asks("ids", "Only these listings: UUIDs, comma-separated, at most 100");

    public IEnumerable<Command> Commands(Func<IServiceProvider> app) => [ImportListings.Command(app), EstimatePrices.Command()];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GenerateDescription.Request), TypeInfoPropertyName = "GenerateDescriptionRequest")]
[JsonSerializable(typeof(GenerateDescription.Response), TypeInfoPropertyName = "GenerateDescriptionResponse")]
[JsonSerializable(typeof(OpenAiWriter.Question))]
internal sealed partial class AssistJson : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(CreateListing.Request), TypeInfoPropertyName = "CreateListingRequest")]
[JsonSerializable(typeof(CreateListing.Response), TypeInfoPropertyName = "CreateListingResponse")]
[JsonSerializable(typeof(Draft))]
[JsonSerializable(typeof(SaveDraft.Request), TypeInfoPropertyName = "SaveDraftRequest")]
[JsonSerializable(typeof(SaveDraft.Response), TypeInfoPropertyName = "SaveDraftResponse")]
[JsonSerializable(typeof(GetDraft.Response), TypeInfoPropertyName = "GetDraftResponse")]
[JsonSerializable(typeof(Paged<GetMyListings.Mine>))]
[JsonSerializable(typeof(UpdateListing.Request), TypeInfoPropertyName = "UpdateListingRequest")]
[JsonSerializable(typeof(UpdateListing.Response), TypeInfoPropertyName = "UpdateListingResponse")]
[JsonSerializable(typeof(ChangeStatus.Request), TypeInfoPropertyName = "ChangeStatusRequest")]
[JsonSerializable(typeof(ChangeStatus.Response), TypeInfoPropertyName = "ChangeStatusResponse")]
[JsonSerializable(typeof(DeleteListing.Response), TypeInfoPropertyName = "DeleteListingResponse")]
[JsonSerializable(typeof(EstimatePrice.Response), TypeInfoPropertyName = "EstimatePriceResponse")]
[JsonSerializable(typeof(GetListing.Response), TypeInfoPropertyName = "GetListingResponse")]
[JsonSerializable(typeof(DataList<GetPriceHistory.Entry>))]
[JsonSerializable(typeof(Paged<SearchListings.Card>))]
[JsonSerializable(typeof(DataList<SearchListings.Card>))]
[JsonSerializable(typeof(GetFilterOptions.Response), TypeInfoPropertyName = "GetFilterOptionsResponse")]
internal sealed partial class ListingsJson : JsonSerializerContext;
