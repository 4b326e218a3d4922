-- The event tables in Marten's layout (see docs/events.md). Nothing of ours on these objects: a Marten with default settings
-- drops columns and indexes it does not know. Safe to run again.
CREATE SCHEMA IF NOT EXISTS events;

CREATE TABLE IF NOT EXISTS events.mt_streams (
    id          uuid        NOT NULL CONSTRAINT pkey_mt_streams_id PRIMARY KEY,
    type        varchar     NULL,
    version     bigint      NULL,
    timestamp   timestamptz NOT NULL DEFAULT now(),
    created     timestamptz NOT NULL DEFAULT now(),
    tenant_id   varchar     NULL DEFAULT '*DEFAULT*',
    is_archived boolean     NULL DEFAULT false
);

CREATE TABLE IF NOT EXISTS events.mt_events (
    seq_id         bigint       NOT NULL CONSTRAINT pkey_mt_events_seq_id PRIMARY KEY,
    id             uuid         NOT NULL,
    stream_id      uuid         NULL CONSTRAINT fkey_mt_events_stream_id REFERENCES events.mt_streams (id) ON DELETE CASCADE,
    version        bigint       NOT NULL,
    data           jsonb        NOT NULL,
    bdata          bytea        NULL,
    type           varchar(500) NOT NULL,
    timestamp      timestamptz  NOT NULL DEFAULT now(),
    tenant_id      varchar      NULL DEFAULT '*DEFAULT*',
    mt_dotnet_type varchar      NULL,
    is_archived    boolean      NULL DEFAULT false
);

CREATE UNIQUE INDEX IF NOT EXISTS pk_mt_events_stream_and_version ON events.mt_events (stream_id, version);
CREATE SEQUENCE IF NOT EXISTS events.mt_events_sequence AS bigint START 1 INCREMENT 1 CACHE 1 OWNED BY events.mt_events.seq_id;

CREATE TABLE IF NOT EXISTS events.mt_event_progression (
    name         varchar     NOT NULL CONSTRAINT pk_mt_event_progression PRIMARY KEY,
    last_seq_id  bigint      NULL,
    last_updated timestamptz NULL DEFAULT transaction_timestamp()
);

-- Side tables of ours (Marten leaves other names alone): the key of each person's text, null once destroyed; and a text that shows at the start whether the keys fit the log.
CREATE TABLE IF NOT EXISTS events.person_keys (
    person    uuid        NOT NULL PRIMARY KEY,
    key       bytea       NULL,
    created   timestamptz NOT NULL DEFAULT now(),
    destroyed timestamptz NULL
);

CREATE TABLE IF NOT EXISTS events.key_canary (
    id   integer NOT NULL DEFAULT 1 PRIMARY KEY CHECK (id = 1),
    text text    NOT NULL
);

-- Names that one stream at a time may hold (EventStore.Transact): taken and given up in the append's own transaction.
CREATE TABLE IF NOT EXISTS events.held_names (
    name      text        NOT NULL CONSTRAINT pkey_held_names PRIMARY KEY,
    stream_id uuid        NOT NULL,
    digest    bytea       NULL,
    taken     timestamptz NOT NULL DEFAULT now()
);
