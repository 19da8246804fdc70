"""Every SQL statement of the hot path and of the reader, but for those of the search (`search`, `indexing`).

Values are always bound. Where the writer reads, it asks for ONE row that holds all the others as JSON: sqlite3 releases
the interpreter at every step, and beside a busy thread each step can cost a whole switch interval to get it back.
"""

from __future__ import annotations

from collections.abc import Sequence

SPAN_COLUMNS = (
    "id",
    "trace",
    # these follow the order of IncomingSpan, so that a row is bound from a slice of it
    "span_id",
    "parent_span_id",
    "name",
    "otel_kind",
    "start_time_unix_nano",
    "end_time_unix_nano",
    "status_code",
    "status_message",
    "kind",
    "is_error",
    "model",
    "provider",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_total",
    "cost_input",
    "cost_output",
    "cost_estimated",
    "session_id",
    "user_id",
    "tool_name",
    "agent_name",
    "preview",
    "resource_id",
    "scope_id",
    "warnings",
    "below",
    "under_tool",
    "derivation_version",
)
"""Columns of `spans` in the order in which the writer binds them."""

DATA_COLUMNS = ("id", "encoding", "data")
"""Columns of `span_data`."""

TRACE_COLUMNS = (
    "id",
    "trace_id",
    "name",
    "service",
    "project",
    "session_id",
    "start_time_unix_nano",
    "end_time_unix_nano",
    "span_count",
    "error_count",
    "llm_count",
    "tool_count",
    "input_tokens",
    "output_tokens",
    "cost_picodollars",
    "models",
    "complete",
    "root_is_error",
    "head_span_id",
    "head_start",
    "session_span_id",
    "session_start",
    "input_count",
    "output_count",
    "cost_count",
    "pending_count",
    "model_counts",
    "user_id",
    "user_span_id",
    "user_start",
    "cost_input_picodollars",
    "cost_output_picodollars",
    "cost_split_count",
    "cost_estimated_count",
)
"""Columns of `traces` in the order of `rollup.TraceState`."""

PENDING_COLUMNS = ("id", "trace", "announces")
"""Columns of `pending_spans`."""

LOG_COLUMNS = (
    "trace_id",
    "span_id",
    "time_unix_nano",
    "severity_number",
    "event_name",
    "body_text",
    "resource_id",
    "scope_id",
    "hash",
    "data",
    "tells",
    "derivation_version",
)
"""Columns of `logs` that the writer binds."""


def _many(head: str, columns: Sequence[str], rows: int, tail: str = "") -> str:
    one = f"({','.join('?' * len(columns))})"
    return (
        f"{head} ({','.join(columns)}) SELECT * FROM (VALUES {','.join([one] * rows)}) WHERE column1 IS NOT NULL{tail}"
    )


def _update(table: str, columns: Sequence[str], rows: int) -> str:
    one = f"({','.join('?' * (len(columns) + 1))})"
    changes = ",".join(f"{column} = v.column{place}" for place, column in enumerate(columns, 2))
    return f"UPDATE {table} SET {changes} FROM (VALUES {','.join([one] * rows)}) v WHERE {table}.id = v.column1"


def insert_spans(rows: int) -> str:
    """Insert so many spans."""
    return _many("INSERT INTO spans", SPAN_COLUMNS, rows)


def insert_data(rows: int) -> str:
    """Insert so many slices."""
    return _many("INSERT INTO span_data", DATA_COLUMNS, rows)


INSERT_ROOM = "INSERT INTO span_data (id, encoding, data) VALUES (?, ?, zeroblob(?))"
"""Make room for a large slice, to be filled piece by piece."""


def move_data(rows: int) -> str:
    """Give so many slices, named by their row id, another."""
    return _update("span_data", ["id"], rows)


REMOVE_SPANS = "DELETE FROM spans WHERE id IN (SELECT value FROM json_each(?))"
REMOVE_DATA = "DELETE FROM span_data WHERE id IN (SELECT value FROM json_each(?))"

_BOUND_TRACE_COLUMNS = (*TRACE_COLUMNS, "derivation_version")


