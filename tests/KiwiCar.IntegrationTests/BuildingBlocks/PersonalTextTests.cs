using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

[EventName("note_written")]
internal sealed record NoteWritten([property: Person] Guid Author, [property: Personal] string Text, [property: Personal] string? Aside, int Number) : IEvent;

[EventName("author_left")]
internal sealed record AuthorLeft(Guid Author) : IEndsPerson
{
    [JsonIgnore]
    public Guid PersonId => Author;
}

[EventName("nobodys_note")]
internal sealed record NobodysNote([property: Personal] string Text) : IEvent;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NoteWritten))]
[JsonSerializable(typeof(AuthorLeft))]
[JsonSerializable(typeof(NobodysNote))]
internal sealed partial class NotesJson : JsonSerializerContext;

public sealed class PersonalTextTests : IAsyncLifetime
{
    private readonly Guid author = Guid.CreateVersion7(), other = Guid.CreateVersion7();
    private EventConnections connections = null!;
    private EventStore store = null!;

    public async Task InitializeAsync()
    {
        connections = new EventConnections(await Servers.NewEventDatabase());
        await connections.Prepare(default);
        store = NewProcess();
    }

    public async Task DisposeAsync() => await connections.DisposeAsync();

    [Fact]
    public async Task What_a_person_wrote_comes_back_and_is_stored_unreadable()
    {
        var stream = await Write(new NoteWritten(author, "Ka pai te mahi ā 🚗", "quietly", 7));
        Assert.Equal([new NoteWritten(author, "Ka pai te mahi ā 🚗", "quietly", 7)], await Read(store, stream));
        Assert.Equal([new NoteWritten(author, "Ka pai te mahi ā 🚗", "quietly", 7)], await Read(NewProcess(), stream));
        var stored = await Stored(stream);
        foreach (var word in new[] { "mahi", "quietly" }) Assert.DoesNotContain(word, stored, StringComparison.Ordinal);
        Assert.Contains("\"number\": 7", stored, StringComparison.Ordinal);
        Assert.NotEqual(stored, await Stored(await Write(new NoteWritten(author, "Ka pai te mahi ā 🚗", "quietly", 7)))); // a fresh nonce each time
    }

    [Fact]
    public async Task After_the_person_has_left_their_text_is_gone_everywhere_and_the_rest_stays()
    {
        var (mine, theirs) = (await Write(new NoteWritten(author, "mine", "aside", 1)), await Write(new NoteWritten(other, "theirs", null, 2)));
        var types = NewTypes();
        var second = new EventStore(connections, types, TimeProvider.System);
        await Read(second, mine); // it remembers the key
        using var reader = new EventReader(connections, types, NullLogger<EventReader>.Instance);
        await reader.StartAsync(default);
        await Write(new AuthorLeft(author));

        Assert.Equal([new NoteWritten(author, "", null, 1)], await Read(store, mine));
        Assert.Equal([new NoteWritten(author, "", null, 1)], await Read(NewProcess(), mine));
        await reader.Settled.Reached(3, default);
        Assert.Equal([new NoteWritten(author, "", null, 1)], await Read(second, mine)); // told by the event
        Assert.Equal([new NoteWritten(other, "theirs", null, 2)], await Read(store, theirs));
        await reader.StopAsync(default);
    }

    [Fact]
    public async Task Nobody_writes_in_the_name_of_who_has_left()
    {
        var second = NewProcess();
        await Append(second, Guid.CreateVersion7(), new NoteWritten(author, "here", null, 1)); // it remembers the key
        await Write(new AuthorLeft(author));
        foreach (var process in new[] { store, NewProcess() })
            Assert.Equal(401, (await Assert.ThrowsAsync<Rejection>(() => Append(process, Guid.CreateVersion7(), new NoteWritten(author, "still here", null, 2)))).Status);
        Assert.Null(await Append(second, Guid.CreateVersion7(), new NoteWritten(author, "still here", null, 2)));
        Assert.Equal(401, (await Assert.ThrowsAsync<Rejection>(() => Append(second, Guid.CreateVersion7(), new NoteWritten(author, "still here", null, 2)))).Status);
    }

