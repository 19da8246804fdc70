"""What is offered where, in which order."""

from __future__ import annotations

from tracetui.query.complete import complete
from tracetui.tui.completer import suggest


def offered(text: str, found: list[tuple[str, int]]) -> list[tuple[str, int | None]]:
    completion = complete(text, len(text))
    return [(suggestion.candidate.text, suggestion.spans) for suggestion in suggest(completion, found)]


def test_values_come_by_frequency_then_those_of_the_language() -> None:
    assert offered("status:", [("ok", 9), ("error", 2)]) == [("ok", 9), ("error", 2), ("unset", None)]


def test_values_are_spelled_so_that_the_language_reads_them() -> None:
    assert offered("name:", [("chat gpt-4o", 3), ("a*b", 2), ("plain", 1)]) == [
        ('"chat gpt-4o"', 3), ('"a*b"', 2), ("plain", 1),
    ]  # fmt: skip


def test_attributes_come_after_the_fields_of_the_language() -> None:
    texts = [text for text, _ in offered("mode", [("model", 8), ("model_name.x", 3), ("other", 2)])]
    assert texts[0] == "model:"
    assert texts[-2:] == ["@model:", "model_name.x:"], "an attribute of a field's name is not the field"


def test_no_attribute_is_offered_before_anything_is_typed() -> None:
    assert all(spans is None for _, spans in offered("", [("http.route", 8)]))


def test_keys_without_an_operator_are_offered_after_has() -> None:
    assert ("http.route", 8) in offered("has:http", [("http.route", 8)])