def insert_traces(rows: int) -> str:
    """Insert so many traces."""
    return _many("INSERT INTO traces", _BOUND_TRACE_COLUMNS, rows)


def update_traces(rows: int) -> str:
    """Write so many known traces' totals, each after its row id; the version that derived its spans stays as it is.

    Not an upsert: beside generated columns SQLite 3.40 gives `excluded` the affinity of another column.
    """
    return _update("traces", TRACE_COLUMNS[2:], rows)


def insert_logs(rows: int) -> str:
    """Insert those of so many log records that are not there yet."""
    return _many("INSERT OR IGNORE INTO logs", LOG_COLUMNS, rows)


INSERT_LOG_ROOM = (
    f"INSERT OR IGNORE INTO logs ({','.join(LOG_COLUMNS)})"
    f" VALUES ({','.join('zeroblob(?)' if column == 'data' else '?' for column in LOG_COLUMNS)})"
)
"""Make room for a large log record, where it is not there yet, to be filled piece by piece."""


def insert_pending(rows: int) -> str:
    """Note so many spans as pending."""
    return _many("INSERT OR REPLACE INTO pending_spans", PENDING_COLUMNS, rows)


NOT_PENDING = "DELETE FROM pending_spans WHERE id IN (SELECT value FROM json_each(?))"
"""Forget that the spans with these row ids (a JSON list) were pending."""

DERIVED_COLUMNS = (*SPAN_COLUMNS[3 : SPAN_COLUMNS.index("resource_id")], "warnings")
"""Columns of `spans` that are derived from the slice alone, in the order of `IncomingSpan`."""

_DERIVED_LOG_COLUMNS = ("time_unix_nano", "severity_number", "event_name", "body_text", "tells")


def rederive_spans(rows: int) -> str:
    """Write the derived columns of so many stored spans, each after its row id."""
    return _update("spans", DERIVED_COLUMNS, rows)


def rederive_logs(rows: int) -> str:
    """Write the derived columns of so many stored log records, each after its row id."""
    return _update("logs", _DERIVED_LOG_COLUMNS, rows)


STILL_OUTDATED = (
    "SELECT s.id, s.trace FROM json_each(?) k CROSS JOIN spans s ON s.id = k.value WHERE s.derivation_version < ?"
)
"""Row ids, with those of their traces, of the spans among these (a JSON list) that an earlier version derived."""

SPANS_DERIVED = "UPDATE spans SET derivation_version = ? WHERE id IN (SELECT value FROM json_each(?))"
LOGS_DERIVED = "UPDATE logs SET derivation_version = ? WHERE id IN (SELECT value FROM json_each(?))"
TRACES_DERIVED = "UPDATE traces SET derivation_version = ? WHERE id IN (SELECT value FROM json_each(?))"
RESOURCE_DERIVED = "UPDATE resources SET service = ?, project = ? WHERE id = ?"
TRACES_BY_ROW = "SELECT id, trace_id FROM traces WHERE id IN (SELECT value FROM json_each(?))"

OUTDATE = (
    "UPDATE traces SET derivation_version = 0 WHERE id IN (SELECT trace FROM spans WHERE id BETWEEN ?1 AND ?2)",
    "UPDATE spans SET derivation_version = 0 WHERE id BETWEEN ?1 AND ?2",
    "UPDATE logs SET derivation_version = 0 WHERE id BETWEEN ?1 AND ?2",
)
"""Mark what has row ids in a range as yet to be derived anew."""

MARK_SPANS = "UPDATE spans SET below = ?, under_tool = ? WHERE id IN (SELECT value FROM json_each(?))"
"""Set the roll-up's marks of the spans with these row ids (a JSON list)."""

_TRACE_VALUES = (f"json({name})" if name in ("models", "model_counts") else name for name in TRACE_COLUMNS)
_TRACE_JSON = f"json_group_array(json_array({', '.join(_TRACE_VALUES)}))"

TRACES_BY_ID = f"SELECT {_TRACE_JSON} FROM traces WHERE trace_id IN (SELECT value FROM json_each(?))"
"""States of the traces with these ids (a JSON list)."""


