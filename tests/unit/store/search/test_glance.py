"""A look at a span's bytes may find too much, never too little."""

from __future__ import annotations

import re
import sys
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tracetui.model.words import plain, words
from tracetui.otlp import decode
from tracetui.store.conditions import Equals, SpanField, Words
from tracetui.store.document import searched_texts
from tracetui.store.sqlite.search import values
from tracetui.store.sqlite.search.glance import SEVERAL, Glance, glance_of

ASKED = ("refund", "late", "Late answer", "to", "please to", "answer late refund", "kcal", "ss")


def glance(text: str, *, whole: bool) -> Glance:
    found = glance_of(Words(text, whole))
    assert found is not None
    return found


def holds(text: str, data: bytes, *, whole: bool) -> bool:
    """What a search says of a span, from reading all of it."""
    test = values.test_of(Words(text, whole))
    texts = [found for _, found in searched_texts(decode.span(data))]
    return any(map(test, texts)) if whole else test("\n".join(texts))


LETTERS = {
    "a": "aAáÀａ\u0250𝐚Ⓐ",
    "e": "eEéÈｅ𝓔",
    "t": "tTťＴ𝕥",
    "l": "lLĺ㎖",
    "s": "sSšſ",
}


@st.composite
def odd(draw: st.DrawFn, word: str) -> str:
    """A word as somebody may spell it."""
    spelled = "".join(draw(st.sampled_from(LETTERS.get(letter, letter + letter.upper()))) for letter in word)
    spelled = draw(
        st.sampled_from((spelled, spelled + "\u0301", spelled.replace("ss", "ß"), spelled.replace("kcal", "㎉")))
    )
    if draw(st.booleans()):
        spelled = "".join(
            f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 and draw(st.booleans()) else letter for letter in spelled
        )
    return spelled


GAPS = st.sampled_from(
    (" ", ", ", "_", "\\n", "\n", "\\u2014", "—", "\\\\n", '","', "", "x", "0", "J", "p", "z\x02\x18")
)
PIECES = st.one_of(
    *(odd(word) for word in ("late", "answer", "refund", "to", "please", "kcal", "ss")), st.text(max_size=4)
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.tuples(PIECES, GAPS), max_size=6))
    padding = "·" * draw(st.sampled_from((0, 0, 0, 60, 95, 120, 130)))
    return "".join(piece + gap for piece, gap in parts) + padding


@st.composite
def spans(draw: st.DrawFn) -> bytes:
    def value(depth: int = 0) -> AnyValue:
        kind = draw(st.sampled_from(("string", "array", "map"))) if depth < 2 else "string"
        if kind == "array":
            return AnyValue(array_value=ArrayValue(values=[value(depth + 1) for _ in range(draw(st.integers(0, 2)))]))
        if kind == "map":
            pairs = [KeyValue(key=draw(texts()), value=value(depth + 1)) for _ in range(draw(st.integers(0, 2)))]
            return AnyValue(kvlist_value=KeyValueList(values=pairs))
        return AnyValue(string_value=draw(texts()))

    message = Span(
        trace_id=b"\1" + draw(st.binary(min_size=15, max_size=15)),
        span_id=b"\1" + draw(st.binary(min_size=7, max_size=7)),
        name=draw(texts()),
        kind=draw(st.sampled_from((0, 1, 3))),  # type: ignore[arg-type]
        start_time_unix_nano=draw(st.sampled_from((0, 1_700_000_000_000_000_000))),
        attributes=[KeyValue(key="k", value=value()) for _ in range(draw(st.integers(0, 2)))],
        dropped_attributes_count=draw(st.sampled_from((0, 80, 300))),
        dropped_links_count=draw(st.sampled_from((0, 80))),
    )
    if draw(st.booleans()):
        message.events.add(name=draw(texts()), time_unix_nano=draw(st.sampled_from((0, 7))))
    if draw(st.booleans()):
        message.links.add(trace_id=b"\1" * 16, span_id=b"\2" * 8)
    if draw(st.booleans()):
        message.status.message = draw(texts())
        message.status.code = draw(st.sampled_from((0, 2)))  # type: ignore[assignment]
    return message.SerializeToString()


@given(spans())
def test_it_leaves_open_whatever_is_found_by_reading(data: bytes) -> None:
    for text in ASKED:
        for whole in (False, True):
            if holds(text, data, whole=whole):
                assert glance(text, whole=whole).is_open(data), (text, whole)


