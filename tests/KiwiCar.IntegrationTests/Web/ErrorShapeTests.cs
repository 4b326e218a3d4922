using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace KiwiCar.IntegrationTests.Web;

/// <summary>Whoever refuses a request, the answer has the one shape.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class ErrorShapeTests(KiwiCarApp app)
{
    [Fact]
    public Task An_address_that_leads_nowhere_is_404() => app.Http.GetAsync("/api/nowhere").Refused(HttpStatusCode.NotFound, "NOT_FOUND");

    [Fact]
    public Task An_id_that_is_no_uuid_is_404() => app.Http.GetAsync("/api/listings/0193").Refused(HttpStatusCode.NotFound, "NOT_FOUND");

    [Fact]
    public async Task A_method_that_is_not_taken_is_405_and_says_which_are()
    {
        using var answer = await app.Http.PatchAsync("/api/listings", null);
        Assert.Contains("GET", answer.Content.Headers.Allow);
        await Task.FromResult(answer).Refused(HttpStatusCode.MethodNotAllowed, "METHOD_NOT_ALLOWED");
    }

    [Fact]
    public Task Another_content_type_is_415() =>
        app.Http.PostAsync("/api/auth/login", new StringContent("email=a", Encoding.UTF8, "text/plain")).Refused(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE");

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("{\"email\":\"a@example.com\",\"email\":\"b@example.com\",\"password\":\"correct horse\"}")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}")]
    public Task What_is_not_a_plain_json_object_is_400(string body) => app.Http.PostAsync("/api/auth/login", Http.Raw(body)).Refused(HttpStatusCode.BadRequest, "BAD_REQUEST");

    [Fact]
    public Task A_body_over_64_kB_is_413() =>
        app.Http.PostAsync("/api/auth/login", Http.Raw("{\"email\":\"" + new string('a', 70_000) + "\"}")).Refused(HttpStatusCode.RequestEntityTooLarge, "PAYLOAD_TOO_LARGE");

    [Theory]
    [InlineData("\\u0000")]
    [InlineData("\\ud800")]
    public async Task What_no_database_keeps_is_a_broken_field(string hostile)
    {
        var error = await app.Http.PostAsync("/api/auth/register", Http.Raw($$"""{"email":"a{{hostile}}@example.com","password":"correct horse battery"}""")).Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        Assert.Equal(["email"], error.Paths());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nbroken header\r\n\r\n")]
    [InlineData("NONSENSE\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    public async Task What_is_not_http_gets_the_shape_too(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, app.Http.BaseAddress!.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(socket.GetStream());
        var answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.Equal("BAD_REQUEST", JsonDocument.Parse(body).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Health_has_the_shape_of_the_prd()
    {
        var health = await app.Http.GetJson("/health");
        Assert.Equal("healthy", health.GetProperty("status").GetString());
        foreach (var name in new[] { "database", "redis", "events" }) Assert.Equal("ok", health.GetProperty("checks").GetProperty(name).GetProperty("status").GetString());
        Assert.True(health.TryGetProperty("timestamp", out _));
    }

    [Fact]
    public async Task OpenApi_describes_every_route_with_its_answers()
    {
        var document = await app.Http.GetJson("/openapi/v1.json");
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => (Name: $"{o.Name} {p.Name}", o.Value))).ToList();
        Assert.Contains(operations, o => o.Name == "put /api/listings/{id}");
        foreach (var (name, operation) in operations.Where(o => o.Name.Contains("/api/", StringComparison.Ordinal)))
        {
            var answers = operation.GetProperty("responses").EnumerateObject().ToList();
            Assert.True(answers.Exists(a => a.Name.StartsWith('2')), $"{name} says nothing of success");
            Assert.True(answers.Exists(a => a.Name == "500"), $"{name} says nothing of failure");
            foreach (var answer in answers.Where(a => a.Name != "204")) Assert.True(answer.Value.TryGetProperty("content", out _), $"{name} {answer.Name} has no shape");
            if (name.StartsWith("put", StringComparison.Ordinal) && name != "put /api/messages/blocks/{userId}") Assert.True(operation.TryGetProperty("requestBody", out _), $"{name} takes a body that is not described");
        }
        Assert.Equal("object", document.GetProperty("components").GetProperty("schemas").GetProperty("CreateListingRequest").GetProperty("type").GetString());
    }
}
