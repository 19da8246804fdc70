"""The terms of a query, and the term for what is under the cursor."""

from __future__ import annotations

import pytest

from tests.support import travel
from tracetui import semconv
from tracetui.model.chat import NormalisedSpan
from tracetui.otlp import decode
from tracetui.otlp.wire import Signal
from tracetui.query import compile_text
from tracetui.receivers.incoming import read_request
from tracetui.store.conditions import Like, SpanField
from tracetui.tui.render.details import TABS, Opened, render_tab
from tracetui.tui.render.flow import DocumentLine
from tracetui.tui.terms import hint_of, terms_of
from tracetui.tui.theme import DARK_PALETTE
from tracetui.tui.values import term_of_line


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("kind:LLM refund -status:error", ["kind:LLM", "refund", "-status:error"]),
        ('"two words"  model:(a OR b)', ['"two words"', "model:(a OR b)"]),
        ("a OR b", ["a OR b"]),
        ("{kind:AGENT} >> {kind:TOOL status:error}", ["{kind:AGENT}", "{kind:TOOL status:error}"]),
        ("tokens>x", []),
        ("", []),
    ],
)
def test_the_terms_are_those_that_all_had_to_hold(text: str, terms: list[str]) -> None:
    assert list(terms_of(text, 0)) == terms


WHOLE = "A field asks for its whole value; "
BEGINNING = "The beginning of a word is enough, from three letters on."
QUOTED = "Words in quotes are asked for whole, side by side and in this order."


@pytest.mark.parametrize(
    ("term", "hint"),
    [
        ("refun", BEGINNING),
        ("input:refun", BEGINNING),
        ('"refund pol"', QUOTED),
        ('output:"cannot hel"', QUOTED),
        ("service:wide", f"{WHOLE}service:wide* asks for its beginning."),
        ("model=gpt", f"{WHOLE}model=gpt* asks for its beginning."),
        ("model:(gpt OR claude)", f"{WHOLE}model:gpt* asks for its beginning."),
        ("model:gpt OR service:wide", f"{WHOLE}model:gpt* asks for its beginning."),
        ("http.route:/users", f"{WHOLE}http.route:/users* asks for its beginning."),
        ('name:"chat gpt"', f"{WHOLE}without quotes, * stands for anything."),
        (f"name:{'x' * 200}", f"{WHOLE}without quotes, * stands for anything."),
        ("service:wide*", ""),
        ("kind:LLM", ""),
        ("trace:76e3", ""),
        ("tokens>10k", ""),
        ("-status:error", ""),
        ("model~gpt", ""),
        ("has:tool", ""),
        ("{kind:AGENT}", ""),
    ],
)
def test_the_hint_says_how_a_term_could_find_more(term: str, hint: str) -> None:
    assert compile_text(term, now_nano=0) is not None
    assert hint_of(term) == hint


def test_the_hint_is_a_term_of_the_language() -> None:
    wider = hint_of("service:wide").removeprefix(WHOLE).split()[0]
    assert compile_text(wider, now_nano=0) == Like(SpanField.SERVICE, ("wide", ""))


@pytest.fixture(scope="module")
def opened() -> list[Opened]:
    """The spans of the travel agent's trace."""
    batch = read_request(Signal.TRACES, travel.request(), is_json=True).batch
    resource = batch.resources[0]
    found: list[NormalisedSpan] = []
    for span in batch.spans:
        scope = batch.scopes[span.scope_index]
        found.append(
            semconv.normalise(
                decode.span(
                    span.data,
                    decode.resource(resource.data, resource.schema_url),
                    decode.scope(scope.data, scope.schema_url),
                ),
                (),
            )
        )
    return [Opened(one, None) for one in found]


def lines(opened: Opened) -> list[DocumentLine]:
    return [line for tab in TABS for line in render_tab(tab, opened, 100, DARK_PALETTE).lines]


def test_every_line_gives_a_term_that_the_language_reads(opened: list[Opened]) -> None:
    terms = {term for one in opened for line in lines(one) if (term := term_of_line(one, line))}
    assert len(terms) > 40
    for term in terms:
        assert compile_text(term, now_nano=0) is not None, term


def test_fields_attributes_and_texts_give_their_own_terms(opened: list[Opened]) -> None:
    terms = {term for one in opened for line in lines(one) if (term := term_of_line(one, line))}
    tools = [one for one in opened if one.normalised.tool]
    assert tools and f"tool:{tools[0].normalised.tool.name}" in terms  # type: ignore[union-attr]
    assert any(term.startswith("name:") for term in terms)
    assert any(term.startswith("resource.service.name:") for term in terms)
    assert any(term.startswith('input:"') for term in terms)
    assert any(term.startswith("tokens.input:") for term in terms)
    assert any(term.startswith("gen_ai.request.model:") for term in terms)