@given(st.lists(spans(), min_size=1, max_size=4))
def test_together_it_leaves_open_what_it_leaves_open_alone(several: list[bytes]) -> None:
    data = b"\n".join(several)
    starts = [0, *accumulate(len(one) + 1 for one in several[:-1])]
    for text in ASKED:
        for whole in (False, True):
            looked = glance(text, whole=whole)
            alone = {number for number, one in enumerate(several) if looked.is_open(one)}
            assert alone <= looked.open_among(data, starts), (text, whole)


def test_together_it_tells_one_from_another() -> None:
    several = [Span(name=name).SerializeToString() for name in ("plates", "too late", "latest", "so late an answer")]
    data = b"\n".join(several)
    starts = [0, *accumulate(len(one) + 1 for one in several[:-1])]
    assert glance("late", whole=True).open_among(data, starts) == {1, 3}
    assert glance("late", whole=False).open_among(data, starts) == {1, 2, 3}
    assert glance("an answer late", whole=False).open_among(data, starts) == {3}


LATE = KeyValue(key="k", value=AnyValue(string_value="too late"))


@pytest.mark.parametrize(
    "span",
    [
        Span(name="late" + "." * (ord("m") - 4)),
        Span(name="late" + "." * (ord("m") * 128 + 5 - 4)),
        Span(name="too late", kind=Span.SPAN_KIND_SERVER),
        Span(name="too late", start_time_unix_nano=1_700_000_000_000_000_000),
        Span(name="too late", end_time_unix_nano=1_700_000_000_000_000_000),
        Span(name="too late", attributes=[LATE]),
        Span(attributes=[LATE], dropped_attributes_count=80),
        Span(attributes=[LATE], events=[Span.Event(name="a" * 100)]),
        Span(attributes=[LATE], links=[Span.Link(trace_id=b"1" * 16, span_id=b"2" * 8)]),
        Span(attributes=[LATE], dropped_links_count=3),
        Span(attributes=[LATE], dropped_links_count=ord("a"), status=Status(code=Status.STATUS_CODE_ERROR)),
        Span(attributes=[LATE], status=Status(message="x" * 100)),
        Span(attributes=[LATE], status=Status()),
        Span(attributes=[LATE], flags=256),
        Span(attributes=[LATE]),
        Span(name='{"a": "so\\nlate\\nagain"}'),
        Span(name="so\\u2014late"),
        Span(name="LATE"),
        Span(name="late\u0301"),
    ],
    ids=lambda span: str(span).replace("\n", " ")[:40],
)
def test_it_knows_the_edges_of_words(span: Span) -> None:
    data = span.SerializeToString()
    assert glance("late", whole=True).is_open(data)
    assert glance("late", whole=False).is_open(data)


@pytest.mark.parametrize(
    ("text", "whole", "found"),
    [
        ("late", False, b"the latest news"),
        ("late", True, b"too late."),
        ("late answer", True, b"a Late, answer"),
    ],
)
def test_it_finds_words(text: str, whole: bool, found: bytes) -> None:
    assert glance(text, whole=whole).is_open(Span(name=found.decode()).SerializeToString())


@pytest.mark.parametrize(
    ("text", "whole", "shut"),
    [
        ("late", False, "translate plates"),
        ("late", True, "lately later"),
        ("late", True, "latepepper latezebra"),
        ("late answer", True, "answer late"),
        ("late answer", False, "late"),
    ],
)
def test_it_shuts_out_what_only_looks_alike(text: str, whole: bool, shut: str) -> None:
    # ids of all kinds of bytes: runs of them must not be taken for letters of another script
    ids = bytes(range(128, 144))
    assert not glance(text, whole=whole).is_open(Span(trace_id=ids, span_id=ids[:8], name=shut).SerializeToString())


def test_every_character_that_counts_as_several_letters_is_known() -> None:
    several = {code for first, last in SEVERAL for code in range(first, last + 1)}
    for code in range(0x80, sys.maxunicode + 1):
        if not 0xD800 <= code < 0xE000 and code not in several:
            assert not re.search("[a-z]{2}", plain(chr(code)).casefold()), hex(code)


def test_it_tells_nothing_of_other_conditions() -> None:
    assert glance_of(Equals(SpanField.MODEL, "gpt")) is None
    assert glance_of(Words("true story")) is None, "a bit is spelled otherwise in the bytes"
    assert glance_of(Words("42")) is None, "so is a number"
    assert words("42") == ["42"]
