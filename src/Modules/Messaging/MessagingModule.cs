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

namespace KiwiCar.Messaging;

/// <summary>Conversations of buyers and sellers: a stream each.</summary>
public sealed class MessagingModule : IModule
{
    public string Tables => Resource.Text(typeof(MessagingModule), "Tables.sql");

    public IEnumerable<JsonTypeInfo> Events => [ConversationEventsJson.Default.ConversationStarted, ConversationEventsJson.Default.MessageSent, ConversationEventsJson.Default.MessagesRead];

    public IEnumerable<JsonSerializerContext> Json => [MessagingJson.Default];

    public IEnumerable<MailTemplate> Mails => [WhenMessageSent.Kind];

    public IEnumerable<Limit> Limits => [SendMessage.Limit];

    public IEnumerable<Projection> Projections => [ConversationsProjection.Definition];

    public void Services(IServiceCollection services, IConfiguration settings)
    {
        services.AddSingleton<Blocks>();
        services.AddSingleton<WhenMessageSent>();
        services.AddSingleton<IMailFinisher>(s => s.GetRequiredService<WhenMessageSent>());
        services.AddSingleton<IDumpTable, MovedMessages>();
    }

    public void Work(IServiceCollection services) => services.AddHostedService(s => s.GetRequiredService<Blocks>());

    public IEnumerable<Job> Jobs(IServiceProvider services) => [Blocks.Cleaning(services.GetRequiredService<Database>(), services.GetRequiredService<TimeProvider>())];

    public IEnumerable<Reaction> Reactions(IServiceProvider services) => [services.GetRequiredService<WhenMessageSent>().Reaction, WhenAccountClosed.Reaction];

    public void Routes(IEndpointRouteBuilder routes)
    {
        var messages = routes.MapGroup("/api/messages").WithTags("Messages").RequireAuthorization();
        messages.MapPost("/", SendMessage.Handle).WithName("SendMessage").WithSummary("Write to the seller of an advert, or answer who has written").Takes<SendMessage.Request>()
            .RequireAuthorization(AccountPolicies.VerifiedEmail).Limited(SendMessage.Limit).Refuses(400, 401, 403, 404, 409, 413, 415, 422);
        messages.MapGet("/conversations", GetConversations.Handle).WithName("GetConversations").WithSummary("One's conversations, the latest message first").Refuses(400, 401)
            .Asks("before", "The nextCursor of the page before").AsksNumber("limit", "1 to 100 (default)");
        messages.MapGet("/conversations/{id:uuid}", GetConversation.Handle).WithName("GetConversation").WithSummary("Its messages, the newest first, and what has changed in the advert").Refuses(400, 401, 404)
            .Asks("before", "The nextCursor of the page before").AsksNumber("limit", "1 to 100, default 50");
        messages.MapPut("/conversations/{id:uuid}/read", MarkRead.Handle).WithName("MarkRead").WithSummary("All is read, or all up to a message").Takes<MarkRead.Request>().Refuses(400, 401, 404, 409, 413, 415);
        messages.MapGet("/unread-count", GetUnreadCount.Handle).WithName("GetUnreadCount").Refuses(401);
        messages.MapGet("/blocks", GetBlocks.Handle).WithName("GetBlocks").WithSummary("Whom one takes no messages from").Refuses(401);
        messages.MapPut("/blocks/{userId:uuid}", BlockMember.Handle).WithName("BlockMember").WithSummary("Take no more messages from somebody").Refuses(400, 401, 404);
        messages.MapDelete("/blocks/{userId:uuid}", UnblockMember.Handle).WithName("UnblockMember").Refuses(401);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SendMessage.Request), TypeInfoPropertyName = "SendMessageRequest")]
[JsonSerializable(typeof(SendMessage.Response), TypeInfoPropertyName = "SendMessageResponse")]
[JsonSerializable(typeof(GetConversations.Response), TypeInfoPropertyName = "GetConversationsResponse")]
[JsonSerializable(typeof(GetConversations.Advert), TypeInfoPropertyName = "GetConversationsAdvert")]
[JsonSerializable(typeof(GetConversation.Response), TypeInfoPropertyName = "GetConversationResponse")]
[JsonSerializable(typeof(GetConversation.Advert), TypeInfoPropertyName = "GetConversationAdvert")]
[JsonSerializable(typeof(MarkRead.Request), TypeInfoPropertyName = "MarkReadRequest")]
[JsonSerializable(typeof(MarkRead.Response), TypeInfoPropertyName = "MarkReadResponse")]
[JsonSerializable(typeof(GetUnreadCount.Response), TypeInfoPropertyName = "GetUnreadCountResponse")]
[JsonSerializable(typeof(DataList<GetBlocks.Blocked>))]
internal sealed partial class MessagingJson : JsonSerializerContext;
