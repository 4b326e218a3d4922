using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;
using KiwiCar.Host;
using KiwiCar.IntegrationTests.Listings;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>The outbox before SendGrid's door: what becomes of a mail, by what its provider did with it. The clock stands still until a test moves it.</summary>
public sealed class OutboxSenderTests(ITestOutputHelper output) : IAsyncLifetime
{
    // What goes wrong after the request has left: nobody knows then whether the mail was taken.
    private static readonly MailFault[] Unclear = [MailFault.Hangs, MailFault.ResetBefore, MailFault.ResetAfter, MailFault.TooLate];

    private static readonly TimeSpan Settle = TimeSpan.FromMinutes(10), Patience = TimeSpan.FromSeconds(2), Second = TimeSpan.FromSeconds(1), Day = TimeSpan.FromDays(1);

    private readonly TestClock clock = new(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
    private readonly SendGridServer server = new();
    private readonly List<OutboxSender> senders = [];
    private Database database = null!;
    private Outbox outbox = null!;
    private HttpClient http = null!;

    public async Task InitializeAsync()
    {
        await server.Start();
        http = new HttpClient { BaseAddress = new Uri(server.Url), Timeout = Patience };
        database = new Database(await Servers.NewDatabase());
        await database.Prepare([], default);
        outbox = new Outbox(clock, Modules.All);
    }

    public async Task DisposeAsync()
    {
        foreach (var sender in senders) await Stop(sender);
        await database.DisposeAsync();
        http.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task What_may_pass_is_tried_again_and_what_is_refused_is_parked_at_once()
    {
        server.Script(MailFault.Busy, MailFault.Unavailable, MailFault.None, MailFault.Invalid);
        await Start();
        var taken = await Add("price-alert");
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            var row = await Until(taken, r => r.State == "PENDING" && r.Attempts == attempt);
            Assert.StartsWith(attempt == 1 ? "SendGrid answered 429" : "SendGrid answered 503", row.LastError, StringComparison.Ordinal);
            Move(row.NextAttemptAt - clock.Now);
        }
        var sent = await Until(taken, "SENT");
        Assert.Equal((3, "", null, clock.Now), (sent.Attempts, sent.Mail, sent.LastError, sent.SentAt)); // nothing of it is kept

        var refused = await Until(await Add("price-alert"), "PARKED");
        Assert.StartsWith("SendGrid answered 400", refused.LastError, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Mail); // to be retried
        Move(Day);
        await Looks();
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task The_same_cause_is_the_same_mail()
    {
        await Start();
        var id = await Add("price-alert", cause: "one cause");
        await Until(id, "SENT");
        Assert.Equal(id, await Add("price-alert", cause: "one cause"));
        await Looks();
        Assert.Equal(1, server.Count(id));
    }

    [Theory]
    [InlineData(MailFault.Busy, 120, 120, 120)]
    [InlineData(MailFault.Busy, 86_400, 3_600, 3_600)]
    [InlineData(MailFault.BusyUntil, 120, 100, 120)] // by the wall's clock, in whole seconds
    [InlineData(MailFault.BusyUntil, 86_400, 3_600, 3_600)]
    [InlineData(MailFault.BusyUntil, -120, 0, 0)]
    public async Task The_provider_says_when_and_is_believed_for_an_hour(MailFault fault, int seconds, int least, int most)
    {
        server.RetryAfter = seconds;
        server.Script(fault);
        await Start();
        var row = await Until(await Add("price-alert"), r => r.Attempts == 1 && r.State == "PENDING");
        Assert.InRange((row.NextAttemptAt - clock.Now).TotalSeconds, least + 0.7, most + 1.3); // and the first pause on top
    }

    [Fact]
    public async Task Pauses_double_up_to_a_quarter_of_an_hour_and_differ_from_mail_to_mail()
    {
        server.Otherwise = MailFault.Unavailable;
        var mails = new List<Guid>();
        for (var i = 0; i < 20; i++) mails.Add(await Add("price-alert"));
        await Set("nextAttemptAt = @later", new { later = clock.Now + Day });
        await Start();
        foreach (var (attempt, pause) in new[] { (1, 1.0), (2, 2), (3, 4), (4, 8), (12, 900) })
        {
            await Set("attempts = @before, nextAttemptAt = @Now", new { before = attempt - 1, clock.Now }); // the tries between 4 and 12 are spared
            outbox.Wake();
            var pauses = new List<double>();
            foreach (var id in mails) pauses.Add(((await Until(id, r => r.Attempts == attempt && r.State == "PENDING")).NextAttemptAt - clock.Now).TotalSeconds / pause);
            output.WriteLine($"try {attempt}: {pauses.Min():0.00} to {pauses.Max():0.00} times {pause} s");
            Assert.All(pauses, p => Assert.InRange(p, 0.749, 1.251));
            Assert.True(pauses.Max() - pauses.Min() > 0.1, "twenty mails must not come back at the same moment");
        }
    }

    [Fact]
    public async Task An_alert_that_may_have_been_taken_waits_for_word_and_is_tried_again_where_none_comes()
    {
        server.Script(Unclear);
        await Start();
        var alerts = new List<Guid>();
        foreach (var _ in Unclear) alerts.Add(await Add("price-alert"));
        foreach (var alert in alerts)
        {
            var row = await Until(alert, "UNCLEAR");
            Assert.Equal(clock.Now + Settle, row.NextAttemptAt);
            Assert.StartsWith("It may have been sent: ", row.LastError, StringComparison.Ordinal);
        }
        Move(Settle - Second);
        await Looks();
        foreach (var alert in alerts) Assert.Equal("UNCLEAR", (await Row(alert)).State);
        Assert.Equal(4, server.Requests.Count);

        Move(Second); // no word means that it was not taken; of the two that were, this server told nobody
        foreach (var alert in alerts) Assert.Equal(2, (await Until(alert, "SENT")).Attempts);
        Assert.Equal(8, server.Requests.Count);
    }

    [Fact]
    public async Task Where_no_word_ever_comes_an_operator_decides()
    {
        server.Script(Unclear);
        await Start(sendsWord: false);
        var alerts = new List<Guid>();
        foreach (var _ in Unclear) alerts.Add(await Add("new-message"));
        foreach (var alert in alerts)
        {
            var row = await Until(alert, "PARKED");
            Assert.Equal(clock.Now, row.NextAttemptAt); // parked at
            Assert.StartsWith("It may have been sent: ", row.LastError, StringComparison.Ordinal);
            Assert.NotEmpty(row.Mail);
        }
        Move(Day);
        await Looks();
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task A_mail_of_which_two_do_no_harm_is_sent_again()
    {
        server.Script(Unclear);
        await Start();
        var mails = new List<Guid>();
        foreach (var _ in Unclear) mails.Add(await Add("verify-email"));
        foreach (var mail in mails) await Until(mail, r => r.State == "PENDING" && r.Attempts == 1);
        Move(2 * Second);
        foreach (var mail in mails) await Until(mail, "SENT");
        Assert.Equal(8, server.Requests.Count);
        Assert.Equal([1, 1, 2, 2], mails.Select(server.Count).Order());
    }

    [Theory]
    [InlineData(MailFault.Unavailable, "Given up after a day: SendGrid answered 503")]
    [InlineData(MailFault.Hangs, "Given up after a day, it may have been sent: ")]
    public async Task After_a_day_it_is_given_up_and_shown(MailFault fault, string why)
    {
        server.Otherwise = fault;
        var (old, young) = (await Add("price-alert"), await Add("price-alert"));
        await Set("createdAt = IF(id = @old, @before, @after)", new { old, before = clock.Now - Day - Second, after = clock.Now - Day + Second });
        await Start();
        var row = await Until(old, "PARKED");
        Assert.StartsWith(why, row.LastError, StringComparison.Ordinal);
        Assert.Equal(clock.Now, row.NextAttemptAt);
        await Until(young, r => r.Attempts == 1 && r.State == (fault == MailFault.Hangs ? "UNCLEAR" : "PENDING"));
    }

    // Its row says SENDING, and nobody knows how far it came.
    [Theory]
    [InlineData("price-alert", true, "UNCLEAR")]
    [InlineData("price-alert", false, "PARKED")]
    [InlineData("verify-email", false, "SENT")]
    public async Task What_a_sender_had_begun_when_it_died_is_settled_by_the_same_rules(string template, bool sendsWord, string state)
    {
        var id = await Add(template);
        await Set("state = 'SENDING', attempts = 1, nextAttemptAt = @until", new { until = clock.Now + Second });
        await Start(sendsWord: sendsWord);
        await Looks();
        Assert.Equal("SENDING", (await Row(id)).State); // it may live
        Assert.Empty(server.Requests);

        Move(Second);
        var row = await Until(id, state);
        if (state == "SENT") Assert.Equal((2, 1), (row.Attempts, server.Count(id)));
        else Assert.Equal("The sender ended before the answer was noted: it may have been sent", row.LastError);
        if (state == "PARKED") Assert.Equal(clock.Now, row.NextAttemptAt); // parked at
        if (state != "UNCLEAR") return;
        Assert.Equal(clock.Now + Settle, row.NextAttemptAt);
        Move(Settle);
        await Until(id, "SENT");
        Assert.Equal(1, server.Count(id));
    }

    [Fact]
    public async Task The_local_door_knows_a_mail_by_its_key_so_nothing_is_unclear()
    {
        using var folder = new TemporaryFolder();
        var id = await Add("price-alert");
        await Set("state = 'SENDING', attempts = 1, nextAttemptAt = @Now", new { clock.Now });
        await Start(new MailFolder(folder.File("mail")));
        await Until(id, "SENT");
        Assert.Single(Directory.GetFiles(folder.File("mail")), folder.File($"mail/{id}.json"));
    }

    [Fact]
    public async Task Who_comes_too_late_changes_nothing()
    {
        server.Script(MailFault.Waits);
        using var patient = new HttpClient { BaseAddress = new Uri(server.Url), Timeout = TimeSpan.FromSeconds(20) };
        var sender = await Start(Door(patient));
        var id = await Add("price-alert");
        await Until(() => !server.Requests.IsEmpty, "a request");
        // Its lease ran out meanwhile, and another process has the mail.
        await Set("attempts = 2, nextAttemptAt = @until, lastError = 'the other one''s'", new { until = clock.Now + TimeSpan.FromHours(1) });
        server.Release();
        await Stop(sender);
        var row = await Row(id);
        Assert.Equal(("SENDING", 2, "the other one's", null), (row.State, row.Attempts, row.LastError, row.SentAt));
        Assert.NotEmpty(row.Mail);
    }

    [Fact]
    public async Task What_is_leaving_when_the_host_stops_is_finished_and_noted()
    {
        server.Script(MailFault.Waits);
        using var patient = new HttpClient { BaseAddress = new Uri(server.Url), Timeout = TimeSpan.FromSeconds(20) };
        var sender = await Start(Door(patient));
        var id = await Add("price-alert");
        await Until(() => !server.Requests.IsEmpty, "a request");
        var stopping = Stop(sender);
        server.Release();
        await stopping;
        Assert.Equal("SENT", (await Row(id)).State);
    }

    // A mail that has left and is not noted would be doubted for ever.
    [Fact]
    public async Task What_cannot_be_noted_now_is_noted_later()
    {
        server.Script(MailFault.Waits);
        using var patient = new HttpClient { BaseAddress = new Uri(server.Url), Timeout = TimeSpan.FromSeconds(20) };
        await Start(Door(patient));
        var id = await Add("price-alert");
        await Until(() => !server.Requests.IsEmpty, "a request");
        await using (var db = await database.Open(default))
        {
            await db.Begin(default);
            await db.Execute("SELECT id FROM outbox WHERE id = @id FOR UPDATE", new { id }, default);
            server.Release();
            await Task.Delay(6_000); // no statement waits longer than 5 s for a lock
            await db.Rollback(default);
        }
        await Until(id, "SENT");
        Assert.Equal(1, server.Count(id));
    }

    // Word that came while nobody listened is told again, but it takes its time.
    [Fact]
    public async Task A_restart_listens_a_whole_while_anew()
    {
        var (missed, later) = (await Add("price-alert"), await Add("price-alert"));
        await Set("state = 'UNCLEAR', attempts = 1, nextAttemptAt = IF(id = @missed, @past, @future)", new { missed, past = clock.Now - Day, future = clock.Now + 2 * Settle });
        await Start();
        await Until(missed, r => r.NextAttemptAt == clock.Now + Settle);
        Assert.Equal(clock.Now + 2 * Settle, (await Row(later)).NextAttemptAt);
        await Looks();
        Assert.Equal("UNCLEAR", (await Row(missed)).State);

        Move(Settle);
        await Until(missed, "SENT");
        Assert.Equal("UNCLEAR", (await Row(later)).State);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Five_failures_in_a_row_and_the_door_does_not_work_until_a_mail_leaves()
    {
        server.Script(MailFault.Broken, MailFault.Busy, MailFault.Unavailable, MailFault.ResetBefore, MailFault.Invalid);
        var sender = await Start();
        Assert.Equal("mail", sender.Name);
        foreach (var state in new[] { "PENDING", "PENDING", "PENDING", "UNCLEAR", "PARKED" }) await Until(await Add("price-alert"), r => r.Attempts == 1 && r.State == state);
        Assert.True(sender.Works); // four; that one mail is refused says nothing of the others

        server.Script(MailFault.Broken);
        await Until(await Add("price-alert"), r => r.Attempts == 1 && r.State == "PENDING");
        Assert.False(sender.Works);
        await Until(await Add("price-alert"), "SENT");
        Assert.True(sender.Works);
    }

    [Fact]
    public async Task Three_senders_share_the_mails_and_none_leaves_twice()
    {
        var mails = new List<Guid>();
        for (var i = 0; i < 300; i++) mails.Add(await Add("price-alert"));
        for (var i = 0; i < 3; i++) await Start();
        foreach (var mail in mails) await Until(mail, "SENT");
        Assert.Equal(mails.Order(), server.Accepted.Select(SendGridServer.IdOf).Order());
    }

    private SendGrid Door(HttpClient client, bool sendsWord = true) => new(client, "SG.key", "noreply@kiwicar.co.nz", new Dictionary<string, string>(), sendsWord);

    private async Task<OutboxSender> Start(IMailer? door = null, bool sendsWord = true)
    {
        var sender = new OutboxSender(outbox, database, door ?? Door(http, sendsWord), [], Settle, clock, NullLogger<OutboxSender>.Instance);
        senders.Add(sender);
        await sender.StartAsync(default);
        return sender;
    }

    private static async Task Stop(OutboxSender sender)
    {
        await sender.StopAsync(default);
        sender.Dispose();
    }

    private void Move(TimeSpan time)
    {
        clock.Now += time;
        outbox.Wake();
    }

    /// <summary>Long enough for the sender to look twice, and to settle what is to be settled.</summary>
    private static Task Looks() => Task.Delay(2_500);

    private async Task<Guid> Add(string template, string? cause = null)
    {
        cause ??= $"{Guid.NewGuid()}";
        await using var db = await database.Open(default);
        await db.Begin(default);
        await outbox.Add(db, cause, Mail.Of("tom@example.com", template, "Kia ora", new Dictionary<string, string>(), "Kia ora."), default);
        await db.Commit(default);
        outbox.Wake();
        return new(SHA256.HashData(Encoding.UTF8.GetBytes(cause)).AsSpan(0, 16));
    }

    private async Task Set(string columns, object? values = null)
    {
        await using var db = await database.Open(default);
        await db.Execute($"UPDATE outbox SET {columns}", values, default);
    }

    private async Task<OutboxRow> Row(Guid id)
    {
        await using var db = await database.Open(default);
        return await db.Single<OutboxRow>("SELECT state, attempts, nextAttemptAt, sentAt, lastError, mail FROM outbox WHERE id = @id", new { id }, default) ?? throw new InvalidOperationException("no such row");
    }

    private Task<OutboxRow> Until(Guid id, string state) => Until(id, r => r.State == state);

    private async Task<OutboxRow> Until(Guid id, Func<OutboxRow, bool> holds)
    {
        var row = await Row(id);
        for (var wait = 0; wait < 400 && !holds(row); wait++)
        {
            await Task.Delay(50);
            row = await Row(id);
        }
        Assert.True(holds(row), $"still {row} after 20 s");
        return row;
    }

    private static async Task Until(Func<bool> holds, string what)
    {
        for (var wait = 0; wait < 400 && !holds(); wait++) await Task.Delay(50);
        Assert.True(holds(), $"no {what} within 20 s");
    }

    private sealed record OutboxRow
    {
        public string State { get; init; } = "";
        public int Attempts { get; init; }
        public DateTimeOffset NextAttemptAt { get; init; }
        public DateTimeOffset? SentAt { get; init; }
        public string? LastError { get; init; }
        public string Mail { get; init; } = "";
    }
}
