-- What arrives late: spans that announce another, and log records that say something of their span. docs/schema.md
-- explains every table and column.

CREATE TABLE pending_spans (
    id INTEGER PRIMARY KEY REFERENCES spans (id),
    trace INTEGER NOT NULL REFERENCES traces (id),
    announces TEXT NOT NULL
);

CREATE INDEX pending_by_announced ON pending_spans (trace, announces);

ALTER TABLE traces ADD COLUMN pending_count INTEGER NOT NULL DEFAULT 0;

-- NULL is not known: of a trace from before, it is counted with the first span that changes its model.
ALTER TABLE traces ADD COLUMN model_counts TEXT;

ALTER TABLE logs ADD COLUMN tells INTEGER NOT NULL DEFAULT 0;

-- Which of the records from before say something of their span is not known here; a record too many costs only time.
UPDATE logs SET tells = 1 WHERE event_name <> '' AND trace_id <> '';

CREATE INDEX logs_that_tell ON logs (trace_id, span_id) WHERE tells = 1;
