-- The schema of a new file: what the numbered migrations make of an empty one, without the way there.
-- Written by docs/make_schema.py from them; what is meant by each part is said there and in docs/schema.md.

CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);

CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");

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
, cost_input_picodollars INTEGER NOT NULL DEFAULT 0, cost_output_picodollars INTEGER NOT NULL DEFAULT 0, cost_split_count INTEGER NOT NULL DEFAULT 0, cost_estimated_count INTEGER NOT NULL DEFAULT 0, cost_input REAL GENERATED ALWAYS AS (
    CASE WHEN cost_count > 0 AND cost_split_count = cost_count THEN cost_input_picodollars / 1e12 END) VIRTUAL, cost_output REAL GENERATED ALWAYS AS (
    CASE WHEN cost_count > 0 AND cost_split_count = cost_count THEN cost_output_picodollars / 1e12 END) VIRTUAL, cost_source TEXT GENERATED ALWAYS AS (
    CASE WHEN cost_count = 0 THEN '' WHEN cost_estimated_count = 0 THEN 'reported'
         WHEN cost_estimated_count = cost_count THEN 'estimated' ELSE 'mixed' END) VIRTUAL, derivation_version INTEGER NOT NULL DEFAULT 1, user_id TEXT NOT NULL DEFAULT '', user_span_id TEXT NOT NULL DEFAULT '', user_start INTEGER NOT NULL DEFAULT 9223372036854775807, pending_count INTEGER NOT NULL DEFAULT 0, model_counts TEXT, pinned INTEGER NOT NULL DEFAULT 0);

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
, cost_input REAL, cost_output REAL, cost_estimated INTEGER NOT NULL DEFAULT 0, cost_source TEXT GENERATED ALWAYS AS (
    CASE WHEN cost_total IS NULL THEN '' WHEN cost_estimated THEN 'estimated' ELSE 'reported' END) VIRTUAL);

CREATE UNIQUE INDEX spans_by_identity ON spans (trace, span_id);

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
, derivation_version INTEGER NOT NULL DEFAULT 1, tells INTEGER NOT NULL DEFAULT 0);

CREATE INDEX logs_by_span ON logs (trace_id, span_id) WHERE trace_id <> '';

CREATE INDEX traces_by_version ON traces (derivation_version);

CREATE INDEX logs_by_version ON logs (derivation_version);

CREATE VIEW span_list AS
SELECT s.id, t.trace_id, s.span_id, s.parent_span_id, s.name, s.kind, r.service, r.project, c.name AS scope_name,
       datetime(s.start_time_unix_nano / 1000000000, 'unixepoch') AS started,
       s.duration_nano / 1e6 AS duration_ms, s.is_error, s.status_message, s.model, s.provider,
       s.input_tokens, s.output_tokens, s.cost_total, s.cost_source, s.counted, s.session_id, s.user_id, s.tool_name,
       s.agent_name, s.preview, s.warnings
FROM spans s
JOIN traces t ON t.id = s.trace
JOIN resources r ON r.id = s.resource_id
JOIN scopes c ON c.id = s.scope_id;

CREATE VIEW trace_list AS
SELECT trace_id, name, service, project, datetime(start_time_unix_nano / 1000000000, 'unixepoch') AS started,
       duration_nano / 1e6 AS duration_ms, span_count, error_count, llm_count, tool_count, input_tokens, output_tokens,
       cost_total, cost_source, models, session_id, complete
FROM traces;

CREATE INDEX traces_by_session ON traces (session_id, start_time_unix_nano) WHERE session_id <> '';

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL UNIQUE,
    trace_count INTEGER NOT NULL,
    start_time_unix_nano INTEGER NOT NULL DEFAULT 0,
    end_time_unix_nano INTEGER NOT NULL DEFAULT 0,
    duration_nano INTEGER GENERATED ALWAYS AS (
        CASE WHEN start_time_unix_nano > 0 AND end_time_unix_nano >= start_time_unix_nano
             THEN end_time_unix_nano - start_time_unix_nano END) VIRTUAL,
    last_trace INTEGER NOT NULL DEFAULT 0,
    last_start INTEGER NOT NULL DEFAULT 0,
    span_count INTEGER NOT NULL,
    error_count INTEGER NOT NULL,
    llm_count INTEGER NOT NULL,
    tool_count INTEGER NOT NULL,
    input_sum INTEGER NOT NULL,
    input_count INTEGER NOT NULL,
    input_tokens INTEGER GENERATED ALWAYS AS (CASE WHEN input_count THEN input_sum END) VIRTUAL,
    output_sum INTEGER NOT NULL,
    output_count INTEGER NOT NULL,
    output_tokens INTEGER GENERATED ALWAYS AS (CASE WHEN output_count THEN output_sum END) VIRTUAL,
    cost_sum INTEGER NOT NULL,
    cost_count INTEGER NOT NULL,
    cost_total REAL GENERATED ALWAYS AS (CASE WHEN cost_count THEN cost_sum / 1e12 END) VIRTUAL
);

