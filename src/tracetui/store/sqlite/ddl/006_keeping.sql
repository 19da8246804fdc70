-- What is kept whatever the limits, and what was removed. docs/schema.md explains every table and column.

ALTER TABLE traces ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;

-- Traces that are gone while spans of theirs may still take space: looking for such spans would mean to read an index of
-- all spans.
CREATE TABLE removed_traces (id INTEGER PRIMARY KEY);

INSERT INTO removed_traces (id)
WITH RECURSIVE owners(trace) AS (
    SELECT min(trace) FROM spans
    UNION ALL
    SELECT (SELECT min(trace) FROM spans WHERE trace > owners.trace) FROM owners WHERE owners.trace IS NOT NULL
)
SELECT trace FROM owners WHERE trace IS NOT NULL AND trace NOT IN (SELECT id FROM traces);

CREATE TABLE removals (
    reason TEXT PRIMARY KEY,
    traces INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    last_unix_nano INTEGER NOT NULL
) WITHOUT ROWID;
