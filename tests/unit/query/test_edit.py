"""Terms put into a query and taken out, with the rest left as it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.query.compile import compile_query
from tracetui.query.edit import has_term, negated, term_for, toggle, with_term, without_term
from tracetui.query.parser import parse
from tracetui.store.conditions import And, Attribute, Equals, SpanField, TraceField


@pytest.mark.parametrize(
    ("text", "term", "becomes"),
    [
        ("", "kind:LLM", "kind:LLM"),
        ("  ", "kind:LLM", "kind:LLM"),
        ("refund", "kind:LLM", "refund kind:LLM"),
        ("refund   policy ", "kind:LLM", "refund   policy kind:LLM"),
        ("a OR b", "kind:LLM", "(a OR b) kind:LLM"),
        ("(a OR b) c", "kind:LLM", "(a OR b) c kind:LLM"),
        ("Kind=llm  x", "kind:LLM", "Kind=llm  x"),
        ("x -kind:LLM", "kind:LLM", "x kind:LLM"),
        ("x kind:LLM", "-kind:LLM", "x -kind:LLM"),
        ("kind:", "status:error", "kind: status:error"),
    ],
)
def test_a_term_is_added(text: str, term: str, becomes: str) -> None:
    assert with_term(text, term) == becomes


@pytest.mark.parametrize(
    ("text", "term", "becomes"),
    [
        ("kind:LLM", "kind:LLM", ""),
        ("a kind:LLM b", "kind:LLM", "a b"),
        ("a AND kind:llm AND b", "kind:LLM", "a b"),
        ("(kind:LLM) b", "kind:LLM", "b"),
        ("a OR kind:LLM", "kind:LLM", "a OR kind:LLM"),
        ("a  (b OR kind:LLM)", "kind:LLM", "a  (b OR kind:LLM)"),
        ('"x y"  name:"a b" (c OR d)', 'name:"a b"', '"x y" (c OR d)'),
        ("kind:", "kind:LLM", "kind:"),
    ],
)
def test_a_term_is_removed(text: str, term: str, becomes: str) -> None:
    assert without_term(text, term) == becomes


def test_a_toggle_turns_on_and_off() -> None:
    assert toggle("x", "start>-15m") == "x start>-15m"
    assert toggle("x start>-15m", "start>-15m") == "x"
    assert has_term("x start > -15m", "start>-15m")
    assert not has_term("x OR start>-15m", "start>-15m")


def test_a_term_and_its_opposite() -> None:
    assert negated("kind:LLM") == "-kind:LLM"
    assert negated("-kind:LLM") == "kind:LLM"


OPERANDS = st.sampled_from([SpanField.NAME, SpanField.MODEL, TraceField.SERVICE, SpanField.SESSION]) | st.builds(
    Attribute, st.text(max_size=6) | st.sampled_from(["model", "http.route", "trace.x", "resource.a"]), st.booleans()
)


@given(OPERANDS, st.text(max_size=8))
def test_a_term_for_a_value_asks_for_just_that(operand: SpanField | TraceField | Attribute, value: str) -> None:
    term = term_for(operand, value)
    for text in (term, with_term("a OR b", term)):
        node = parse(text)
        assert node is not None
        found = compile_query(node, text, now_nano=0)
        if text != term:
            assert isinstance(found, And)
            found = found.conditions[1]
        assert found == Equals(operand, value)


def test_a_term_for_a_number() -> None:
    assert term_for(SpanField.TOKENS, 12) == "tokens:12"
    assert term_for(Attribute("model"), "two words") == '@model:"two words"'
