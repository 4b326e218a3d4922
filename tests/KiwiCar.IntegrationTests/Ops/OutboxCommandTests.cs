using System.Text.Json;
using KiwiCar.BuildingBlocks.Outside;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.IntegrationTests.Ops;

/// <summary><c>kiwicar outbox</c>, as a process of its own beside a running host, which sends what is to be sent.</summary>
public sealed class OutboxCommandTests(KiwiCarApp app) : IClassFixture<KiwiCarApp>, IAsyncLifetime
{
    public async Task InitializeAsync()
    {
        await using var db = await app.Database.Open(default);
        await db.Run("DELETE FROM outbox", default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task It_lists_what_has_not_left_those_that_need_somebody_first()
    {
        Assert.Equal((0, "The outbox is empty: no mail was due in the last 90 days.", ""), await Run());
        var sent = await Add("verify-email", "SENT");
        var pending = await Add("password-changed", "PENDING", "SendGrid answered 503");
        var unclear = await Add("new-sign-in", "UNCLEAR", "It may have been sent: no answer");
        var parked = await Add("password-changed", "PARKED", "SendGrid answered 400: [bold]no[/] such template");

        var (exit, output, error) = await Run();
        Assert.Equal((0, ""), (exit, error));
        var lines = output.Split('\n').Where(l => l.Contains('│', StringComparison.Ordinal)).Select(l => string.Join('|', l.Split('│').Select(c => c.Trim()))).ToList();
        Assert.Equal(["|template|state|mails|", "|new-sign-in|UNCLEAR|1|", "|password-changed|PENDING|1|", "|password-changed|PARKED|1|", "|verify-email|SENT|1|"], lines[..5]);
        Assert.Equal("|id|template|state|tries|due since (UTC)|next (UTC)|last error|", lines[5]);
        Assert.Equal([parked, unclear, pending], lines[6..].Select(l => Guid.Parse(l.Split('|')[1])));
        Assert.Matches(@"\|password-changed\|PARKED\|1\|20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\|\|SendGrid answered 400: \[bold\]no\[/\] such template\|", lines[6]);
        Assert.Matches(@"\|new-sign-in\|UNCLEAR\|1\|20[^|]+\|20[^|]+\|It may have been sent: no answer\|", lines[7]);
        Assert.DoesNotContain($"{sent}", output, StringComparison.Ordinal);
        Assert.DoesNotContain("@example.com", output, StringComparison.Ordinal); // whose they are, only `show` says

        (_, output, _) = await Run("--limit", "1");
        Assert.Contains($"{parked}", output, StringComparison.Ordinal);
        Assert.DoesNotContain($"{unclear}", output, StringComparison.Ordinal);
        Assert.EndsWith("1 of 3; --limit shows more.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_shows_one_and_what_the_provider_told_of_it()
    {
        var (parked, sent, unknown) = (await Add("password-changed", "PARKED", "SendGrid answered 400: [no]"), await Add("new-sign-in", "SENT"), Guid.NewGuid());
        await using (var db = await app.Database.Open(default))
            await db.Execute("INSERT INTO mail_events (id, mailId, event, happenedAt) VALUES ('b', @sent, 'delivered', '2026-11-20 08:00:01'), ('a', @sent, 'processed', '2026-11-20 08:00:00')", new { sent }, default);
        var (exit, output, error) = await Run("show", $"{parked}");
        Assert.Equal((0, ""), (exit, error));
        foreach (var line in new[] { "template +password-changed", "state +PARKED", "tries +1", "due since +20.+", "parked at +20.+", @"last error +SendGrid answered 400: \[no\]", "to +[0-9a-f]{32}@example.com", "subject +Kia ora" })
            Assert.Matches($"(?m)^{line} *$", output);

        (exit, output, _) = await Run("show", $"{sent}");
        Assert.Equal(0, exit);
        Assert.Matches(@"(?s)state +SENT.+sent at +20.+processed +2026-11-20 08:00:00.+delivered +2026-11-20 08:00:01", output);
        Assert.DoesNotContain("@example.com", output, StringComparison.Ordinal); // of a sent mail nothing is kept

        (exit, output, error) = await Run("show", $"{unknown}");
        Assert.Equal((1, "", $"kiwicar: There is no mail {unknown} in the outbox; `kiwicar outbox` lists those that have not left"), (exit, output, error));
    }

    [Fact]
    public async Task Retried_mails_leave_as_if_they_were_new()
    {
        var (first, second, third, sent) = (await Add("password-changed", "PARKED", "no"), await Add("new-sign-in", "UNCLEAR", "no"), await Add("password-changed", "PARKED", "no"), await Add("password-changed", "SENT"));
        await using (var db = await app.Database.Open(default)) await db.Run("UPDATE outbox SET createdAt = '2026-01-01', attempts = 30", default);
        Assert.Equal((0, "2 mails will be sent now; a running host looks twice a second.", ""), await Run("retry", $"{first}", $"{second}", $"{first}"));
        foreach (var id in new[] { first, second }) await Left(id);
        Assert.Equal("PARKED SENT", await States(third, sent));
        await using (var db = await app.Database.Open(default))
            Assert.Equal(1, await db.Single<long>("SELECT attempts FROM outbox WHERE id = @first AND createdAt > '2026-01-02'", new { first }, default)); // it has a day again, and short pauses

        var (exit, output, _) = await Run("retry", $"{third}", $"{sent}", $"{Guid.NewGuid()}");
        Assert.Equal(1, exit);
        Assert.StartsWith("1 mail will be sent now", output, StringComparison.Ordinal);
        Assert.Matches(@"2 of these ids are no mail that waits: sent, on their way, or not there\.\s+`kiwicar outbox` lists those that do\.$", output); // a long line is broken
        await Left(third);
        Assert.False(File.Exists(FileOf(sent)));
    }

    [Fact]
    public async Task All_are_those_that_are_parked_of_one_kind_or_of_every()
    {
        var (alert, message, unclear, sale) = (await Add("password-changed", "PARKED"), await Add("new-sign-in", "PARKED"), await Add("password-changed", "UNCLEAR"), await Add("welcome", "PARKED"));
        Assert.Equal((0, "1 mail will be sent now; a running host looks twice a second.", ""), await Run("retry", "--all", "--template", "password-changed"));
        await Left(alert);
        Assert.Equal("PARKED UNCLEAR PARKED", await States(message, unclear, sale));
        Assert.Equal((0, "1 mail dropped.", ""), await Run("drop", "--all", "--template", "welcome"));
        Assert.Equal("PARKED UNCLEAR -", await States(message, unclear, sale));
        Assert.Equal((0, "1 mail will be sent now; a running host looks twice a second.", ""), await Run("retry", "--all"));
        await Left(message);
        Assert.Equal((0, "0 mails will be sent now; a running host looks twice a second.", ""), await Run("retry", "--all"));
        Assert.Equal("UNCLEAR", await State(unclear));
    }

    [Fact]
    public async Task A_dropped_mail_is_gone()
    {
        var (parked, unclear, sent) = (await Add("password-changed", "PARKED"), await Add("password-changed", "UNCLEAR"), await Add("password-changed", "SENT"));
        Assert.Equal((0, "2 mails dropped.", ""), await Run("drop", $"{parked}", $"{unclear}"));
        var (exit, output, _) = await Run("drop", $"{parked}", $"{sent}");
        Assert.Equal(1, exit);
        Assert.StartsWith("0 mails dropped.", output, StringComparison.Ordinal);
        Assert.Equal("- - SENT", await States(parked, unclear, sent));
        Assert.False(File.Exists(FileOf(parked)) || File.Exists(FileOf(unclear)));
    }

    [Theory]
    [InlineData("Say which: the ids of mails, or --all.", "retry")]
    [InlineData("Say which: the ids of mails, or --all.", "drop")]
    [InlineData("Say which: the ids of mails, or --all.", "drop", "--all", "01939f00-0000-7000-8000-000000000001")]
    [InlineData("--template goes with --all.", "retry", "01939f00-0000-7000-8000-000000000001", "--template", "password-changed")]
    [InlineData("Cannot parse argument 'yesterday'", "show", "yesterday")]
    [InlineData("Required argument missing", "show")]
    public async Task What_is_called_wrongly_is_said_and_nothing_happens(string sentence, params string[] arguments)
    {
        var parked = await Add("password-changed", "PARKED");
        var (exit, _, error) = await Run(arguments);
        Assert.Equal(1, exit);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Equal("PARKED", await State(parked));
    }

    [Fact]
    public async Task Help_says_what_the_states_mean_and_what_a_retry_risks()
    {
        var (exit, output, _) = await Run("--help");
        Assert.Equal(0, exit);
        foreach (var word in new[] { "PENDING waits", "SENDING is", "UNCLEAR may", "PARKED was", "retry", "drop", "show", "--limit" }) Assert.Contains(word, output, StringComparison.Ordinal);
        (exit, output, _) = await Run("retry", "--help");
        Assert.Equal(0, exit);
        foreach (var word in new[] { "may then come twice", "--all", "--template" }) Assert.Contains(word, output, StringComparison.Ordinal);
    }

    private async Task<(int Exit, string Output, string Error)> Run(params string[] arguments)
    {
        var (exit, output, error) = await HostProcess.Run(app.Settings, ["outbox", .. arguments]);
        return (exit, output.Trim(), error.Trim());
    }

    /// <summary>A mail in a state, as if the sender had left it so.</summary>
    private async Task<Guid> Add(string template, string state, string? error = null)
    {
        var (outbox, receiver) = (app.Services.GetRequiredService<Outbox>(), $"{Guid.NewGuid():N}@example.com");
        await using var db = await app.Database.Open(default);
        await db.Begin(default);
        await outbox.Add(db, receiver, Mail.Of(receiver, template, "Kia ora", new Dictionary<string, string>(), "Kia ora."), default);
        var id = await db.Single<Guid>("SELECT id FROM outbox WHERE receiver = SHA2(@receiver, 256)", new { receiver }, default);
        await db.Execute("""
            UPDATE outbox SET state = @state, lastError = @error, attempts = 1, nextAttemptAt = nextAttemptAt + INTERVAL 1 DAY,
                sentAt = IF(@state = 'SENT', createdAt, NULL), mail = IF(@state = 'SENT', '', mail) WHERE id = @id
            """, new { state, error, id }, default);
        await db.Commit(default);
        return id;
    }

    private async Task Left(Guid id)
    {
        for (var wait = 0; wait < 100 && await State(id) != "SENT"; wait++) await Task.Delay(100);
        Assert.Equal("SENT", await State(id));
        Assert.Equal("Kia ora", JsonDocument.Parse(await File.ReadAllTextAsync(FileOf(id))).RootElement.GetProperty("subject").GetString());
    }

    private string FileOf(Guid id) => Path.Combine(app.Folder, "mail", $"{id}.json");

    /// <summary>One after the other; what is not there is a dash.</summary>
    private async Task<string> States(params Guid[] ids)
    {
        var states = new List<string>();
        foreach (var id in ids) states.Add(await State(id) ?? "-");
        return string.Join(' ', states);
    }

    private async Task<string?> State(Guid id)
    {
        await using var db = await app.Database.Open(default);
        return await db.Single<string>("SELECT state FROM outbox WHERE id = @id", new { id }, default);
    }
}
