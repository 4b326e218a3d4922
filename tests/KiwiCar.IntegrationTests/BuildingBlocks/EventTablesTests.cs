namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>The event tables are Marten's, column by column, and nothing of ours is on them.</summary>
public sealed class EventTablesTests : IAsyncLifetime
{
    private readonly EventLog log = new();

    public Task InitializeAsync() => log.InitializeAsync();

    public Task DisposeAsync() => log.DisposeAsync();

    [Theory]
    [InlineData("mt_streams", """
        id uuid NO null
        type character varying YES null
        version bigint YES null
        timestamp timestamp with time zone NO now()
        created timestamp with time zone NO now()
        tenant_id character varying YES '*DEFAULT*'::character varying
        is_archived boolean YES false
        """)]
    [InlineData("mt_events", """
        seq_id bigint NO null
        id uuid NO null
        stream_id uuid YES null
        version bigint NO null
        data jsonb NO null
        bdata bytea YES null
        type character varying(500) NO null
        timestamp timestamp with time zone NO now()
        tenant_id character varying YES '*DEFAULT*'::character varying
        mt_dotnet_type character varying YES null
        is_archived boolean YES false
        """)]
    [InlineData("mt_event_progression", """
        name character varying NO null
        last_seq_id bigint YES null
        last_updated timestamp with time zone YES transaction_timestamp()
        """)]
    public async Task Columns_are_martens(string table, string expected) => Assert.Equal(expected, await Column($"""
        SELECT string_agg(column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '') || ' ' || is_nullable || ' ' || coalesce(column_default, 'null'), E'\n' ORDER BY ordinal_position)
        FROM information_schema.columns WHERE table_schema = 'events' AND table_name = '{table}'
        """));

    [Fact]
    public async Task Keys_and_indexes_are_martens() => Assert.Equal("""
        pk_mt_event_progression
        pk_mt_events_stream_and_version
        pkey_mt_events_seq_id
        pkey_mt_streams_id
        """, await Column("SELECT string_agg(indexname, E'\n' ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'events' AND tablename LIKE 'mt\\_%'"));

    [Fact]
    public async Task The_sequence_belongs_to_the_number() =>
        Assert.Equal("events.mt_events_sequence", await Column("SELECT pg_get_serial_sequence('events.mt_events', 'seq_id')"));

    [Fact]
    public async Task An_append_fills_them_as_marten_does()
    {
        var stream = Guid.NewGuid();
        await log.Store.Append("thing", stream, 0, [new ThingHappened(1, 1), new ThingHappened(1, 2)], default);
        Assert.Equal("thing 2 *DEFAULT* f", await Column($"SELECT type || ' ' || version || ' ' || tenant_id || ' ' || CASE WHEN is_archived THEN 't' ELSE 'f' END FROM events.mt_streams WHERE id = '{stream}'"));
        Assert.Equal("""
            1 thing_happened {"number": 1, "writer": 1} null null
            2 thing_happened {"number": 2, "writer": 1} null null
            """, await Column($"SELECT string_agg(version || ' ' || type || ' ' || data || ' ' || coalesce(mt_dotnet_type, 'null') || ' ' || coalesce(bdata::text, 'null'), E'\\n' ORDER BY seq_id) FROM events.mt_events WHERE stream_id = '{stream}'"));
    }

    private async Task<string> Column(string sql)
    {
        await using var command = log.Connections.Reads.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
