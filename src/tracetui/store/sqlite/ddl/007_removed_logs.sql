-- Log records that are yet to go after their trace. docs/schema.md explains every table and column.

CREATE TABLE removed_logs (
    trace_id TEXT PRIMARY KEY,
    through INTEGER NOT NULL
) WITHOUT ROWID;
