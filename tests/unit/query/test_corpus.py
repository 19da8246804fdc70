"""The corpus of queries: what each prints as and asks for, and what exactly is wrong with those that are errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.queries import (
    NOW_NANO,
    InvalidQuery,
    ValidQuery,
    invalid_queries,
    local_time,
    shown,
    valid_queries,
)
from tracetui.query.compile import compile_query
from tracetui.query.errors import QueryError
from tracetui.query.fields import FIELDS
from tracetui.query.parser import parse
from tracetui.query.printer import print_query


@pytest.fixture(autouse=True)
def _corpus_time() -> Iterator[None]:
    with local_time():
        yield


@pytest.mark.parametrize("query", valid_queries(), ids=lambda query: query.text)
def test_a_query_means_and_prints_what_the_corpus_says(query: ValidQuery) -> None:
    node = parse(query.text)
    assert node is not None
    assert shown(compile_query(node, query.text, now_nano=NOW_NANO)) == query.condition
    assert print_query(node) == query.prints
    assert parse(query.prints) == node


@pytest.mark.parametrize("query", invalid_queries(), ids=lambda query: query.text)
def test_an_error_says_what_the_corpus_says(query: InvalidQuery) -> None:
    with pytest.raises(QueryError) as raised:
        node = parse(query.text)
        assert node is not None
        compile_query(node, query.text, now_nano=NOW_NANO)
    error = raised.value
    told = InvalidQuery(query.text, error.message, error.column, error.length, error.suggestion, error.incomplete)
    assert told == query
    assert 0 <= error.position <= len(query.text)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_example_of_every_field_asks_for_that_field(field: object) -> None:
    assert field in FIELDS
    example = FIELDS[FIELDS.index(field)].example
    node = parse(example)
    assert node is not None
    assert FIELDS[FIELDS.index(field)].name in shown(compile_query(node, example, now_nano=NOW_NANO))


def test_the_corpus_asks_for_every_field() -> None:
    asked = "\n".join(query.condition for query in valid_queries())
    assert [field.name for field in FIELDS if f"{field.name} " not in asked and f"in {field.name}" not in asked] == []