def _digits(column: str) -> str:
    """A double as text of 17 digits: JSON text of one holds 15, and the sum must be reversible."""
    return f"iif(s.{column} IS NULL, NULL, printf('%!.17g', s.{column}))"


_STATE_COLUMNS = (
    "s.trace, s.id, s.span_id, s.parent_span_id, s.kind, s.start_time_unix_nano, s.end_time_unix_nano, s.is_error,"
    f" s.input_tokens, s.output_tokens, {_digits('cost_total')}, s.model, s.session_id, s.user_id, s.name, s.below,"
    " s.under_tool, ifnull((SELECT announces FROM pending_spans p WHERE p.id = s.id), ''),"
    f" {_digits('cost_input')}, {_digits('cost_output')}, s.cost_estimated"
)

SPAN_STATES = (
    f"SELECT json_group_array(json_array({_STATE_COLUMNS}, s.resource_id, s.scope_id, length(d.data)))"
    " FROM json_each(?) t, json_each(t.value) k"
    " CROSS JOIN spans s ON s.trace = CAST(t.key AS INTEGER) AND s.span_id = k.value"
    " LEFT JOIN span_data d ON d.id = s.id"
)
"""States of stored spans, from a JSON object of trace row id to span ids; then resource, scope, length of the slice."""

CHILD_STATES = (
    f"SELECT json_group_array(json_array({_STATE_COLUMNS})) FROM json_each(?) t, json_each(t.value) k"
    " CROSS JOIN spans s ON s.trace = CAST(t.key AS INTEGER) AND s.parent_span_id = k.value"
)
"""States of the stored spans directly below spans, from a JSON object of trace row id to their ids."""

TRACE_STATES = (
    f"SELECT json_group_array(json_array({_STATE_COLUMNS.removeprefix('s.trace, ')}, r.service, r.project))"
    " FROM spans s JOIN resources r ON r.id = s.resource_id WHERE s.trace = ?"
)
"""States of all spans of a trace, by its row id; the last values are service and project."""

SLICES_HEX = "SELECT json_group_object(d.id, hex(d.data)) FROM json_each(?) k CROSS JOIN span_data d ON d.id = k.value"
"""Slices as hexadecimal text by row id, for these row ids (a JSON list)."""

SLICE = "SELECT data FROM span_data WHERE id = ?"
"""One slice by row id."""

HAS_LOGS_THAT_TELL = "SELECT EXISTS (SELECT 1 FROM logs INDEXED BY logs_that_tell WHERE tells = 1)"
"""Whether columns of any span may depend on log records."""

TOLD_SPANS = (
    "SELECT json_group_array(json_array(t.key, s.value)) FROM json_each(?) t CROSS JOIN json_each(t.value) s"
    # the first keeps a trace without such records at one look-up, however many spans it has
    " WHERE EXISTS (SELECT 1 FROM logs WHERE tells = 1 AND trace_id = t.key)"
    " AND EXISTS (SELECT 1 FROM logs WHERE tells = 1 AND trace_id = t.key AND span_id = s.value)"
)
"""Those of some spans that stored log records say something of, from a JSON object of trace id to span ids."""

LOGS_THAT_TELL = (
    "SELECT json_group_array(json_array(trace_id, span_id, id, size)) FROM (SELECT l.trace_id, l.span_id, l.id,"
    " length(l.data) AS size FROM json_each(?) t CROSS JOIN json_each(t.value) s"
    " CROSS JOIN logs l INDEXED BY logs_that_tell"
    " ON l.tells = 1 AND l.trace_id = t.key AND l.span_id = s.value ORDER BY l.id)"
)
"""The log records that say something of these spans (a JSON object of trace id to span ids), in order of arrival."""

LOG_SLICES_HEX = "SELECT json_group_object(l.id, hex(l.data)) FROM json_each(?) k CROSS JOIN logs l ON l.id = k.value"
"""Bytes of log records as hexadecimal text by row id, for these row ids (a JSON list)."""

LOG_SLICE = "SELECT data FROM logs WHERE id = ?"
"""One log record's bytes by row id."""

