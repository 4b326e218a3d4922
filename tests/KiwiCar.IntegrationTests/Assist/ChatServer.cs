using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KiwiCar.IntegrationTests.Assist;

/// <summary>A server that speaks as OpenAI's chat completions do, and writes what a test tells it.</summary>
internal sealed class ChatServer : IAsyncDisposable
{
    public const string Good = "This 2020 Toyota Corolla sedan in silver has travelled 45,000 km. It runs on petrol and has an automatic transmission.\n\nSend a message to arrange a viewing.";

    private readonly ConcurrentQueue<JsonElement> asked = new();
    private WebApplication? app;

    public string Url { get; private set; } = "";

    /// <summary>The requests' bodies, in order.</summary>
    public IReadOnlyList<JsonElement> Asked => [.. asked];

    public Func<HttpContext, Task> Answer { get; set; } = http => Write(http, Good);

    public static Task Write(HttpContext http, string? text, string? refusal = null) => http.Response.WriteAsJsonAsync(new
    {
        id = "chatcmpl-1", @object = "chat.completion", created = 1_790_000_000, model = "test",
        choices = new[] { new { index = 0, finish_reason = "stop", message = new { role = "assistant", content = text, refusal } } },
        usage = new { prompt_tokens = 1, completion_tokens = 1, total_tokens = 2 },
    });

    /// <summary>The texts of the two messages of a request.</summary>
    public static (string System, string User) Messages(JsonElement request)
    {
        var messages = request.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(["system", "user"], messages.Select(m => m.GetProperty("role").GetString()));
        return (Text(messages[0]), Text(messages[1]));

        static string Text(JsonElement message) => message.GetProperty("content") is { ValueKind: JsonValueKind.String } content ? content.GetString()!
            : message.GetProperty("content").EnumerateArray().Single().GetProperty("text").GetString()!;
    }

    public async Task<ChatServer> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(async http =>
        {
            if (http.Request.Headers.Authorization != "Bearer a-key" || http.Request.Path != "/v1/chat/completions") { http.Response.StatusCode = 401; return; }
            asked.Enqueue((await JsonDocument.ParseAsync(http.Request.Body)).RootElement);
            await Answer(http);
        });
        await app.StartAsync();
        Url = app.Urls.Single() + "/v1";
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
    }
}
