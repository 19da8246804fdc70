"""How a condition is searched for: what the index is asked, what is then asked of each span it names, and of traces."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from tracetui.model.words import words
from tracetui.store.conditions import (
    And,
    Between,
    Compare,
    Comparison,
    Condition,
    Equals,
    Has,
    HasAncestor,
    HasParent,
    InTrace,
    Like,
    Matches,
    Not,
    Or,
    SpanField,
    TraceField,
    TraceHas,
    Words,
)
from tracetui.store.sqlite.search.bounds import Bounds, Known, bounds_of
from tracetui.store.sqlite.search.contents import SpanTests
from tracetui.store.sqlite.search.expression import (
    ALL,
    NONE,
    Expression,
    Term,
    beginnings,
    loosened,
    matched,
    spelled_out,
)
from tracetui.store.sqlite.search.glance import Glance
from tracetui.store.sqlite.search.reach import Descent, Reach, Sides, anywhere, everywhere
from tracetui.store.sqlite.search.records import Records
from tracetui.store.sqlite.search.sql import ALWAYS, Sql, both
from tracetui.store.sqlite.search.statement import Statements
from tracetui.store.sqlite.search.vocabulary import terms_from

FEW = 3_000
"""Spans that are looked at without further ado: reading their rows takes some 15 ms."""

_FEW_TRACES = 300
"""Traces whose spans are looked at without asking the index."""

_RARE_WORD = 9
"""Characters of a word from which on it is likely to be a rare one."""

_MOST_OF_ONE, _MOST_WORDS, _MOST_TO_COUNT = 400, 800, 8
"""Words that stand in the place of one beginning, of all of a question, and of one beginning in a count. To find a
hundred takes 4 ms."""

_COUNT_STARTS = (
    "SELECT count(*) FROM (SELECT 1 FROM traces INDEXED BY traces_by_start"
    f" WHERE start_time_unix_nano BETWEEN ? AND ? LIMIT {FEW + 1})"
)


@dataclass(frozen=True)
class Plan:
    """How one condition is searched for."""

    bounds: Bounds
    """What the index says of it."""
    residual: Sql
    """What is asked of each span that the index names, over `spans s`."""
    whole: Sql
    """The condition itself, over `spans s`."""
    traces: Sql
    """What holds for every trace that matches, over `traces t`."""
    of_traces: bool
    """Whether that is all there is to it."""
    is_glanced: bool = False
    """Whether a look at a span's bytes tells whether it can hold the words."""
    glances: tuple[Glance, ...] = ()
    """Looks at the bytes of a span that the index names: for one that matches each leaves that open."""
    names_traces: bool = False
    """Whether the traces that come into question are named one by one, so that they are found all at once."""
    descents: tuple[Descent, ...] = ()
    """Ways down from a span above, each to all spans that match, and perhaps to others."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing can match."""
        return self.bounds.possible == NONE

    @property
    def match(self) -> str | None:
        """What the index is asked; None where it knows nothing, or names every span."""
        return None if self.bounds.possible in (ALL, NONE) else matched(self.bounds.possible)

    @property
    def certain(self) -> str | None:
        """What the index is asked for spans that need not be looked at; None where it cannot name them."""
        return None if self.bounds.certain in (ALL, NONE) else matched(self.bounds.certain)

    @property
    def has_beginnings(self) -> bool:
        """Whether the index would bring together the spans of all words that start so: it may take long."""
        return bool(beginnings(self.bounds.possible))

    @property
    def loose(self) -> str | None:
        """What the index is asked without the beginnings of words but one, that of the longest; None without others."""
        found = sorted(beginnings(self.bounds.possible), key=lambda term: len(term.text))
        if not found or len(found[-1].text) < _RARE_WORD:
            return None
        wider = loosened(self.bounds.possible, found[-1])
        return None if wider in (ALL, NONE, self.bounds.possible) else matched(wider)

    @property
    def doubtful(self) -> str | None:
        """What the index is asked for those that have to be looked at."""
        if self.match is None or self.certain is None:
            return self.match
        return f"({self.match} NOT {self.certain})"


