"""Spelling of the search index's terms."""

import math
import re

from hypothesis import assume, given
from hypothesis import strategies as st

from tracetui.model.words import words
from tracetui.store import terms

numbers = st.floats(allow_nan=False) | st.integers(-(2**60), 2**60).map(float)


@given(numbers, numbers)
def test_sizes_grow_with_numbers(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert terms.size_of(low) <= terms.size_of(high)


@given(numbers, numbers, numbers)
def test_a_number_within_bounds_has_a_term_between_them(one: float, number: float, other: float) -> None:
    low, number, high = sorted((one, number, other))
    assert set(terms.sizes("k", number)) & set(terms.sizes_between("k", low, high))


@given(numbers, numbers)
def test_a_number_far_outside_has_none(one: float, other: float) -> None:
    low, high = sorted((one, other))
    far = high * 1.2 + 1 if high > 0 else high * 0.8 + 1
    if math.isfinite(far) and terms.size_of(far) > terms.size_of(high):
        assert not set(terms.sizes("k", far)) & set(terms.sizes_between("k", low, high))


@given(st.text(), st.text())
def test_a_term_is_one_token_and_no_word_of_any_text(name: str, text: str) -> None:
    for term in (terms.has(name), terms.value(name, text), *terms.sizes(name, 1.0), terms.EVERY):
        assert re.fullmatch(r"[0-9A-Za-z\x80-\U0010ffff]+", term)
        assert term.lower() not in words(f"{name} {text} {term}")


def test_the_term_of_a_value_begins_like_that_of_a_longer_one() -> None:
    assert terms.value("model", "GPT-4o-mini").startswith(terms.value("model", "gpt-4"))


times = st.integers(0, 2**63 - 1)


@given(times, times, times)
def test_a_moment_within_bounds_begins_like_one_between_them(one: int, time: int, other: int) -> None:
    low, time, high = sorted((one, time, other))
    between = list(terms.moments_between(low, high))
    assert any(terms.moment(time).startswith(start) for start in between)
    assert len(between) <= 2 * 15 * 6


@given(times, times, times)
def test_a_moment_outside_begins_like_none(one: int, other: int, outside: int) -> None:
    low, high = sorted((one, other))
    if not low - 2**40 < outside < high + 2**40:
        assert not any(terms.moment(outside).startswith(start) for start in terms.moments_between(low, high))


def test_what_is_short_does_not_depend_on_case() -> None:
    assert terms.is_short("ß" * 32)
    assert terms.is_short("ss" * 32)
    assert not terms.is_short("ß" * 33)
    assert not terms.is_short("ss" * 33)


@given(st.text(min_size=1, max_size=8), st.text(max_size=8))
def test_a_name_is_known_again_in_its_terms(name: str, text: str) -> None:
    assume(not any("\ue000" <= character <= "\uf8ff" for character in name))
    of_it = [terms.has(name), terms.value(name, text), *terms.sizes(name, 7)]
    for term in of_it:
        assert terms.name_of(term) == name
        assert term < terms.beyond(name)
    assert terms.name_of("word") is None


def test_keys_that_differ_in_case_are_different_names_where_the_index_folds_ascii() -> None:
    assert terms.has("@Key").lower() != terms.has("@key").lower()


def test_no_beginning_of_a_word_is_that_of_a_term() -> None:
    for name in ("error", "@error"):
        assert not any(term.startswith("error") for term in (terms.has(name), terms.value(name, "x")))
