"""What completion says of the place of the cursor, marked `|` in these texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.query.complete import Candidate, Slot, accepted, complete
from tracetui.query.fields import FIELDS
from tracetui.query.parser import parse
from tracetui.store.conditions import Attribute, SpanField


def at(marked: str) -> tuple[str, int]:
    before, _, after = marked.partition("|")
    return before + after, len(before)


@pytest.mark.parametrize(
    ("marked", "slot", "piece", "prefix"),
    [
        ("|", Slot.TERM, "", ""),
        ("ki|", Slot.TERM, "ki", "ki"),
        ("k|i x", Slot.TERM, "ki", "k"),
        ("kind:LLM |", Slot.TERM, "", ""),
        ("kind:LLM st|", Slot.TERM, "st", "st"),
        ("-|", Slot.TERM, "", ""),
        ("-st|", Slot.TERM, "st", "st"),
        ("(|", Slot.TERM, "", ""),
        ("{ki|", Slot.TERM, "ki", "ki"),
        ("{kind:TOOL} >> {na|", Slot.TERM, "na", "na"),
        ("a OR b NOT |", Slot.TERM, "", ""),
        ("http.ro|", Slot.TERM, "http.ro", "http.ro"),
        ("@ht|", Slot.TERM, "@ht", "ht"),
        ("@|", Slot.TERM, "@", ""),
        ("dur|>5s", Slot.KEY, "dur", "dur"),
        ("has:|", Slot.KEY, "", ""),
        ("has:to|", Slot.KEY, "to", "to"),
        ("has:(tool OR ag|", Slot.KEY, "ag", "ag"),
        ("kind:|", Slot.VALUE, "", ""),
        ("kind: |", Slot.VALUE, "", ""),
        ("kind:L|", Slot.VALUE, "L", "L"),
        ("kind:|LLM x", Slot.VALUE, "LLM", ""),
        ("kind:L|LM x", Slot.VALUE, "LLM", "L"),
        ('name:"a b|', Slot.VALUE, '"a b', "a b"),
        ('name:"a|b" c', Slot.VALUE, '"ab"', "a"),
        ('name:"a| kind:LLM', Slot.VALUE, '"a', "a"),
        (r"name:a\ b|", Slot.VALUE, r"a\ b", "a b"),
        ("name:ch*|", Slot.VALUE, "ch*", "ch*"),
        ("service:(|", Slot.VALUE, "", ""),
        ("service:(api OR w|", Slot.VALUE, "w", "w"),
        ("service:(a|) x", Slot.VALUE, "a", "a"),
        ("service:(api |", Slot.KEYWORD, "", ""),
        ("tokens>|", Slot.VALUE, "", ""),
        ("{kind:|", Slot.VALUE, "", ""),
        ("wrong) ((( kind:|", Slot.VALUE, "", ""),
        ("modle:x kind:|", Slot.VALUE, "", ""),
        ('"phrase|', Slot.NOTHING, "", ""),
        ('"phrase"|', Slot.NOTHING, "", ""),
        ("(kind:LLM)|", Slot.NOTHING, "", ""),
        ('name:"a"|', Slot.NOTHING, "", ""),
    ],
)
def test_slot_piece_and_prefix(marked: str, slot: Slot, piece: str, prefix: str) -> None:
    text, cursor = at(marked)
    found = complete(text, cursor)
    assert (found.slot, text[found.start : found.end], found.prefix) == (slot, piece, prefix)


@pytest.mark.parametrize(
    ("marked", "first"),
    [
        ("|", ["kind:", "name:", "status:"]),
        ("ki|", ["kind:"]),
        ("KI|", ["kind:"]),
        ("late|", ["duration>"]),
        ("tokens|", ["tokens>", "tokens>=", "tokens<", "tokens<=", "tokens:", "tokens.input>"]),
        ("cache|", ["tokens.cache_read>", "tokens.cache_write>"]),
        ("ha|", ["has:"]),
        ("O|", ["output:", "otel_kind:", "tokens.output>", "trace.tokens.output>", "OR"]),
        ("a NO|", ["NOT"]),
        ("dur|>5s", ["duration", "trace.duration"]),
        ("has:se|", ["service", "session", "trace.service", "trace.session"]),
        ("kind:|", ["LLM", "CHAIN", "AGENT"]),
        ("kind:t|", ["TOOL"]),
        ("status:(error OR u|", ["unset"]),
        ("root:|", ["true", "false"]),
        ("duration>|", ["100ms", "500ms"]),
        ("start>-|", ["-15m", "-1h", "-1d", "-1w"]),
        ("model:|", []),
        ("@kind:|", []),
        ("service:(api |", ["OR"]),
    ],
)
def test_what_the_language_offers(marked: str, first: list[str]) -> None:
    offered = [candidate.text for candidate in complete(*at(marked)).candidates]
    assert offered[: len(first)] == first
    assert first or not offered


def test_a_value_knows_whose_it_is() -> None:
    assert complete(*at("model:g|")).operand is SpanField.MODEL
    assert complete(*at("Http.route:/|")).operand == Attribute("Http.route")
    assert complete(*at("resource.host.name:(a OR |")).operand == Attribute("host.name", of_resource=True)
    assert complete(*at("modle:g|")).operand is None


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_is_offered_with_its_help(field: object) -> None:
    names = {candidate.text.rstrip(":<>="): candidate.help for candidate in complete("", 0).candidates}
    assert [each for each in FIELDS if names.get(each.name) != each.help] == []


@pytest.mark.parametrize(
    ("marked", "value", "becomes"),
    [
        ("model:g|", "gpt-4o", "model:gpt-4o|"),
        ("name:ch| x", "chat gpt-4o", 'name:"chat gpt-4o"| x'),
        ('name:"cha|t" x', "chat now", 'name:"chat now"| x'),
        ("name:|", 'say "hi"\n*', r'name:"say \"hi\"\n*"|'),
        ("name:|", "1..5", 'name:"1..5"|'),
        ("service:(a| OR b)", "a(b", 'service:("a(b"| OR b)'),
    ],
)
def test_a_value_of_the_data_is_spelled_for_its_place(marked: str, value: str, becomes: str) -> None:
    text, cursor = at(marked)
    found = complete(text, cursor)
    after, moved = accepted(text, found, found.value(value))
    assert (after, moved) == at(becomes)
    assert parse(after) is not None


@pytest.mark.parametrize(
    ("marked", "key", "becomes"),
    [
        ("http.ro|", Attribute("http.route"), "http.route:|"),
        ("mo|", Attribute("model"), "@model:|"),
        ("we|", Attribute("weird key"), '@"weird key":|'),
        ("ho|", Attribute("host.name", of_resource=True), "resource.host.name:|"),
        ("has:|", Attribute("a b", of_resource=True), 'has:resource."a b"|'),
        ("tr|", Attribute("trace.id"), "@trace.id:|"),
        ("ht|>5", Attribute("http.size"), "http.size|>5"),
    ],
)
def test_a_key_of_the_data_is_spelled_for_its_place(marked: str, key: Attribute, becomes: str) -> None:
    text, cursor = at(marked)
    found = complete(text, cursor)
    assert accepted(text, found, found.key(key)) == at(becomes)


@given(st.text('ab:=<>~!|&-*\\"@ (){}.ORNT1', max_size=30), st.integers(0, 30))
def test_any_text_and_cursor_have_an_answer(text: str, cursor: int) -> None:
    cursor = min(cursor, len(text))
    found = complete(text, cursor)
    assert 0 <= found.start <= cursor <= found.end <= len(text)
    for candidate in (*found.candidates, Candidate("x", "")):
        after, moved = accepted(text, found, candidate)
        assert after[:moved].endswith(candidate.text)
        assert after.startswith(text[: found.start]) and after.endswith(text[found.end :])