CREATE INDEX sessions_by_last ON sessions (last_start);

CREATE TABLE session_users (
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    trace_count INTEGER NOT NULL,
    PRIMARY KEY (session_id, user_id)
) WITHOUT ROWID;

CREATE VIEW session_joins AS SELECT
    id, session_id, user_id, start_time_unix_nano, end_time_unix_nano, span_count, error_count,
        llm_count, tool_count, input_tokens, output_tokens, cost_picodollars
FROM traces WHERE 0;

CREATE TRIGGER session_joins_count INSTEAD OF INSERT ON session_joins WHEN NEW.session_id <> ''
BEGIN
    INSERT INTO sessions (session_id, trace_count, start_time_unix_nano, end_time_unix_nano, last_trace, last_start,
                          span_count, error_count, llm_count, tool_count, input_sum, input_count, output_sum,
                          output_count, cost_sum, cost_count)
    VALUES (NEW.session_id, 1, NEW.start_time_unix_nano, NEW.end_time_unix_nano, NEW.id, NEW.start_time_unix_nano,
            NEW.span_count, NEW.error_count, NEW.llm_count, NEW.tool_count,
            ifnull(NEW.input_tokens, 0), NEW.input_tokens IS NOT NULL,
            ifnull(NEW.output_tokens, 0), NEW.output_tokens IS NOT NULL,
            ifnull(NEW.cost_picodollars, 0), NEW.cost_picodollars IS NOT NULL)
    ON CONFLICT (session_id) DO UPDATE SET
        trace_count = trace_count + 1,
        start_time_unix_nano = CASE
            WHEN start_time_unix_nano = 0 OR excluded.start_time_unix_nano = 0
            THEN max(start_time_unix_nano, excluded.start_time_unix_nano)
            ELSE min(start_time_unix_nano, excluded.start_time_unix_nano) END,
        end_time_unix_nano = max(end_time_unix_nano, excluded.end_time_unix_nano),
        last_trace = iif((excluded.last_start, excluded.last_trace) > (last_start, last_trace),
                         excluded.last_trace, last_trace),
        last_start = max(last_start, excluded.last_start),
        span_count = span_count + excluded.span_count,
        error_count = error_count + excluded.error_count,
        llm_count = llm_count + excluded.llm_count,
        tool_count = tool_count + excluded.tool_count,
        input_sum = input_sum + excluded.input_sum,
        input_count = input_count + excluded.input_count,
        output_sum = output_sum + excluded.output_sum,
        output_count = output_count + excluded.output_count,
        cost_sum = cost_sum + excluded.cost_sum,
        cost_count = cost_count + excluded.cost_count;
    INSERT INTO session_users SELECT NEW.session_id, NEW.user_id, 1 WHERE NEW.user_id <> ''
    ON CONFLICT (session_id, user_id) DO UPDATE SET trace_count = trace_count + 1;
END;

CREATE VIEW session_leaves AS SELECT
    id, session_id, user_id, start_time_unix_nano, end_time_unix_nano, span_count, error_count,
        llm_count, tool_count, input_tokens, output_tokens, cost_picodollars
FROM traces WHERE 0;