OWNERS = (
    "SELECT json_group_array(json_array(s.id, r.service, r.project, c.name)) FROM json_each(?) k"
    " CROSS JOIN spans s ON s.id = k.value JOIN resources r ON r.id = s.resource_id JOIN scopes c ON c.id = s.scope_id"
)
"""Service, project and name of the scope of the spans with these row ids (a JSON list)."""

NEXT_IDS = (
    "SELECT max((SELECT ifnull(max(id), 0) FROM spans), (SELECT ifnull(max(through), 0) FROM search_index)) + 1,"
    " max((SELECT ifnull(max(id), 0) FROM traces), (SELECT ifnull(max(trace), 0) FROM spans),"
    " (SELECT ifnull(max(id), 0) FROM removed_traces)) + 1"
)
"""Row ids of spans and traces that were never used: not by what was removed and the index still knows, nor by a trace
that is gone before its spans, and whose number is what these are found by.
"""

FIND_RESOURCE = "SELECT id FROM resources WHERE hash = ?"
INSERT_RESOURCE = "INSERT INTO resources (service, project, schema_url, hash, data) VALUES (?, ?, ?, ?, ?)"
FIND_SCOPE = "SELECT id FROM scopes WHERE hash = ?"
INSERT_SCOPE = "INSERT INTO scopes (name, version, schema_url, hash, data) VALUES (?, ?, ?, ?, ?)"

# --- reader ---------------------------------------------------------------------------------------------------------

SUMMARY_COLUMNS = (
    "t.id, t.trace_id, t.name, t.root_span_id, t.service, t.project, t.session_id, t.start_time_unix_nano,"
    " t.end_time_unix_nano, t.span_count, t.error_count, t.llm_count, t.tool_count, t.input_tokens, t.output_tokens,"
    " t.cost_total, t.models, t.complete, t.root_is_error, t.cost_input, t.cost_output, t.cost_source, t.pinned"
)
"""Columns of a `TraceSummary`, in its order."""

ROW_COLUMNS = (
    "s.id, t.trace_id, s.span_id, s.parent_span_id, s.name, s.kind, s.otel_kind, s.status_code, s.status_message,"
    " s.is_error, s.start_time_unix_nano, s.end_time_unix_nano, r.service, r.project, c.name, s.model, s.provider,"
    " s.input_tokens, s.output_tokens, s.cost_total, s.session_id, s.user_id, s.tool_name, s.agent_name, s.preview,"
    " s.counted, ifnull(p.announces, ''), p.announces IS NOT NULL AND EXISTS (SELECT 1 FROM spans r"
    " WHERE r.trace = s.trace AND r.span_id = p.announces AND r.id <> s.id),"
    " s.cost_source"
)
"""Columns of a `SpanRow`, in its order."""

_SPAN_JOINS = (
    " FROM spans s JOIN traces t ON t.id = s.trace JOIN resources r ON r.id = s.resource_id"
    " JOIN scopes c ON c.id = s.scope_id LEFT JOIN pending_spans p ON p.id = s.id"
)
_RECORD_COLUMNS = "r.data, r.schema_url, r.service, r.project, c.data, c.schema_url, c.name, c.version"

TRACE = f"SELECT {SUMMARY_COLUMNS} FROM traces t WHERE t.trace_id = ?"
"""One trace by its id."""

ROWS_BY_ID = f"SELECT {ROW_COLUMNS}{_SPAN_JOINS} WHERE s.id IN (SELECT value FROM json_each(?))"
"""Rows of these row ids (a JSON list), in any order."""

STORED_BY_ID = (
    f"SELECT {ROW_COLUMNS}, d.data, {_RECORD_COLUMNS}, s.warnings{_SPAN_JOINS}"
    " JOIN span_data d ON d.id = s.id WHERE s.id IN (SELECT value FROM json_each(?))"
)
"""Whole spans of these row ids (a JSON list), in any order."""

SPAN_ROW_ID = (
    "SELECT ifnull((SELECT id FROM spans WHERE trace = t.id AND span_id = ?1),"
    " (SELECT max(id) FROM pending_spans WHERE trace = t.id AND announces = ?1)) FROM traces t WHERE trace_id = ?2"
)
"""Row id of one span, or else of the pending one that announces it, by span id and trace id."""

