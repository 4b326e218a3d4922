using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace KiwiCar.IntegrationTests.Identity;

/// <summary>Calls to the account endpoints as tests make them.</summary>
internal static class AccountClient
{
    public const string Password = "correct horse battery";

    public static Task<HttpResponseMessage> Send(this KiwiCarApp app, HttpMethod method, string path, object? body = null, string? token = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return app.Http.SendAsync(request);
    }

    /// <summary>Signs in, as from a device of this name.</summary>
    public static async Task<Tokens> SignIn(this KiwiCarApp app, string email, string device = "test", string password = Password)
    {
        var login = await (await app.Send(HttpMethod.Post, "/api/auth/login", new { email, password }, null, ("User-Agent", device))).Json();
        return Tokens.Of(login);
    }

    public static Task<HttpResponseMessage> Refresh(this KiwiCarApp app, string refreshToken) => app.Send(HttpMethod.Post, "/api/auth/refresh", new { refreshToken });

    /// <summary>Whether an access token is good; what this process ends, it knows at once.</summary>
    public static async Task<bool> IsIn(this KiwiCarApp app, string accessToken) => (await app.Send(HttpMethod.Get, "/api/users/me", token: accessToken)).IsSuccessStatusCode;

    /// <summary>The token in the newest mail of a kind.</summary>
    public static async Task<string> TokenMailed(this KiwiCarApp app, string email, string template) => (await app.MailTo(email, template)).GetProperty("data").GetProperty("token").GetString()!;
}

internal sealed record Tokens(string Access, string Refresh)
{
    public static Tokens Of(JsonElement answer) => new(answer.GetProperty("accessToken").GetString()!, answer.GetProperty("refreshToken").GetString()!);
}
