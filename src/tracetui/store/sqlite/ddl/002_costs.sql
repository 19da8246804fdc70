-- Costs that were worked out here beside those that were reported; which version of the code derived what.
-- docs/schema.md explains every table and column.

ALTER TABLE spans ADD COLUMN cost_input REAL;
ALTER TABLE spans ADD COLUMN cost_output REAL;
ALTER TABLE spans ADD COLUMN cost_estimated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE spans ADD COLUMN cost_source TEXT GENERATED ALWAYS AS (
    CASE WHEN cost_total IS NULL THEN '' WHEN cost_estimated THEN 'estimated' ELSE 'reported' END) VIRTUAL;

ALTER TABLE traces ADD COLUMN cost_input_picodollars INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN cost_output_picodollars INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN cost_split_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN cost_estimated_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN cost_input REAL GENERATED ALWAYS AS (
    CASE WHEN cost_count > 0 AND cost_split_count = cost_count THEN cost_input_picodollars / 1e12 END) VIRTUAL;
ALTER TABLE traces ADD COLUMN cost_output REAL GENERATED ALWAYS AS (
    CASE WHEN cost_count > 0 AND cost_split_count = cost_count THEN cost_output_picodollars / 1e12 END) VIRTUAL;
ALTER TABLE traces ADD COLUMN cost_source TEXT GENERATED ALWAYS AS (
    CASE WHEN cost_count = 0 THEN '' WHEN cost_estimated_count = 0 THEN 'reported'
         WHEN cost_estimated_count = cost_count THEN 'estimated' ELSE 'mixed' END) VIRTUAL;

-- What was there before was derived by the first version.
ALTER TABLE traces ADD COLUMN derivation_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE logs ADD COLUMN derivation_version INTEGER NOT NULL DEFAULT 1;
CREATE INDEX traces_by_version ON traces (derivation_version);
CREATE INDEX logs_by_version ON logs (derivation_version);

DROP VIEW span_list;
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

DROP VIEW trace_list;
CREATE VIEW trace_list AS
SELECT trace_id, name, service, project, datetime(start_time_unix_nano / 1000000000, 'unixepoch') AS started,
       duration_nano / 1e6 AS duration_ms, span_count, error_count, llm_count, tool_count, input_tokens, output_tokens,
       cost_total, cost_source, models, session_id, complete
FROM traces;