SKELETON = (
    "SELECT '[' || group_concat(id) || ']', group_concat(span_id), group_concat(parent_span_id),"
    " '[' || group_concat(start_time_unix_nano) || ']', '[' || group_concat(end_time_unix_nano) || ']',"
    " group_concat(is_error, ''), json_group_array(kind),"
    " (SELECT json_group_object(p.id, p.announces) FROM traces t JOIN pending_spans p ON p.trace = t.id"
    " WHERE t.trace_id = ?1)"
    " FROM spans INDEXED BY spans_by_trace WHERE trace = (SELECT id FROM traces WHERE trace_id = ?1)"
)
"""The shape of a trace, column by column, in one row: as rows it takes twice as long, and far longer beside a busy
thread."""

USAGE_BELOW = (
    "WITH RECURSIVE here(trace, span_id) AS (SELECT id, ?2 FROM traces WHERE trace_id = ?1),"
    " tree(span_id) AS (SELECT span_id FROM here UNION SELECT s.span_id FROM tree t CROSS JOIN here h"
    " CROSS JOIN spans s ON s.trace = h.trace AND s.parent_span_id = t.span_id)"
    " SELECT sum(iif(s.below & 1, NULL, s.input_tokens)), sum(iif(s.below & 1, NULL, s.output_tokens)),"
    " sum(iif(s.below & 2, NULL, s.cost_total)) FROM tree t CROSS JOIN here h"
    " CROSS JOIN spans s ON s.trace = h.trace AND s.span_id = t.span_id WHERE s.span_id <> h.span_id"
)
"""Usage and cost that are counted below a span, by trace id and span id."""

UNSEEN_SPANS = (
    "SELECT l.span_id, min(l.time_unix_nano) FROM (SELECT DISTINCT span_id FROM logs INDEXED BY logs_by_span"
    " WHERE trace_id = ?1 AND trace_id <> '' AND span_id <> '') u CROSS JOIN traces t ON t.trace_id = ?1"
    " CROSS JOIN logs l INDEXED BY logs_by_span ON l.trace_id = ?1 AND l.trace_id <> '' AND l.span_id = u.span_id"
    " WHERE NOT EXISTS (SELECT 1 FROM spans s WHERE s.trace = t.id AND s.span_id = u.span_id)"
    " AND NOT EXISTS (SELECT 1 FROM pending_spans p WHERE p.trace = t.id AND p.announces = u.span_id)"
    " AND l.id > ifnull((SELECT through FROM removed_logs WHERE trace_id = ?1), 0)"
    " GROUP BY l.span_id ORDER BY 2, 1"
)
"""Spans of a trace that have log records and nothing else, with the time of the first record."""

COUNT_SPANS = "SELECT ifnull(sum(span_count + pending_count), 0) FROM traces"
"""All spans; summed over traces, which are far fewer."""

WAITING_SPANS = (
    "SELECT (SELECT count(*) FROM spans WHERE id > i.through) + iif(i.backlog = 0, 0,"
    # by an index: the table would take ten times as long to walk
    " (SELECT ifnull(sum(id <= i.backlog), 0) FROM spans INDEXED BY spans_by_trace)) FROM search_index i"
)
"""Spans that the search index does not hold yet."""

LOGS = (
    "SELECT l.id, l.trace_id, l.span_id, l.time_unix_nano, l.severity_number, l.event_name, l.body_text, l.data,"
    f" {_RECORD_COLUMNS} FROM logs l JOIN resources r ON r.id = l.resource_id JOIN scopes c ON c.id = l.scope_id"
    " WHERE l.id IN (SELECT id FROM logs WHERE id > ?%s"
    " AND id > ifnull((SELECT r.through FROM removed_logs r WHERE r.trace_id = logs.trace_id), 0)"
    " ORDER BY id LIMIT ?) ORDER BY l.id"
)
"""A page of log records, those left out that are yet to go with their trace; the placeholder narrows it to a trace or
span."""