CREATE TRIGGER session_leaves_count INSTEAD OF INSERT ON session_leaves WHEN NEW.session_id <> ''
BEGIN
    UPDATE sessions SET
        trace_count = trace_count - 1,
        start_time_unix_nano = ifnull((
            SELECT min(start_time_unix_nano) FROM traces
            WHERE session_id = NEW.session_id AND session_id <> '' AND start_time_unix_nano > 0), 0),
        end_time_unix_nano = CASE
            WHEN NEW.end_time_unix_nano < end_time_unix_nano THEN end_time_unix_nano
            ELSE ifnull((SELECT max(end_time_unix_nano) FROM traces
                         WHERE session_id = NEW.session_id AND session_id <> ''), 0) END,
        (last_trace, last_start) = (
            SELECT ifnull(max(id), 0), ifnull(max(start_time_unix_nano), 0)
            FROM (SELECT id, start_time_unix_nano FROM traces WHERE session_id = NEW.session_id AND session_id <> ''
                  ORDER BY start_time_unix_nano DESC, id DESC LIMIT 1)),
        span_count = span_count - NEW.span_count,
        error_count = error_count - NEW.error_count,
        llm_count = llm_count - NEW.llm_count,
        tool_count = tool_count - NEW.tool_count,
        input_sum = input_sum - ifnull(NEW.input_tokens, 0),
        input_count = input_count - (NEW.input_tokens IS NOT NULL),
        output_sum = output_sum - ifnull(NEW.output_tokens, 0),
        output_count = output_count - (NEW.output_tokens IS NOT NULL),
        cost_sum = cost_sum - ifnull(NEW.cost_picodollars, 0),
        cost_count = cost_count - (NEW.cost_picodollars IS NOT NULL)
    WHERE session_id = NEW.session_id;
    DELETE FROM sessions
    WHERE session_id = NEW.session_id AND trace_count = 0
      AND NOT EXISTS (SELECT 1 FROM traces WHERE session_id = NEW.session_id AND session_id <> '');
    UPDATE session_users SET trace_count = trace_count - 1
    WHERE session_id = NEW.session_id AND user_id = NEW.user_id;
    DELETE FROM session_users WHERE session_id = NEW.session_id AND user_id = NEW.user_id AND trace_count = 0;
END;

CREATE TRIGGER sessions_on_insert AFTER INSERT ON traces WHEN NEW.session_id <> ''
BEGIN
    INSERT INTO session_joins (
        id, session_id, user_id, start_time_unix_nano, end_time_unix_nano, span_count, error_count,
        llm_count, tool_count, input_tokens, output_tokens, cost_picodollars)
    VALUES (
        NEW.id, NEW.session_id, NEW.user_id, NEW.start_time_unix_nano, NEW.end_time_unix_nano,
        NEW.span_count, NEW.error_count, NEW.llm_count, NEW.tool_count, NEW.input_tokens,
        NEW.output_tokens, NEW.cost_picodollars);
END;

CREATE TRIGGER sessions_on_delete AFTER DELETE ON traces WHEN OLD.session_id <> ''
BEGIN
    INSERT INTO session_leaves (
        id, session_id, user_id, start_time_unix_nano, end_time_unix_nano, span_count, error_count,
        llm_count, tool_count, input_tokens, output_tokens, cost_picodollars)
    VALUES (
        OLD.id, OLD.session_id, OLD.user_id, OLD.start_time_unix_nano, OLD.end_time_unix_nano,
        OLD.span_count, OLD.error_count, OLD.llm_count, OLD.tool_count, OLD.input_tokens,
        OLD.output_tokens, OLD.cost_picodollars);
END;

CREATE TRIGGER sessions_on_move AFTER UPDATE ON traces
WHEN (NEW.session_id, NEW.user_id, NEW.start_time_unix_nano) <> (OLD.session_id, OLD.user_id, OLD.start_time_unix_nano)
     AND (NEW.session_id <> '' OR OLD.session_id <> '')
BEGIN
    INSERT INTO session_leaves (
        id, session_id, user_id, start_time_unix_nano, end_time_unix_nano, span_count, error_count,
        llm_count, tool_count, input_tokens, output_tokens, cost_picodollars)
    VALUES (
        OLD.id, OLD.session_id, OLD.user_id, OLD.start_time_unix_nano, OLD.end_time_unix_nano,
        OLD.span_count, OLD.error_count, OLD.llm_count, OLD.tool_count, OLD.input_tokens,
        OLD.output_tokens, OLD.cost_picodollars);
    INSERT INTO session_joins (
        id, session_id, user_id, start_time_unix_nano, end_time_unix_nano, span_count, error_count,
        llm_count, tool_count, input_tokens, output_tokens, cost_picodollars)
    VALUES (
        NEW.id, NEW.session_id, NEW.user_id, NEW.start_time_unix_nano, NEW.end_time_unix_nano,
        NEW.span_count, NEW.error_count, NEW.llm_count, NEW.tool_count, NEW.input_tokens,
        NEW.output_tokens, NEW.cost_picodollars);
