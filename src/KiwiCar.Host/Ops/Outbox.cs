using System.CommandLine;
using System.Text.Json;
using KiwiCar.BuildingBlocks.ReadModel;
using Spectre.Console;

namespace KiwiCar.Host.Ops;

/// <summary><c>kiwicar outbox</c>: mails that are due, doubtful or given up; try them again, or drop them.</summary>
internal static class Outbox
{
    private const string Waiting = "state IN ('PARKED', 'UNCLEAR', 'PENDING')";

    public static Command Command(Func<IServiceProvider> app)
    {
        var most = new Option<int>("--limit") { Description = "How many mails to list", DefaultValueFactory = _ => 50 };
        var id = new Argument<Guid>("id") { Description = "As `kiwicar outbox` lists it" };
        var show = new Command("show", "Shows one mail, and what the provider has told of it.") { id };
        show.SetAction((parse, ct) => Show(app(), parse.GetValue(id), ct));
        var command = new Command("outbox", "Lists the mails that have not left, those that need you first, and counts all by kind and state:\n"
            + "PENDING waits for its next try; SENDING is on its way; UNCLEAR may have been sent, its provider's word is waited for;\n"
            + "PARKED was refused, given up after a day, or may have been sent and nobody will say: it stays until you retry or drop it.")
        {
            most, show,
            Change("retry", "Sends mails now: they are tried for another day. One that \"may have been sent\" may then come twice.",
                $"UPDATE outbox SET state = 'PENDING', nextAttemptAt = UTC_TIMESTAMP(3), createdAt = UTC_TIMESTAMP(3), attempts = 0 WHERE {Waiting}", "will be sent now; a running host looks twice a second", app),
            Change("drop", "Deletes mails that shall not be sent any more.", $"DELETE FROM outbox WHERE {Waiting}", "dropped", app),
        };
        command.SetAction((parse, ct) => List(app(), parse.GetValue(most), ct));
        return command;
    }

    private static Command Change(string name, string does, string sql, string done, Func<IServiceProvider> app)
    {
        var ids = new Argument<Guid[]>("id") { Description = "As `kiwicar outbox` lists them", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "All that are PARKED" };
        var template = new Option<string?>("--template") { Description = "With --all: only mails of this kind, as price-alert", HelpName = "NAME" };
        var command = new Command(name, does) { ids, all, template };
        command.Validators.Add(parse =>
        {
            if ((parse.GetValue(ids) is { Length: > 0 }) == parse.GetValue(all)) parse.AddError("Say which: the ids of mails, or --all.");
            else if (parse.GetValue(template) is not null && !parse.GetValue(all)) parse.AddError("--template goes with --all.");
        });
        command.SetAction(async (parse, ct) =>
        {
            await using var db = await app().GetRequiredService<Database>().Open(ct);
            var chosen = parse.GetValue(ids)!.Distinct().ToArray();
            var which = parse.GetValue(all) ? " AND state = 'PARKED' AND template = COALESCE(@template, template)" : " AND id IN @chosen";
            var count = await db.Execute(sql + which, new { template = parse.GetValue(template), chosen }, ct);
            AnsiConsole.WriteLine($"{count} {(count == 1 ? "mail" : "mails")} {done}.");
            if (count >= chosen.Length) return 0;
            AnsiConsole.WriteLine($"{chosen.Length - count} of these ids are no mail that waits: sent, on their way, or not there. `kiwicar outbox` lists those that do.");
            return 1;
        });
        return command;
    }