COUNT_OUTDATED = (
    "SELECT (SELECT ifnull(sum(span_count + pending_count), 0) FROM traces WHERE derivation_version < ?)"
    " + (SELECT count(*) FROM logs WHERE derivation_version < ?)"
)
OUTDATED_TRACES = (
    "SELECT id, span_count + pending_count FROM traces WHERE derivation_version < ?"
    " ORDER BY derivation_version, id LIMIT ?"
)
OUTDATED_SPANS = (
    "SELECT s.id, c.name, d.data FROM spans s INDEXED BY spans_by_trace"
    " JOIN scopes c ON c.id = s.scope_id JOIN span_data d ON d.id = s.id"
    " WHERE s.trace = ? AND s.id > ? AND s.derivation_version < ? ORDER BY s.id LIMIT ?"
)
OUTDATED_LOGS = "SELECT id, data FROM logs WHERE derivation_version < ? ORDER BY derivation_version, id LIMIT ?"
RESOURCES = "SELECT id, data, schema_url, service, project FROM resources"
LAST_ROW_IDS = "SELECT (SELECT ifnull(max(id), 0) FROM spans), (SELECT ifnull(max(id), 0) FROM logs)"

FIND_TRACES = "SELECT trace_id FROM traces WHERE trace_id >= ? AND trace_id < ? ORDER BY trace_id LIMIT ?"
"""Traces whose id lies in a range."""

FIND_SPANS = (
    "SELECT t.trace_id, s.span_id FROM spans s JOIN traces t ON t.id = s.trace"
    " WHERE s.span_id >= ?1 AND s.span_id < ?2"
    " UNION SELECT t.trace_id, p.announces FROM pending_spans p JOIN traces t ON t.id = p.trace"
    " WHERE p.announces >= ?1 AND p.announces < ?2 LIMIT ?3"
)
"""Spans, announced ones too, whose id lies in a range: a walk along the identity index, which holds both ids. An index
of span ids alone would answer at once but costs the way in a third more, at random places, for a question asked by
hand."""

# --- sessions -------------------------------------------------------------------------------------------------------

WORDS_WITHIN = 64
"""Spans of a turn, in order of arrival, in which the user's words are looked for: a list must not read long traces."""

LAST_WORDS = (
    "ifnull((SELECT preview FROM (SELECT kind, is_error, preview, start_time_unix_nano, id FROM spans"
    f" INDEXED BY spans_by_trace WHERE trace = t.id ORDER BY id LIMIT {WORDS_WITHIN})"
    " WHERE kind = 'LLM' AND NOT is_error AND preview <> ''"
    " ORDER BY start_time_unix_nano, id LIMIT 1), t.name)"
)
"""What the user said in a trace `t`."""

SESSION_ROWS = (
    "SELECT x.id, x.session_id, x.trace_count, x.start_time_unix_nano, x.last_start, x.end_time_unix_nano,"
    " x.span_count, x.error_count, x.llm_count, x.tool_count, x.input_tokens, x.output_tokens, x.cost_total,"
    " t.service, t.project,"
    " (SELECT json_group_array(user_id) FROM (SELECT user_id FROM session_users u WHERE u.session_id = x.session_id"
    " ORDER BY trace_count DESC, user_id)),"
    f" {LAST_WORDS}, t.complete,"
    " (SELECT CASE min(cost_source) WHEN max(cost_source) THEN max(cost_source)"
    " ELSE iif(count(*), 'mixed', '') END FROM traces c"
    " WHERE c.session_id = x.session_id AND c.session_id <> '' AND c.cost_source <> '')"
    " FROM sessions x JOIN traces t ON t.id = x.last_trace WHERE x.id IN (SELECT value FROM json_each(?))"
)
"""Sessions with these row ids (a JSON list), in any order."""

SESSION_ROW_ID = "SELECT id FROM sessions WHERE session_id = ?"
"""Row id of one session."""

FIND_SESSIONS = (
    "SELECT session_id FROM sessions WHERE session_id >= ? AND session_id <= ? AND substr(session_id, 1, ?) = ?"
    " ORDER BY session_id LIMIT ?"
)
"""Sessions whose id lies in a range and begins with a text of so many characters."""
