"""Logfire: pending spans."""

from __future__ import annotations

import pytest

from tests.unit.semconv.making import columns, read

PENDING = {"logfire.span_type": "pending_span", "logfire.pending_parent_id": "00F067AA0BA902B7"}


def test_a_pending_span_is_told_from_a_real_one() -> None:
    assert columns(PENDING).is_pending
    assert read(PENDING).is_pending
    for kind in ("span", "log", "", 7):
        assert not columns({"logfire.span_type": kind}).is_pending
        assert not read({"logfire.span_type": kind}).is_pending
    assert not columns({}).is_pending


def test_a_pending_span_names_the_parent_of_the_span_it_announces() -> None:
    assert columns(PENDING).pending_parent_id == "00f067aa0ba902b7"
    assert read(PENDING).pending_parent_id == "00f067aa0ba902b7"
    assert read(PENDING).sources["pending_parent"] == "logfire.pending_parent_id"


@pytest.mark.parametrize("value", ["0000000000000000", "", "not an id", 12, None])
def test_a_pending_root_has_no_parent(value: object) -> None:
    attributes = {"logfire.span_type": "pending_span", "logfire.pending_parent_id": value}
    assert columns(attributes).is_pending  # type: ignore[arg-type]
    assert columns(attributes).pending_parent_id == ""  # type: ignore[arg-type]
    assert read(attributes).pending_parent_id == ""  # type: ignore[arg-type]


def test_the_parent_of_a_pending_span_means_nothing_on_a_real_one() -> None:
    attributes = {"logfire.span_type": "span", "logfire.pending_parent_id": "00f067aa0ba902b7"}
    assert columns(attributes).pending_parent_id == ""
    assert read(attributes).pending_parent_id == ""


def test_a_pending_span_has_its_other_columns() -> None:
    found = columns({**PENDING, "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"})
    assert (found.kind, found.model, found.is_pending) == ("LLM", "gpt-4o", True)
