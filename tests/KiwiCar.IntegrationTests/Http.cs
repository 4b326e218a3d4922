using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace KiwiCar.IntegrationTests;

/// <summary>Answers as tests look at them.</summary>
internal static class Http
{
    public static async Task<JsonElement> Json(this HttpResponseMessage answer, HttpStatusCode expected = HttpStatusCode.OK)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == expected, $"{(int)answer.StatusCode} instead of {(int)expected}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public static async Task<JsonElement> GetJson(this HttpClient http, string path) => await (await http.GetAsync(path)).Json();

    /// <summary>A refusal in the PRD's shape, with this status and code.</summary>
    public static async Task<JsonElement> Refused(this Task<HttpResponseMessage> answer, HttpStatusCode status, string code)
    {
        using var response = await answer;
        var error = (await response.Json(status)).GetProperty("error");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        return error;
    }

    /// <summary>The paths of the broken fields, in the order told.</summary>
    public static IEnumerable<string> Paths(this JsonElement error) => error.GetProperty("details").EnumerateArray().Select(d => d.GetProperty("path").GetString()!);

    public static Task<HttpResponseMessage> Put(this HttpClient http, string path, object body, string? ifMatch = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = JsonContent.Create(body) };
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return http.SendAsync(request);
    }

    public static StringContent Raw(string json) => new(json, System.Text.Encoding.UTF8, "application/json");
}
