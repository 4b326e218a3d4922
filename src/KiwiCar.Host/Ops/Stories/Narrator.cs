using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace KiwiCar.Host.Ops.Stories;

/// <summary>A step that the story cannot go on without was not as told; it has been told already.</summary>
internal sealed class StoryBrokenException : Exception;

/// <summary>What the API answered. <c>Json</c> is null where it is no JSON.</summary>
internal sealed record Answer(int Status, JsonNode? Json, byte[] Content, string? ContentType, string? ETag);

/// <summary>Sends a story's requests, tells them with their times, and checks what the story claims.</summary>
internal sealed partial class Narrator(HttpClient http, IAnsiConsole console, CancellationToken ct)
{
    private readonly List<(string Request, double Milliseconds)> requests = [];
    private readonly long started = TimeProvider.System.GetTimestamp();
    private int held, broken;

    public void Chapter(string title)
    {
        console.WriteLine();
        console.Write(new Rule($"[bold]{Markup.Escape(title)}[/]") { Justification = Justify.Left });
    }

    public void Tell(string sentence)
    {
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]{sentence}[/]");
    }

    public Task<Answer> Get(string path, Person? who = null, int expect = 200) => Ask(HttpMethod.Get, path, null, who, expect);

    public Task<Answer> Post(string path, JsonObject body, Person? who = null, int expect = 200) => Ask(HttpMethod.Post, path, JsonContent(body), who, expect);

    public Task<Answer> Put(string path, JsonObject body, Person who, int expect = 200, string? ifMatch = null) =>
        Ask(HttpMethod.Put, path, JsonContent(body), who, expect, ifMatch);

    /// <summary>Sends a request; where the status is not the expected one, the story ends here.</summary>
    public async Task<Answer> Ask(HttpMethod method, string path, HttpContent? content, Person? who, int expect, string? ifMatch = null)
    {
        var (answer, took) = await Send(method, path, content, who, ifMatch);
        var line = $"{method} {Readable(path)}";
        requests.Add((line, took.TotalMilliseconds));
        console.MarkupLineInterpolated($"  {answer.Status} {took.TotalMilliseconds,7:0.0} ms  [blue]{line}[/]");
        if (answer.Status == expect) return answer;
        Check($"answers {expect}", expect.ToString(CultureInfo.InvariantCulture), $"{answer.Status} {answer.Json?.ToJsonString() ?? $"({answer.Content.Length} bytes of {answer.ContentType ?? "nothing"})"}");
        throw new StoryBrokenException();
    }

    /// <summary>The same without a word: for looking again and again.</summary>
    public async Task<(Answer Answer, TimeSpan Took)> Send(HttpMethod method, string path, HttpContent? content = null, Person? who = null, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (who?.AccessToken is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (ifMatch is not null) request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(ifMatch));
        var start = TimeProvider.System.GetTimestamp();
        using var response = await http.SendAsync(request, ct);
        var bytes = await response.Content.ReadAsByteArrayAsync(ct);
        var took = TimeProvider.System.GetElapsedTime(start);
        var type = response.Content.Headers.ContentType?.MediaType;
        return (new Answer((int)response.StatusCode, JsonOf(bytes, type), bytes, type, response.Headers.ETag?.ToString()), took);
    }

    public void Check(string claim, string expected, string? came)
    {
        if (expected == came)
        {
            held++;
            console.MarkupLineInterpolated($"    [green]✓[/] {claim}");
            return;
        }
        broken++;
        console.MarkupLineInterpolated($"    [red]✗ {claim}[/]");
        console.MarkupLineInterpolated($"        expected {expected}");
        console.MarkupLineInterpolated($"        came     {came ?? "nothing"}");
    }

    public void Check(string claim, bool holds, string expected, string came) => Check(claim, expected, holds ? expected : came);

    /// <summary>Compares a part of an answer as JSON.</summary>
    public void Check(string claim, JsonNode? expected, JsonNode? came) => Check(claim, expected?.ToJsonString() ?? "nothing", came?.ToJsonString());

    /// <summary>For what the story cannot go on without.</summary>
    public void Must(string claim, [DoesNotReturnIf(false)] bool holds, string expected, string came)
    {
        Check(claim, holds, expected, came);
        if (!holds) throw new StoryBrokenException();
    }

    /// <summary>A sentence on the side, such as what an answer said.</summary>
    public void Show(string text) => console.MarkupLineInterpolated($"      [grey]{text}[/]");

    public Task Pause(TimeSpan time) => Task.Delay(time, ct);

    /// <summary>The last words, and the exit code.</summary>
    public int End()
    {
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        console.WriteLine();
        if (requests.Count > 0)
        {
            var slowest = requests.MaxBy(r => r.Milliseconds);
            console.MarkupLineInterpolated($"{requests.Count} requests in {seconds:0.0} s; the slowest: {slowest.Request}, {slowest.Milliseconds:0} ms.");
        }
        if (broken == 0) console.MarkupLineInterpolated($"[green]All {held} checks hold: the API does what was told.[/]");
        else console.MarkupLineInterpolated($"[red]{broken} of {held + broken} checks failed: not as told.[/]");
        return broken == 0 ? 0 : 1;
    }

    private static StringContent JsonContent(JsonObject body) => new(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");

    private static JsonNode? JsonOf(byte[] bytes, string? type)
    {
        if (type != "application/json" || bytes.Length == 0) return null;
        try { return JsonNode.Parse(bytes); }
        catch (JsonException) { return null; }
    }

    // Ids and tokens in an address are for machines; so is our own host.
    private string Readable(string address)
    {
        var here = http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        var path = address.StartsWith(here + "/", StringComparison.Ordinal) ? address[here.Length..] : address;
        return LongPart().Replace(path, part => $"{part.Value[..8]}…{part.Value[^4..]}");
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[A-Za-z0-9_-]{30,}", RegexOptions.NonBacktracking)]
    private static partial Regex LongPart();
}
