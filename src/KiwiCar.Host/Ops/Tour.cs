using System.CommandLine;
using KiwiCar.Host.Ops.Stories;
using Spectre.Console;

namespace KiwiCar.Host.Ops;

/// <summary>
/// <c>kiwicar tour</c>: what the product does, played over HTTP against a running API, told and checked step by step. A story is a file in
/// <c>Stories/</c> and a line here.
/// </summary>
internal static class Tour
{
    private static readonly (string Name, Func<Narrator, Task> Play)[] Stories =
    [
        ("listing-to-alert", ListingToAlert.Play),
        ("buyer-and-seller-talk", BuyerAndSellerTalk.Play),
        ("account", Account.Play),
        ("plate-to-price", PlateToPrice.Play),
    ];

    public static Command Command()
    {
        var api = new Option<string?>("--api") { Description = "Where the API is; otherwise API_URL, or localhost and PORT (3000)", HelpName = "URL" };
        var names = new Argument<string[]>("story") { Description = $"Which to play; without, all of them: {string.Join(", ", Stories.Select(s => s.Name))}", Arity = ArgumentArity.ZeroOrMore, HelpName = "story" };
        names.AcceptOnlyFromAmong([.. Stories.Select(s => s.Name)]);
        var command = new Command("tour", "Plays what the product does against a running API in Development and tells it, with the time of each request.\n"
            + "Leaves a sold and an open advert and six accounts behind; another is closed again. Forgets how often this machine has registered and signed in before. Ends with 1 when a step is not as told.") { names, api };
        command.SetAction((parse, ct) => Run(AddressOf(parse.GetValue(api)), parse.GetValue(names) is { Length: > 0 } chosen ? chosen : [.. Stories.Select(s => s.Name)], ct));
        return command;
    }

    private static async Task<int> Run(Uri api, string[] names, CancellationToken ct)
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) (console.Profile.Width, console.Profile.Capabilities.Ansi) = (120, false);
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = api, Timeout = TimeSpan.FromSeconds(30) };
        var narrator = new Narrator(http, console, ct);
        try
        {
            using (await http.GetAsync("/health/live", ct)) { } // is anybody there, before the first word
            foreach (var (_, play) in Stories.Where(s => names.Contains(s.Name, StringComparer.Ordinal)))
            {
                using (await http.DeleteAsync("/dev/limits", ct)) { } // three people may register from one address in an hour
                await play(narrator);
            }
        }
        catch (StoryBrokenException) { } // told where it broke
        catch (Exception e) when (e is HttpRequestException || e is TaskCanceledException && !ct.IsCancellationRequested)
        {
            throw new InvalidOperationException($"No answer from {api.GetLeftPart(UriPartial.Authority)} ({e.Message}). Start the API with `./dev run`, or say where it is with --api URL.", e);
        }
        return narrator.End();
    }

    private static Uri AddressOf(string? given)
    {
        var address = new[] { given, Environment.GetEnvironmentVariable("API_URL") }.FirstOrDefault(a => !string.IsNullOrEmpty(a))
            ?? $"http://localhost:{(Environment.GetEnvironmentVariable("PORT") is { Length: > 0 } port ? port : "3000")}";
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri : throw new InvalidOperationException($"'{address}' is no address of an API; it should look like http://localhost:3000");
    }
}