    private static async Task<int> List(IServiceProvider services, int most, CancellationToken ct)
    {
        await using var db = await services.GetRequiredService<Database>().Open(ct);
        var counts = (await db.Query<(string Template, string State, long Count)>("SELECT template, state, COUNT(*) FROM outbox GROUP BY template, state ORDER BY template, state", null, ct)).ToList();
        var rows = (await db.Query<(Guid Id, string Template, string State, int Attempts, DateTimeOffset CreatedAt, DateTimeOffset NextAttemptAt, string? LastError)>("""
            SELECT id, template, state, attempts, createdAt, nextAttemptAt, lastError FROM outbox WHERE state <> 'SENT'
            ORDER BY FIELD(state, 'PARKED', 'UNCLEAR', 'PENDING', 'SENDING'), createdAt LIMIT @most
            """, new { most }, ct)).ToList();
        if (Console.IsOutputRedirected) (AnsiConsole.Profile.Width, AnsiConsole.Profile.Capabilities.Ansi) = (250, false);
        var totals = new Spectre.Console.Table().AddColumns("template", "state", "mails");
        foreach (var (template, state, count) in counts) totals.AddRow(template, Colored(state), $"{count}");
        if (counts.Count == 0) AnsiConsole.WriteLine("The outbox is empty: no mail was due in the last 90 days.");
        else AnsiConsole.Write(totals);
        if (rows.Count == 0) return 0;
        var table = new Spectre.Console.Table().AddColumns("id", "template", "state", "tries", "due since (UTC)", "next (UTC)", "last error");
        foreach (var row in rows)
            table.AddRow($"{row.Id}", row.Template, Colored(row.State), $"{row.Attempts}", Time(row.CreatedAt), row.State == "PARKED" ? "" : Time(row.NextAttemptAt), Markup.Escape(row.LastError ?? ""));
        AnsiConsole.Write(table);
        var unsent = counts.Where(c => c.State != "SENT").Sum(c => c.Count);
        if (unsent > rows.Count) AnsiConsole.WriteLine($"{rows.Count} of {unsent}; --limit shows more.");
        return 0;
    }

    private static async Task<int> Show(IServiceProvider services, Guid id, CancellationToken ct)
    {
        await using var db = await services.GetRequiredService<Database>().Open(ct);
        var row = await db.Single<Row>("SELECT template, state, attempts, createdAt, nextAttemptAt, sentAt, lastError, mail FROM outbox WHERE id = @id", new { id }, ct)
            ?? throw new InvalidOperationException($"There is no mail {id} in the outbox; `kiwicar outbox` lists those that have not left");
        var grid = new Grid().AddColumns(2);
        void Line(string name, string? value) { if (value is { Length: > 0 }) grid.AddRow(name, Markup.Escape(value)); }
        Line("template", row.Template);
        Line("state", row.State);
        Line("tries", $"{row.Attempts}");
        Line("due since", Time(row.CreatedAt));
        Line(row.State == "SENT" ? "sent at" : row.State == "PARKED" ? "parked at" : "next", Time(row.SentAt ?? row.NextAttemptAt));
        Line("last error", row.LastError);
        if (row.Mail.Length > 0) // nothing of a sent mail is kept
        {
            using var mail = JsonDocument.Parse(row.Mail);
            Line("to", mail.RootElement.GetProperty("to").GetString());
            Line("subject", mail.RootElement.GetProperty("subject").GetString());
        }
        foreach (var (word, at) in await db.Query<(string Event, DateTimeOffset At)>("SELECT event, happenedAt FROM mail_events WHERE mailId = @id ORDER BY happenedAt, id", new { id }, ct))
            Line(word, Time(at));
        AnsiConsole.Write(grid);
        return 0;
    }

    private static string Time(DateTimeOffset at) => $"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss}";

    private static string Colored(string state) => state switch { "PARKED" => "[red]PARKED[/]", "UNCLEAR" => "[yellow]UNCLEAR[/]", _ => state };

    private sealed class Row
    {
        public string Template { get; init; } = "";
        public string State { get; init; } = "";
        public int Attempts { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset NextAttemptAt { get; init; }
        public DateTimeOffset? SentAt { get; init; }
        public string? LastError { get; init; }
        public string Mail { get; init; } = "";
    }
}
