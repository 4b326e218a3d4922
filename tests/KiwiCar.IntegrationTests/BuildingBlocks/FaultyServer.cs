using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>
/// Stands before an HTTP server and lets a part of the requests fail, in the ways a network and an overloaded server have: the connection
/// breaks before the request arrives, in the middle of it, or when it was done and only the answer is lost; or the answer is 500 or 503.
/// </summary>
internal sealed class FaultyServer(string target) : IAsyncDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(target) };
    private readonly Random random = new(82);
    private readonly Lock gate = new();
    private WebApplication? app;
    private int faults;

    /// <summary>The part of the requests that fail, 0 to 1.</summary>
    public double Rate { get; set; }

    public int Faults => faults;

    public string Url { get; private set; } = "";

    public async Task<FaultyServer> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(Serve);
        await app.StartAsync();
        Url = app.Urls.Single();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
        http.Dispose();
    }

    private async Task Serve(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var fault = Fault();
        if (fault is not null) Interlocked.Increment(ref faults);
        if (fault is 0) { context.Abort(); return; }
        if (fault is 1 or 2) { context.Response.StatusCode = fault is 1 ? 500 : 503; return; }
        if (fault is 3) body.SetLength(body.Length / 2);
        using var answer = await Forward(context.Request, body.ToArray());
        if (fault is not null || answer is null) { context.Abort(); return; }
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (name is not ("Transfer-Encoding" or "Connection" or "Keep-Alive")) context.Response.Headers[name] = values.ToArray();
        if (!HttpMethods.IsHead(context.Request.Method) && context.Response.StatusCode is not 204) await answer.Content.CopyToAsync(context.Response.Body);
    }

    // With the Host it was signed for. Half a body under the whole one's length and hash: the server waits for the rest, or refuses.
    private async Task<HttpResponseMessage?> Forward(HttpRequest request, byte[] body)
    {
        using var forward = new HttpRequestMessage(new HttpMethod(request.Method), request.Path.ToUriComponent() + request.QueryString.ToUriComponent());
        if (body.Length > 0) forward.Content = new ByteArrayContent(body);
        foreach (var (name, values) in request.Headers)
            if (name is not ("Content-Length" or "Connection") && !forward.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                forward.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        try { return await http.SendAsync(forward); }
        catch (HttpRequestException) { return null; }
    }

    private int? Fault()
    {
        lock (gate) return random.NextDouble() < Rate ? random.Next(5) : null;
    }
}
