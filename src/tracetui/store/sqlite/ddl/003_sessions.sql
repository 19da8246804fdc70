-- Sessions: the traces that name the same conversation, with totals kept by triggers on `traces`, so that whatever
-- writes, re-derives or deletes traces keeps them exact. docs/schema.md explains every table and column.

ALTER TABLE traces ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE traces ADD COLUMN user_span_id TEXT NOT NULL DEFAULT '';
ALTER TABLE traces ADD COLUMN user_start INTEGER NOT NULL DEFAULT 9223372036854775807;

UPDATE traces SET user_id = u.user_id, user_span_id = u.span_id, user_start = u.start
FROM (
    SELECT trace, user_id, span_id, start, row_number() OVER (PARTITION BY trace ORDER BY start, span_id) AS place
    FROM (SELECT trace, user_id, span_id, ifnull(nullif(start_time_unix_nano, 0), 9223372036854775807) AS start
          FROM spans WHERE user_id <> '')
) u
WHERE u.place = 1 AND u.trace = traces.id;

-- The turns of a session in order; the empty id, which most traces of plain apps have, is no session.
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

-- Holds nothing: a trace that is put into it is counted in its session.
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

-- Likewise: a trace that is put into it is taken out of its session, which ends with its last trace.
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

-- A trace that changes its session, its user or its start leaves as what it was and joins as what it is.
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

-- The usual change, a trace that grows, is added as a difference.
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

INSERT INTO session_joins SELECT
    id, session_id, user_id, start_time_unix_nano, end_time_unix_nano, span_count, error_count,
        llm_count, tool_count, input_tokens, output_tokens, cost_picodollars
FROM traces;

CREATE VIEW session_list AS
SELECT x.session_id, x.trace_count, datetime(x.start_time_unix_nano / 1000000000, 'unixepoch') AS started,
       datetime(x.last_start / 1000000000, 'unixepoch') AS last_turn, x.duration_nano / 1e6 AS duration_ms,
       x.span_count, x.error_count, x.llm_count, x.tool_count, x.input_tokens, x.output_tokens, x.cost_total,
       t.service, t.project,
       (SELECT group_concat(user_id, ' ') FROM session_users u WHERE u.session_id = x.session_id) AS users
FROM sessions x
JOIN traces t ON t.id = x.last_trace;