class Planner:
    """Makes plans for one connection, one at a time: a plan holds until the next is made."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tests = SpanTests(connection)
        self.records = Records(connection)
        self._most_of_one = _MOST_OF_ONE
        self._words: dict[str, Sequence[str]] = {}
        """Words by what they begin with, in the plan at hand."""
        self._sides = Sides(connection)
        self._known = Known(self.records.ids, self._is_short)
        self._statements = Statements(
            self.records.ids, self._tests.number, self._tests.trace_number, self._sides.has_pending
        )

    @property
    def tests(self) -> SpanTests:
        """What the plan at hand asks of spans' bytes."""
        return self._tests

    def plan(self, condition: Condition, *, to_count: bool = False) -> Plan:
        """How a condition is searched for.

        Args:
            condition: The condition.
            to_count: Whether all spans are to be found, not the latest first: those of many words that begin so the
                index brings together faster than it goes along each word's.

        Raises:
            UsageError: A regular expression is none.
        """
        self._tests.clear()
        self._words.clear()
        self._most_of_one = _MOST_TO_COUNT if to_count else _MOST_OF_ONE
        condition = without_repeats(condition)
        bounds = bounds_of(condition, self._known)
        self._sides.clear()
        reach = self._reach(condition)
        return Plan(
            Bounds(self._spelled_out(bounds.certain), self._spelled_out(bounds.possible)),
            self._residual(condition),
            self._statements.of_span(condition),
            reach.sql,
            is_of_traces(condition),
            self._tests.are_glanced,
            tuple(self._glances(condition)),
            reach.traces is not None,
            tuple(self._descents(condition)),
        )

    def _glances(self, condition: Condition) -> Iterable[Glance]:
        """Looks at a span's bytes that all have to leave it open that the residual holds."""
        if isinstance(condition, And):
            for each in condition.conditions:
                yield from self._glances(each)
        elif isinstance(condition, Words) and not bounds_of(condition, self._known).is_exact:
            if condition.within is not None and len(words(condition.text)) == 1:
                return  # the index has named those that hold it
            glance = self._tests.glance(condition)
            if glance is not None:
                yield glance

    def _spelled_out(self, asked: Expression) -> Expression:
        return spelled_out(asked, self._words_from)

    def _words_from(self, beginning: Term) -> Sequence[str]:
        """All words that begin so, where they are few."""
        found = self._words.get(beginning.text)
        if found is None:
            most = min(_MOST_WORDS - sum(map(len, self._words.values())), self._most_of_one)
            found = list(islice(terms_from(self._connection, beginning.text), most + 1))
            found = self._words[beginning.text] = [] if len(found) > most else found
        return found

    def _is_short(self, first: int, last: int) -> bool:
        """Whether few traces start within a time; the spans that start in it are some of theirs, or of longer ones."""
        return bool(self._connection.execute(_COUNT_STARTS, (first, last)).fetchone()[0] <= FEW)

    def _residual(self, condition: Condition) -> Sql:
        """What is left of a condition once the index has named the spans for which it may hold."""
        if bounds_of(condition, self._known).is_exact:
            return ALWAYS
        if isinstance(condition, And):
            return both([self._residual(each) for each in condition.conditions])
        return self._statements.of_span(condition)

    def _reach(self, condition: Condition) -> Reach:
        """What is known of every trace with a span for which a condition holds."""
        if is_of_traces(condition):
            return Reach(where=self._statements.of_trace(condition))
        match condition:
            case And(conditions):
                return everywhere(list(self._reaches(conditions)))
            case Or(conditions):
                return anywhere(list(map(self._reach, conditions)))
            case Compare(SpanField.START, Comparison.LESS | Comparison.AT_MOST | Comparison.EQUAL, number):
                # a pending span counts nowhere, not even in when its trace began
                latest = min(number, 2**63 - 1)
                return Reach(where=Sql("(t.start_time_unix_nano <= ? OR t.pending_count > 0)", (latest,)))
            case HasParent(other) | HasAncestor(other) | TraceHas(other):
                return everywhere([self._sides.traces_with(bounds_of(other, self._known)), self._reach(other)])
            case _:
                return Reach()

    def _reaches(self, conditions: Sequence[Condition]) -> Iterable[Reach]:
        """What is known of every trace with a span for which all of these hold."""
        rest = _itself(conditions)
        if len(rest.conditions) == len(conditions):
            yield from map(self._reach, conditions)
            return
        bounds = bounds_of(rest, self._known)
        yield self._sides.traces_with(bounds)
        for each in conditions:
            if isinstance(each, HasParent | HasAncestor) and self._sides.are_many(bounds):
                above = bounds_of(each.condition, self._known)
                where, directly = self._statements.of_span(rest, "c"), isinstance(each, HasParent)
                below = self._sides.traces_below(above, where, directly=directly)
                if below.traces is not None:
                    yield everywhere([below, self._reach(each.condition)])
                    continue
            yield self._reach(each)

    def _descents(self, condition: Condition) -> Iterable[Descent]:
        """Ways down to a span that is asked for itself, where that spares looking up from each."""
        if not isinstance(condition, And) or self._sides.has_pending():
            return
        where = self._statements.of_span(_itself(condition.conditions), "c")
        for each in condition.conditions:
            if isinstance(each, HasParent | HasAncestor) and "span_holds" not in where.text:
                above = bounds_of(each.condition, self._known).possible
                if above not in (ALL, NONE):
                    yield Descent(matched(self._spelled_out(above)), where, isinstance(each, HasParent))


def _itself(conditions: Iterable[Condition]) -> And:
    """What is asked of a span itself, not of those around it."""
    return And(tuple(each for each in conditions if not isinstance(each, HasParent | HasAncestor | TraceHas)))


def without_repeats(condition: Condition) -> Condition:
    """The same condition with each part of an `And` or `Or` once: SQLite prepares many in quadratic time."""
    match condition:
        case And(conditions):
            return _once(And, conditions)
        case Or(conditions):
            return _once(Or, conditions)
        case Not(negated):
            return Not(without_repeats(negated))
        case _:
            return condition


def _once(kind: type[And] | type[Or], conditions: Sequence[Condition]) -> Condition:
    parts = tuple(dict.fromkeys(map(without_repeats, conditions)))
    return parts[0] if len(parts) == 1 else kind(parts)


def are_few(connection: sqlite3.Connection, plan: Plan) -> bool:
    """Whether so few traces come into question that the index need not be asked for their spans."""
    if plan.traces.is_always:
        return False
    text, values = plan.traces
    statement = f"SELECT count(*) FROM (SELECT 1 FROM traces t WHERE {text} LIMIT {_FEW_TRACES + 1})"
    return bool(connection.execute(statement, values).fetchone()[0] <= _FEW_TRACES)


def is_of_traces(condition: Condition) -> bool:
    """Whether a condition is one on the whole trace alone."""
    match condition:
        case And(conditions) | Or(conditions):
            return bool(conditions) and all(map(is_of_traces, conditions))
        case Not(negated):
            return is_of_traces(negated)
        case InTrace():
            return True
        case Equals() | Like() | Matches() | Compare() | Between() | Has():
            return isinstance(condition.operand, TraceField) or condition.operand is SpanField.TRACE
        case _:
            return False