    [Fact]
    public async Task Of_what_is_written_while_somebody_leaves_nothing_stands_after_their_leaving()
    {
        for (var round = 0; round < 10; round++)
        {
            var person = Guid.CreateVersion7();
            await Append(store, Guid.CreateVersion7(), new NoteWritten(person, "first", null, 0));
            var processes = Enumerable.Range(0, 4).Select(_ => NewProcess()).ToList();
            var writers = Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
            {
                var positions = new List<long>();
                for (var n = 0; n < 20; n++)
                {
                    try { if (await Append(processes[i % 4], Guid.CreateVersion7(), new NoteWritten(person, "more", null, n)) is { } position) positions.Add(position); }
                    catch (Rejection e) when (e.Status == 401) { break; }
                }
                return positions;
            })).ToList();
            await Task.Delay(Random.Shared.Next(0, 25));
            var left = await Append(store, person, new AuthorLeft(person));
            Assert.All((await Task.WhenAll(writers)).SelectMany(p => p), position => Assert.True(position < left));
        }
    }

    [Fact]
    public async Task Text_that_was_changed_or_moved_is_no_text()
    {
        var (mine, theirs) = (await Write(new NoteWritten(author, "mine", "aside", 1)), await Write(new NoteWritten(other, "theirs", "aside", 2)));
        await Run($"UPDATE events.mt_events SET data = jsonb_set(data, '{{text}}', data->'aside') WHERE stream_id = '{mine}'");
        await Run($"UPDATE events.mt_events SET data = jsonb_set(data, '{{text}}', to_jsonb(left(data->>'text', -8) || 'AAAAAAA=')) WHERE stream_id = '{theirs}'");
        Assert.Equal([null, null], (await Read(store, mine)).Concat(await Read(store, theirs))); // unknown: parked by whoever needs it
    }

    [Fact]
    public async Task What_was_stored_before_there_was_encryption_still_reads()
    {
        var stream = await Write(new NoteWritten(author, "x", null, 1));
        await Run($$"""UPDATE events.mt_events SET data = '{"author":"{{author}}","text":"plain","aside":null,"number":1}' WHERE stream_id = '{{stream}}'""");
        Assert.Equal([new NoteWritten(author, "plain", null, 1)], await Read(store, stream));
    }

    [Fact]
    public async Task Text_that_only_looks_encrypted_keeps_nobodys_key_from_being_found()
    {
        var stream = await Write(new NoteWritten(author, "mine", null, 1));
        foreach (var hostile in new[] { "personal:1:zzz", "personal:1:", $"personal:1:{Guid.NewGuid():N}:AAAA" })
        {
            await Run($"UPDATE events.mt_events SET data = jsonb_set(data, '{{a}}', to_jsonb('{hostile}'::text)) WHERE stream_id = '{stream}'"); // comes before the text
            Assert.Equal([new NoteWritten(author, "mine", null, 1)], await Read(NewProcess(), stream));
        }
    }

    [Fact]
    public void Personal_text_of_nobody_stops_the_start() =>
        Assert.Contains("exactly one [Person]", Assert.Throws<InvalidOperationException>(() => new EventTypes([NotesJson.Default.NobodysNote])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("DELETE FROM events.person_keys")]
    [InlineData("UPDATE events.person_keys SET key = sha256(key)")]
    [InlineData("DELETE FROM events.key_canary")]
    [InlineData("UPDATE events.person_keys SET key = NULL")]
    public async Task Keys_that_do_not_fit_the_log_stop_the_start(string fault)
    {
        await KeyCanary.Check(connections, new PersonKeys(connections), default); // new
        await Write(new NoteWritten(author, "mine", null, 1));
        await KeyCanary.Check(connections, new PersonKeys(connections), default); // and again
        await Run(fault);
        Assert.Contains("events.person_keys", (await Assert.ThrowsAsync<InvalidOperationException>(() => KeyCanary.Check(connections, new PersonKeys(connections), default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_missing_is_a_fault_and_no_erasure()
    {
        var stream = await Write(new NoteWritten(author, "mine", null, 1));
        await Run("DELETE FROM events.person_keys");
        Assert.Contains("Restore", (await Assert.ThrowsAsync<InvalidOperationException>(() => Read(NewProcess(), stream))).Message, StringComparison.Ordinal);
    }

    // As another process has it: with a memory of its own.
    private EventStore NewProcess() => new(connections, NewTypes(), TimeProvider.System);

    private EventTypes NewTypes() => new([NotesJson.Default.NoteWritten, NotesJson.Default.AuthorLeft], new PersonKeys(connections));

    private async Task<Guid> Write(IEvent e)
    {
        var stream = e is AuthorLeft left ? left.Author : Guid.CreateVersion7();
        Assert.NotNull(await Append(store, stream, e));
        return stream;
    }

    private static Task<long?> Append(EventStore process, Guid stream, IEvent e) => process.Append("note", stream, 0, [e], default);

    private static async Task<List<IEvent?>> Read(EventStore process, Guid stream)
    {
        var events = new List<IEvent?>();
        await foreach (var e in process.ReadStream(stream, default)) events.Add(e.Data);
        return events;
    }

    private async Task<string> Stored(Guid stream)
    {
        await using var command = connections.Reads.CreateCommand("SELECT string_agg(data::text, ' ') FROM events.mt_events WHERE stream_id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = stream });
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private async Task Run(string sql)
    {
        await using var command = connections.Reads.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
