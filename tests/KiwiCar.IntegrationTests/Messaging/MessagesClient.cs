using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Messaging;

/// <summary>Calls to the message endpoints as tests make them.</summary>
internal static class MessagesClient
{
    private static readonly string[] Tables = ["conversations", "messages"];

    public static Task<HttpResponseMessage> Send(this Member from, Guid to, Guid listing, string content = "Is it still there?", string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/messages") { Content = JsonContent.Create(new { receiverId = to, listingId = listing, content }) };
        if (key is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return from.Http.SendAsync(request);
    }

    /// <summary>Sends a message that is taken.</summary>
    public static async Task<Sent> Write(this Member from, Guid to, Guid listing, string content = "Is it still there?") =>
        Sent.Of(await (await from.Send(to, listing, content)).Json(HttpStatusCode.Created));

    public static Task<HttpResponseMessage> Read(this Member reader, Guid conversation, Guid? upTo = null) =>
        upTo is null ? reader.Http.PutAsync($"/api/messages/conversations/{conversation}/read", null) : reader.Http.Put($"/api/messages/conversations/{conversation}/read", new { upTo });

    /// <summary>Somebody's conversations, on one page.</summary>
    public static async Task<List<JsonElement>> Conversations(this Member member) => [.. (await member.Http.GetJson("/api/messages/conversations")).GetProperty("data").EnumerateArray()];

    public static Task<JsonElement> Conversation(this Member member, Guid id, string query = "") => member.Http.GetJson($"/api/messages/conversations/{id}{query}");

    /// <summary>What was said, the newest first.</summary>
    public static async Task<List<string>> Said(this Member member, Guid conversation, string query = "") =>
        [.. (await member.Conversation(conversation, query)).GetProperty("data").EnumerateArray().Select(m => m.GetProperty("content").GetString()!)];

    public static async Task<int> Unread(this Member member) => (await member.Http.GetJson("/api/messages/unread-count")).GetProperty("count").GetInt32();

    public static Guid Id(this JsonElement thing) => thing.GetProperty("id").GetGuid();

    public static IEnumerable<string> Names(this JsonElement thing) => thing.EnumerateObject().Select(p => p.Name);

    /// <summary>Returns when every read model shows what is in the log now.</summary>
    public static async Task CaughtUp(this KiwiCarApp app)
    {
        await using var highest = app.Services.GetRequiredService<EventConnections>().Reads.CreateCommand("SELECT max(seq_id) FROM events.mt_events");
        await app.Services.GetRequiredService<Progress>().Reached((long)(await highest.ExecuteScalarAsync())!, default);
    }

    /// <summary>Builds the tables from the log again, and there must be the same rows.</summary>
    public static async Task RebuildChangesNoMessage(this KiwiCarApp app)
    {
        await app.CaughtUp();
        var live = await Dump(app);
        Assert.All(live, table => Assert.NotEmpty(table));
        await app.Rebuild("conversations");
        Assert.Equal(live, await Dump(app));
    }

    private static async Task<List<List<string>>> Dump(KiwiCarApp app)
    {
        await using var db = await app.Database.Open(default);
        var dump = new List<List<string>>();
        foreach (var table in Tables)
            dump.Add([.. (await db.Query<dynamic>($"SELECT * FROM `{table}` ORDER BY id", null, default)).Select(row => string.Join('|', ((IDictionary<string, object?>)row).Select(c => $"{c.Key}={(c.Value is DateTime t ? t.ToString("O") : c.Value)}")))]);
        return dump;
    }
}

/// <summary>A message as its sender was told of it.</summary>
internal sealed record Sent(Guid Id, Guid ConversationId, DateTimeOffset CreatedAt)
{
    public static Sent Of(JsonElement answer) => new(answer.Id(), answer.GetProperty("conversationId").GetGuid(), answer.GetProperty("createdAt").GetDateTimeOffset());
}
