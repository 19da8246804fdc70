-- The first schema. docs/schema.md explains every table and column.

CREATE TABLE resources (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    project TEXT NOT NULL,
    schema_url TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    data BLOB NOT NULL
);

CREATE TABLE scopes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    schema_url TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    data BLOB NOT NULL
);

CREATE TABLE traces (
    id INTEGER PRIMARY KEY,
    trace_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    service TEXT NOT NULL,
    project TEXT NOT NULL,
    session_id TEXT NOT NULL,
    start_time_unix_nano INTEGER NOT NULL,
    end_time_unix_nano INTEGER NOT NULL,
    duration_nano INTEGER GENERATED ALWAYS AS (
        CASE WHEN start_time_unix_nano > 0 AND end_time_unix_nano >= start_time_unix_nano
             THEN end_time_unix_nano - start_time_unix_nano END) VIRTUAL,
    span_count INTEGER NOT NULL,
    error_count INTEGER NOT NULL,
    llm_count INTEGER NOT NULL,
    tool_count INTEGER NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cost_picodollars INTEGER,
    cost_total REAL GENERATED ALWAYS AS (cost_picodollars / 1e12) VIRTUAL,
    models TEXT NOT NULL,
    complete INTEGER NOT NULL,
    root_span_id TEXT GENERATED ALWAYS AS (CASE WHEN complete THEN head_span_id ELSE '' END) VIRTUAL,
    root_is_error INTEGER NOT NULL,
    head_span_id TEXT NOT NULL,
    head_start INTEGER NOT NULL,
    session_span_id TEXT NOT NULL,
    session_start INTEGER NOT NULL,
    input_count INTEGER NOT NULL,
    output_count INTEGER NOT NULL,
    cost_count INTEGER NOT NULL
);

CREATE INDEX traces_by_start ON traces (start_time_unix_nano);

CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL REFERENCES traces (id),
    span_id TEXT NOT NULL,
    parent_span_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    otel_kind INTEGER NOT NULL,
    start_time_unix_nano INTEGER NOT NULL,
    end_time_unix_nano INTEGER NOT NULL,
    duration_nano INTEGER GENERATED ALWAYS AS (
        CASE WHEN start_time_unix_nano > 0 AND end_time_unix_nano >= start_time_unix_nano
             THEN end_time_unix_nano - start_time_unix_nano END) VIRTUAL,
    status_code INTEGER NOT NULL,
    is_error INTEGER NOT NULL,
    resource_id INTEGER NOT NULL REFERENCES resources (id),
    scope_id INTEGER NOT NULL REFERENCES scopes (id),
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens INTEGER,
    cost_total REAL,
    below INTEGER NOT NULL,
    under_tool INTEGER NOT NULL,
    counted INTEGER GENERATED ALWAYS AS (
        CASE WHEN input_tokens IS NOT NULL OR output_tokens IS NOT NULL THEN below & 1 = 0
             WHEN kind = 'LLM' THEN below & 4 = 0
             WHEN kind = 'TOOL' THEN under_tool = 0
             WHEN cost_total IS NOT NULL THEN below & 2 = 0
             ELSE 0 END) VIRTUAL,
    derivation_version INTEGER NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    tool_name TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    name TEXT NOT NULL,
    status_message TEXT NOT NULL,
    preview TEXT NOT NULL,
    warnings TEXT NOT NULL
);

CREATE UNIQUE INDEX spans_by_identity ON spans (trace, span_id);

-- A trace's spans in order of arrival: reading a large trace in any other order jumps about the file, at ten times the
-- cost.
CREATE INDEX spans_by_trace ON spans (trace);

CREATE INDEX spans_by_parent ON spans (trace, parent_span_id);

CREATE TABLE span_data (
    id INTEGER PRIMARY KEY REFERENCES spans (id),
    encoding INTEGER NOT NULL,
    data BLOB NOT NULL
);

CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    time_unix_nano INTEGER NOT NULL,
    severity_number INTEGER NOT NULL,
    resource_id INTEGER NOT NULL REFERENCES resources (id),
    scope_id INTEGER NOT NULL REFERENCES scopes (id),
    hash BLOB NOT NULL UNIQUE,
    event_name TEXT NOT NULL,
    body_text TEXT NOT NULL,
    data BLOB NOT NULL
);

CREATE INDEX logs_by_span ON logs (trace_id, span_id) WHERE trace_id <> '';

CREATE VIEW span_list AS
SELECT s.id, t.trace_id, s.span_id, s.parent_span_id, s.name, s.kind, r.service, r.project, c.name AS scope_name,
       datetime(s.start_time_unix_nano / 1000000000, 'unixepoch') AS started,
       s.duration_nano / 1e6 AS duration_ms, s.is_error, s.status_message, s.model, s.provider,
       s.input_tokens, s.output_tokens, s.cost_total, s.counted, s.session_id, s.user_id, s.tool_name, s.agent_name,
       s.preview, s.warnings
FROM spans s
JOIN traces t ON t.id = s.trace
JOIN resources r ON r.id = s.resource_id
JOIN scopes c ON c.id = s.scope_id;

CREATE VIEW trace_list AS
SELECT trace_id, name, service, project, datetime(start_time_unix_nano / 1000000000, 'unixepoch') AS started,
       duration_nano / 1e6 AS duration_ms, span_count, error_count, llm_count, tool_count, input_tokens, output_tokens,
       cost_total, models, session_id, complete
FROM traces;
