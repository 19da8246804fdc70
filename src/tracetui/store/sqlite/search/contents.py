"""What only a span's bytes can tell: its attributes and texts, read while a statement runs, and no more than is asked.

A statement asks `span_holds(number, row id)`; the answer is worked out here. The statement goes through a span's
conditions together, so that the last few spans are all that is worth keeping.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tracetui.errors import DecodeError
from tracetui.model import lookup
from tracetui.model.attributes import Attributes
from tracetui.model.lookup import Scalar
from tracetui.model.words import words
from tracetui.store.conditions import Attribute, Has, Operand, SpanField, Words
from tracetui.store.sqlite.search.glance import Glance, glance_of
from tracetui.store.sqlite.search.sql import Sql
from tracetui.store.sqlite.search.values import Leaf, Test, test_of

if TYPE_CHECKING:
    from tracetui.model.span import LogRecord, Span
    from tracetui.semconv import PartlyRead

_KEPT_SPANS = 64
_KEPT_ANSWERS = 100_000

_SPAN = (
    "SELECT d.data, d.encoding = 0, s.is_error, s.parent_span_id, s.scope_id, s.name"
    " FROM spans s LEFT JOIN span_data d ON d.id = s.id WHERE s.id = ?"
)
_AROUND = (
    "SELECT r.data, r.schema_url, c.data, c.schema_url FROM spans s JOIN resources r ON r.id = s.resource_id"
    " JOIN scopes c ON c.id = s.scope_id WHERE s.id = ?"
)
_SCOPE_NAME = "SELECT name FROM scopes WHERE id = ?"
_IDS = (
    "SELECT t.trace_id, ifnull(p.announces, s.span_id) FROM spans s JOIN traces t ON t.id = s.trace"
    " LEFT JOIN pending_spans p ON p.id = s.id WHERE s.id = ?"
)
_LOGS = (
    "SELECT l.data, r.data, r.schema_url, c.data, c.schema_url FROM logs l JOIN resources r ON r.id = l.resource_id"
    " JOIN scopes c ON c.id = l.scope_id WHERE l.trace_id = ? AND l.trace_id <> '' AND l.span_id = ? ORDER BY l.id"
)


class Contents:
    """One span with its log records, read as far as it is asked for."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        row_id: int,
        *,
        may_have_logs: bool = True,
        scope_names: dict[int, str] | None = None,
    ) -> None:
        self._connection = connection
        self._row_id = row_id
        self._may_have_logs = may_have_logs
        self._scope_names = {} if scope_names is None else scope_names
        row: Sequence[Any] = connection.execute(_SPAN, (row_id,)).fetchone() or (None,) * 6
        self._data, self._is_as_received, self._is_error, self._parent, self._scope_id, self._name = row

    def is_open(self, glance: Glance) -> bool:
        """Whether a look at its bytes leaves it open that a condition holds."""
        return not self._is_as_received or glance.is_open(self._data)

    @cached_property
    def attributes(self) -> Attributes:
        """Its attributes alone; of a span that cannot be read, none."""
        from tracetui.otlp import quick  # deferred, all that reads spans 100 ms: a list without a filter needs none

        message = quick.parse(self._data) if self._data else None
        return self.span.attributes if message is None else quick.QuickAttributes(message.attributes)

    @cached_property
    def _light(self) -> Span:
        """The span with what its meaning is read from: no ids, links or resource, attributes one by one."""
        from tracetui.model.span import InstrumentationScope, Span, Status  # as above
        from tracetui.otlp import decode, quick

        message = quick.parse(self._data) if self._data else None
        if message is None:
            return self.span
        return Span(
            "",
            "",
            message.name,
            self._parent,
            message.kind,
            message.start_time_unix_nano,
            message.end_time_unix_nano,
            Status(message.status.code, message.status.message),
            quick.QuickAttributes(message.attributes),
            tuple(decode.events(message)) if message.events else (),
            scope=InstrumentationScope(self._scope_name),
        )

    @property
    def _scope_name(self) -> str:
        name = self._scope_names.get(self._scope_id)
        if name is None:
            row = self._connection.execute(_SCOPE_NAME, (self._scope_id,)).fetchone()
            name = self._scope_names[self._scope_id] = str(row[0]) if row else ""
        return name

    @cached_property
    def _ids(self) -> tuple[str, str]:
        """The trace's id, and the one by which log records name the span."""
        return self._connection.execute(_IDS, (self._row_id,)).fetchone() or ("", "")

    @cached_property
    def span(self) -> Span:
        """The span; one that cannot be read has little more than a name."""
        from tracetui.model.span import Span  # as above
        from tracetui.otlp import decode

        around: Sequence[Any] = self._connection.execute(_AROUND, (self._row_id,)).fetchone() or (None,) * 4
        resource, resource_schema, scope, scope_schema = around
        try:
            return decode.span(
                self._data, decode.resource(resource, resource_schema), decode.scope(scope, scope_schema)
            )
        except (DecodeError, TypeError):
            return Span(*self._ids, self._name or "", self._parent or "")

    @cached_property
    def logs(self) -> Sequence[LogRecord]:
        """Its log records in order of arrival, but for those that cannot be read."""
        from tracetui.otlp import decode  # as above

        if not self._may_have_logs:
            return ()
        found = []
        for data, resource, resource_schema, scope, scope_schema in self._connection.execute(_LOGS, self._ids):
            try:
                record = decode.log_record(
                    data, decode.resource(resource, resource_schema), decode.scope(scope, scope_schema)
                )
            except DecodeError:
                continue
            found.append(record)
        return found

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every value that is searched for words, each after where it stands."""
        from tracetui.store import document  # as above

        return document.searched_texts(self._light, self.logs)

    def values(self, operand: Operand) -> Sequence[Scalar]:
        """Everything that is to be compared under an attribute or a field that has no column."""
        match operand:
            case Attribute(key):
                return lookup.values_at(self.attributes, key)
            case SpanField():
                return self._values[operand] if operand in self._values else self._read(operand)
            case _:
                return ()

    def each(self, field: SpanField) -> Iterator[Scalar]:
        """The values of a field that has no column, read no further than somebody asks."""
        from tracetui.store.sqlite.search import fields  # as above

        failed = self._light.status.message if self._is_error else None
        return fields.values_of(self._partly_read, field, failed=failed)

    @cached_property
    def _values(self) -> dict[SpanField, Sequence[Scalar]]:
        return {}

    @cached_property
    def _partly_read(self) -> PartlyRead:
        from tracetui.semconv import PartlyRead  # as above

        return PartlyRead(self._light, self.logs)

    def _read(self, field: SpanField) -> Sequence[Scalar]:
        found = self._values[field] = list(self.each(field))
        return found


class SpanTests:
    """The conditions of one search that need a span's bytes, by the numbers that statements ask for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._leaves: list[Leaf] = []
        self._tests: list[Test] = []
        self._glances: list[Glance | None] = []
        self._has_logs = True
        self._spans: OrderedDict[int, Contents] = OrderedDict()
        self._scope_names: dict[int, str] = {}
        self._answers: dict[tuple[int, int], bool] = {}
        self._of_traces: list[Sql] = []
        self._traces: dict[tuple[int, int], bool] = {}
        connection.create_function("span_holds", 2, self._span_holds)
        connection.create_function("trace_holds", 2, self._trace_holds)
        connection.create_function("value_holds", 2, self._value_holds, deterministic=True)

    def clear(self) -> None:
        """Forget the search before."""
        self._leaves.clear()
        self._tests.clear()
        self._glances.clear()
        self._has_logs = bool(self._connection.execute("SELECT EXISTS (SELECT 1 FROM logs)").fetchone()[0])
        self._spans.clear()
        self._scope_names.clear()
        self._answers.clear()
        self._of_traces.clear()
        self._traces.clear()

    def number(self, leaf: Leaf) -> int:
        """The number that stands for a condition in this search.

        Raises:
            UsageError: The regular expression is none.
        """
        if leaf in self._leaves:
            return self._leaves.index(leaf)
        self._tests.append(test_of(leaf))
        self._glances.append(None if self._has_logs else glance_of(leaf))
        self._leaves.append(leaf)
        return len(self._leaves) - 1

    def glance(self, leaf: Leaf) -> Glance | None:
        """A look at a span's bytes for a condition; None where that tells nothing."""
        return self._glances[self.number(leaf)]

    @property
    def are_glanced(self) -> bool:
        """Whether a look at a span's bytes tells something of every condition on words."""
        words = [number for number, leaf in enumerate(self._leaves) if isinstance(leaf, Words)]
        return all(self._glances[number] is not None for number in words)

    def trace_number(self, of_span: Sql) -> int:
        """The number by which `trace_holds` knows a condition over `spans o`, which a span of a trace may meet."""
        self._of_traces.append(of_span)
        return len(self._of_traces) - 1

    def contents(self, row_id: int) -> Contents:
        """A span's contents."""
        found = self._spans.get(row_id)
        if found is None:
            if len(self._spans) >= _KEPT_SPANS:
                self._spans.popitem(last=False)
            found = self._spans[row_id] = Contents(
                self._connection, row_id, may_have_logs=self._has_logs, scope_names=self._scope_names
            )
        return found

    def _span_holds(self, number: int, row_id: int) -> bool:
        known = self._answers.get((number, row_id))
        if known is None:
            if len(self._answers) >= _KEPT_ANSWERS:
                self._answers.clear()
            known = self._answers[number, row_id] = self._looked_at(number, row_id)
        return known

    def _looked_at(self, number: int, row_id: int) -> bool:
        glance = self._glances[number]
        contents = self.contents(row_id)
        if glance is not None and not contents.is_open(glance):
            return False
        return holds(self._leaves[number], self._tests[number], contents)

    def _trace_holds(self, number: int, trace: int) -> bool:
        known = self._traces.get((number, trace))
        if known is None:
            if len(self._traces) >= _KEPT_ANSWERS:
                self._traces.clear()
            text, values = self._of_traces[number]
            statement = f"SELECT EXISTS (SELECT 1 FROM spans o WHERE o.trace = ? AND {text})"
            known = bool(self._connection.execute(statement, (trace, *values)).fetchone()[0])
            self._traces[number, trace] = known
        return known

    def _value_holds(self, number: int, value: Scalar | None) -> bool:
        return value is not None and self._tests[number](value)


def holds(leaf: Leaf, test: Callable[[Scalar], bool], contents: Contents) -> bool:
    """Whether a condition holds for a span."""
    match leaf:
        case Words(text, whole, within):
            if within is None:
                if whole:
                    return any(test(text) for _, text in contents.texts())
                return test("\n".join(text for _, text in contents.texts()))
            if whole or len(words(text)) == 1:
                return any(map(test, contents.each(within)))
            return test("\n".join(map(str, contents.values(within))))
        case Has(Attribute(key)):
            return lookup.has(contents.attributes, key)
        case _:
            return any(map(test, contents.values(leaf.operand)))
