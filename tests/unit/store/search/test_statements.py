"""What conditions become: statements as they stand, and hostile text that only ever is a value."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracetui.store import terms
from tracetui.store.conditions import (
    And,
    Attribute,
    Compare,
    Comparison,
    Condition,
    Equals,
    Has,
    HasAncestor,
    HasParent,
    Like,
    Matches,
    Not,
    Operand,
    Or,
    SpanField,
    TraceField,
    TraceHas,
    Words,
)
from tracetui.store.sqlite import SqliteReader, SqliteWriter
from tracetui.store.sqlite.search.plan import Plan, Planner


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planner]:
    path = tmp_path_factory.mktemp("statements") / "a.db"
    SqliteWriter(path).close()
    reader = SqliteReader(path)
    yield Planner(reader._connection)
    reader.close()


def shown(plan: Plan) -> list[str]:
    """What the index is asked, what of each span it names, and what of traces; private characters as `·`."""
    index = "everything" if plan.match is None else plan.match
    for character in (terms.value("", "")[:1], *"\ue100\ue101\ue102\ue103\ue104\ue105\ue106"):
        index = index.replace(character, "·")
    return [
        "nothing" if plan.is_empty else index,
        f"{plan.residual.text} {list(plan.residual.values)}",
        f"{plan.traces.text} {list(plan.traces.values)}",
    ]


GOLDEN: list[tuple[Condition, list[str]]] = [
    (Words("Refund policy"), ['("refund" AND "policy" *)', "1 []", "1 []"]),
    (Words("re"), ['"re"', "1 []", "1 []"]),
    (Words("Refund policy", whole=True), ['("refund" AND "policy")', "span_holds(?, s.id) [0]", "1 []"]),
    (Words("refund", whole=True), ['"refund"', "1 []", "1 []"]),
    (Words("..."), ["nothing", "1 []", "1 []"]),
    (
        Words("refund", within=SpanField.ERROR),
        ['"·error·refund" *', "span_holds(?, s.id) [0]", "1 []"],
    ),
    (
        Equals(SpanField.SPAN, "00F067AA0BA902B7"),
        [
            '"\ue10800f"',
            "CASE WHEN s.span_id IS NULL THEN 0 "
            "WHEN length(s.span_id) = length(CAST(s.span_id AS BLOB)) THEN s.span_id = ? COLLATE NOCASE"
            " ELSE value_holds(?, s.span_id) END ['00f067aa0ba902b7', 0]",
            "1 []",
        ],
    ),
    (Equals(SpanField.MODEL, "GPT-4o"), ['"·model·gpt\ue02d4o"', "1 []", "1 []"]),
    (Equals(Attribute("http.status"), "500"), ['"\ue040http\ue02estatus·500"', "1 []", "1 []"]),
    (
        Like(SpanField.MODEL, ("gpt-4", "")),
        [
            '("·model·gpt\ue02d4" * OR ("·model·" AND "gpt"))',
            "CASE WHEN nullif(s.model, '') IS NULL THEN 0 "
            "WHEN length(nullif(s.model, '')) = length(CAST(nullif(s.model, '') AS BLOB))"
            " THEN nullif(s.model, '') LIKE ? ESCAPE '\\' ELSE value_holds(?, nullif(s.model, '')) END ['gpt-4%', 0]",
            "1 []",
        ],
    ),
    (
        And((Words("refund"), Compare(SpanField.TOKENS_INPUT, Comparison.EQUAL, 7))),
        [f'("refund" * AND "·tokens\ue02einput·{terms.size_of(7):x}")', "ifnull(s.input_tokens = ?, 0) [7]", "1 []"],
    ),
    (Not(Equals(SpanField.KIND, "LLM")), ['("\ue000" NOT "·kind·llm")', "1 []", "1 []"]),
    (
        And((Words("refund"), Not(Words("late")))),
        ['("refund" * NOT "late" *)', "1 []", "1 []"],
    ),
    (Or((Words("refund"), Has(SpanField.TOOL))), ['("refund" * OR "·tool·")', "1 []", "1 []"]),
    (
        Compare(TraceField.SPANS, Comparison.MORE, 9),
        [
            "everything",
            "EXISTS (SELECT 1 FROM traces t WHERE t.id = s.trace AND ifnull(t.span_count > ?, 0)) [9]",
            "ifnull(t.span_count > ?, 0) [9]",
        ],
    ),
    (
        HasParent(Equals(SpanField.KIND, "AGENT")),
        [
            "everything",
            "(s.parent_span_id <> '' AND EXISTS (SELECT 1 FROM (SELECT id FROM spans"
            " WHERE trace = s.trace AND span_id = s.parent_span_id) u"
            " CROSS JOIN spans sp ON sp.id = u.id WHERE sp.id <> s.id"
            " AND CASE WHEN nullif(sp.kind, '') IS NULL THEN 0 "
            "WHEN length(nullif(sp.kind, '')) = length(CAST(nullif(sp.kind, '') AS BLOB))"
            " THEN nullif(sp.kind, '') = ? COLLATE NOCASE ELSE value_holds(?, nullif(sp.kind, '')) END)) ['agent', 0]",
            "t.id IN (SELECT value FROM json_each(?)) ['[]']",
        ],
    ),
    (
        TraceHas(Words("refund")),
        ["everything", "trace_holds(?, s.trace) [0]", "t.id IN (SELECT value FROM json_each(?)) ['[]']"],
    ),
]


@pytest.mark.parametrize(("condition", "expected"), GOLDEN, ids=lambda value: type(value).__name__)
def test_statements(planner: Planner, condition: Condition, expected: list[str]) -> None:
    assert shown(planner.plan(condition)) == expected


HOSTILE = [
    "'; DROP TABLE spans; --",
    '" OR 1=1 --',
    '") OR ("',
    "NEAR(a b)",
    "a* OR b",
    "terms : x",
    "^a",
    "{a}",
    "\0",
    "%_\\",
    "\ud800",
    "\ue000",
    "\ue105kind\ue100llm",
    "x" * 100_000,
    "( " * 5_000,
    "?1, ?2",
]
OPERANDS: list[Operand] = [
    SpanField.NAME,
    SpanField.TRACE,
    SpanField.INPUT,
    SpanField.SERVICE,
    TraceField.NAME,
    TraceField.MODEL,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_a_value_and_nothing_else(tmp_path: Path, text: str) -> None:
    SqliteWriter(tmp_path / "a.db").close()
    reader = SqliteReader(tmp_path / "a.db")
    operands: list[Operand] = [*OPERANDS, Attribute(text), Attribute(text, of_resource=True)]
    conditions: list[Condition] = [Words(text), Words(text, whole=True), Words(text, within=SpanField.INPUT)]
    for operand in operands:
        conditions += [Equals(operand, text), Like(operand, (text, text)), Like(operand, ("", text, "")), Has(operand)]
    for condition in conditions:
        for asked in (condition, Not(condition), HasAncestor(condition), TraceHas(condition)):
            assert reader.traces(asked) == []
            assert reader.count_spans(asked) == 0
            assert not any(text in statement for statement in statements_of(reader, asked) if len(text) > 1)
    reader.close()


def statements_of(reader: SqliteReader, condition: Condition) -> list[str]:
    """The text of what a plan would run, without its values."""
    plan = Planner(reader._connection).plan(condition)
    return [plan.residual.text, plan.whole.text, plan.traces.text]


@pytest.mark.parametrize("many", [And, Or])
def test_a_thousand_terms_are_a_search(tmp_path: Path, many: type[And | Or]) -> None:
    SqliteWriter(tmp_path / "a.db").close()
    reader = SqliteReader(tmp_path / "a.db")
    leaves = tuple(Matches(SpanField.NAME, f"x{number}") for number in range(1_000))
    assert reader.traces(many(leaves)) == []
    assert reader.count_traces(many(tuple(Words(f"word{number}") for number in range(3_000)))) == 0
    reader.close()


def test_conditions_deep_inside_one_another_are_a_search(tmp_path: Path) -> None:
    SqliteWriter(tmp_path / "a.db").close()
    reader = SqliteReader(tmp_path / "a.db")
    deep: Condition = Words("x")
    for number in range(60):
        deep = Or((And((deep, Words(f"w{number}"))), Not(Words(f"v{number}"))))
    assert reader.traces(deep) == []
    reader.close()


def test_a_plan_does_not_outlive_its_search(planner: Planner) -> None:
    for number in range(3):
        plan = planner.plan(Matches(SpanField.NAME, f"x{number}"))
        assert plan.whole.values == (0,), "numbers begin anew, so that statements stay prepared"


def test_sqlite_is_not_told_values_by_mistake(planner: Planner) -> None:
    plan = planner.plan(Equals(SpanField.NAME, "it's"))
    assert "it's" not in plan.whole.text
    assert sqlite3.complete_statement(f"SELECT 1 WHERE {plan.whole.text};")
