"""Looking at spans: at the bytes of many together, so that few are read; and at those, until one of a trace matches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from itertools import accumulate

from tracetui.store.sqlite.search.candidates import Spans
from tracetui.store.sqlite.search.glance import SEPARATOR, Glance
from tracetui.store.sqlite.search.sql import Sql

_TOGETHER = 250
_MOST_BYTES = 50_000
"""Bytes of the longest span that is looked at with others."""

_DATA_OF = (
    "SELECT json_group_array(d.id), json_group_array(length(d.data)),"
    f" CAST(group_concat(d.data, CAST(x'{SEPARATOR.hex()}' AS TEXT)) AS BLOB)"
    " FROM json_each(?) k CROSS JOIN span_data d ON d.id = k.value"
    f" WHERE d.encoding = 0 AND length(d.data) <= {_MOST_BYTES}"
)
"""One row for all of them: between rows the interpreter's lock is let go, and had back only in its turn."""


def shut_out(connection: sqlite3.Connection, row_ids: Sequence[int], glances: Sequence[Glance]) -> set[int]:
    """Row ids of the spans of which a look at their bytes tells that they do not match."""
    shut: set[int] = set()
    if not glances:
        return shut
    for at in range(0, len(row_ids), _TOGETHER):
        ids, lengths, data = connection.execute(_DATA_OF, (json.dumps(row_ids[at : at + _TOGETHER]),)).fetchone()
        looked_at: list[int] = json.loads(ids)
        if not looked_at:
            continue
        starts = [0, *accumulate(length + len(SEPARATOR) for length in json.loads(lengths)[:-1])]
        left = set.intersection(*(glance.open_among(data, starts) for glance in glances))
        shut.update(row_id for number, row_id in enumerate(looked_at) if number not in left)
    return shut


def matching(connection: sqlite3.Connection, spans: Spans, condition: Sql) -> set[int]:
    """The traces of which one of these spans meets a condition; a trace is asked no longer than needed."""
    if not spans:
        return set()
    text, values = condition
    statement = (
        "SELECT json_group_array(CAST(k.key AS INTEGER)) FROM json_each(?) k"
        f" WHERE EXISTS (SELECT 1 FROM json_each(k.value) c CROSS JOIN spans s ON s.id = c.value WHERE {text})"
    )
    return set(json.loads(connection.execute(statement, (json.dumps(spans), *values)).fetchone()[0]))