END;

CREATE TRIGGER sessions_on_growth AFTER UPDATE ON traces
WHEN (NEW.session_id, NEW.user_id, NEW.start_time_unix_nano) = (OLD.session_id, OLD.user_id, OLD.start_time_unix_nano)
     AND NEW.session_id <> ''
BEGIN
    UPDATE sessions SET
        end_time_unix_nano = CASE
            WHEN NEW.end_time_unix_nano < OLD.end_time_unix_nano AND OLD.end_time_unix_nano = end_time_unix_nano
            THEN (SELECT max(end_time_unix_nano) FROM traces WHERE session_id = NEW.session_id AND session_id <> '')
            ELSE max(end_time_unix_nano, NEW.end_time_unix_nano) END,
        span_count = span_count + NEW.span_count - OLD.span_count,
        error_count = error_count + NEW.error_count - OLD.error_count,
        llm_count = llm_count + NEW.llm_count - OLD.llm_count,
        tool_count = tool_count + NEW.tool_count - OLD.tool_count,
        input_sum = input_sum + ifnull(NEW.input_tokens, 0) - ifnull(OLD.input_tokens, 0),
        input_count = input_count + (NEW.input_tokens IS NOT NULL) - (OLD.input_tokens IS NOT NULL),
        output_sum = output_sum + ifnull(NEW.output_tokens, 0) - ifnull(OLD.output_tokens, 0),
        output_count = output_count + (NEW.output_tokens IS NOT NULL) - (OLD.output_tokens IS NOT NULL),
        cost_sum = cost_sum + ifnull(NEW.cost_picodollars, 0) - ifnull(OLD.cost_picodollars, 0),
        cost_count = cost_count + (NEW.cost_picodollars IS NOT NULL) - (OLD.cost_picodollars IS NOT NULL)
    WHERE session_id = NEW.session_id;
END;

CREATE VIEW session_list AS
SELECT x.session_id, x.trace_count, datetime(x.start_time_unix_nano / 1000000000, 'unixepoch') AS started,
       datetime(x.last_start / 1000000000, 'unixepoch') AS last_turn, x.duration_nano / 1e6 AS duration_ms,
       x.span_count, x.error_count, x.llm_count, x.tool_count, x.input_tokens, x.output_tokens, x.cost_total,
       t.service, t.project,
       (SELECT group_concat(user_id, ' ') FROM session_users u WHERE u.session_id = x.session_id) AS users
FROM sessions x
JOIN traces t ON t.id = x.last_trace;

CREATE TABLE pending_spans (
    id INTEGER PRIMARY KEY REFERENCES spans (id),
    trace INTEGER NOT NULL REFERENCES traces (id),
    announces TEXT NOT NULL
);

CREATE INDEX pending_by_announced ON pending_spans (trace, announces);

CREATE INDEX logs_that_tell ON logs (trace_id, span_id) WHERE tells = 1;

CREATE VIRTUAL TABLE span_terms USING fts5(terms, content='', columnsize=0, detail=none, tokenize='ascii');

INSERT INTO span_terms (span_terms, rank) VALUES ('automerge', 0);

INSERT INTO span_terms (span_terms, rank) VALUES ('crisismerge', 200);

CREATE TABLE search_index (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    derivation_version INTEGER NOT NULL,
    backlog INTEGER NOT NULL,
    through INTEGER NOT NULL,
    logs_through INTEGER NOT NULL,
    cut_spans INTEGER NOT NULL
);

INSERT INTO search_index VALUES (1, 0, 0, 0, 0, 0);

CREATE TABLE removed_traces (id INTEGER PRIMARY KEY);

CREATE TABLE removals (
    reason TEXT PRIMARY KEY,
    traces INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    last_unix_nano INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE removed_logs (
    trace_id TEXT PRIMARY KEY,
    through INTEGER NOT NULL
) WITHOUT ROWID;
