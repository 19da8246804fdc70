from __future__ import annotations

from datetime import datetime

import pytest

from tracetui.model.clock import format_age, format_duration, format_when
from tracetui.model.numbers import format_bytes, format_cost, format_count, format_tokens


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (None, "?"), (0, "0µs"), (312_000, "312µs"), (999_499, "999µs"), (999_500, "1.0ms"), (4_120_000, "4.1ms"),
        (850_000_000, "850ms"), (999_499_999, "999ms"), (999_500_000, "1.00s"), (6_420_000_000, "6.42s"),
        (59_994_000_000, "59.99s"), (59_999_000_000, "1m 00s"), (192_000_000_000, "3m 12s"),
        (7_500_000_000_000, "2h 05m"), (90_000_000_000_000, "1d 01h"), (-4_120_000, "-4.1ms"),
    ],
)  # fmt: skip
def test_durations_have_one_unit_style(nanoseconds: int | None, text: str) -> None:
    assert format_duration(nanoseconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "now"), (12, "12s ago"), (61, "1m ago"), (7_300, "2h ago"), (200_000, "2d ago"), (90_000_000, "2y ago"),
        (-1, "now"), (-12, "in 12s"), (-7_300, "in 2h"), (-90_000_000, "in 2y"),
    ],
)  # fmt: skip
def test_ages(seconds: int, text: str) -> None:
    assert format_age(0, seconds * 1_000_000_000) == text


def local(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone().timestamp()) * 1_000_000_000


NOW = local("2026-11-25 10:00:00")
"""A Wednesday."""


@pytest.mark.parametrize(
    ("when", "text", "with_fraction"),
    [
        (local("2026-11-25 00:00:00"), "00:00:00", "00:00:00.000"),
        (local("2026-11-24 23:59:59"), "Tue 23:59", "Tue 23:59:59.000"),
        (local("2026-11-26 08:00:00"), "Thu 08:00", "Thu 08:00:00.000"),
        (local("2026-11-19 15:32:16"), "Thu 15:32", "Thu 15:32:16.000"),
        (local("2026-11-18 15:32:16"), "18 Nov", "2026-11-18 15:32:16.000"),
        (local("2025-11-25 10:00:00"), "Nov 2025", "2025-11-25 10:00:00.000"),
        (local("2100-01-01 00:00:00"), "Jan 2100", "2100-01-01 00:00:00.000"),
        (0, "?", "?"),
        (10**30, "?", "?"),
    ],
)
def test_a_moment_of_another_day_tells_the_day(when: int, text: str, with_fraction: str) -> None:
    assert format_when(when, NOW) == text
    assert format_when(when, NOW, fraction=True) == with_fraction


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, ""), (0, "0"), (612, "612"), (999, "999"), (1_000, "1.0k"), (1_949, "1.9k"), (9_960, "10k"),
     (96_400, "96k"), (999_600, "1.0M"), (2_100_000, "2.1M")],
)  # fmt: skip
def test_counts(count: int | None, text: str) -> None:
    assert format_count(count) == text


def test_tokens_show_both_sides_and_never_invent_one() -> None:
    assert format_tokens(4_100, 612) == "4.1k→612"
    assert format_tokens(None, 612) == "–→612"
    assert format_tokens(0, None) == "0→–"
    assert format_tokens(None, None) == ""


@pytest.mark.parametrize(
    ("dollars", "text"), [(None, ""), (0.0, "$0.0000"), (0.0214, "$0.0214"), (0.00001, "<$0.0001"), (12.4, "$12.40")]
)
def test_cost(dollars: float | None, text: str) -> None:
    assert format_cost(dollars) == text


@pytest.mark.parametrize(
    ("dollars", "source", "text"),
    [
        (0.0031, "estimated", "~$0.0031"), (0.0031, "mixed", "~$0.0031"), (0.0031, "reported", "$0.0031"),
        (0.00001, "estimated", "~<$.0001"), (12.4, "estimated", "~$12.40"), (0.0, "estimated", "~$0.0000"),
        (None, "", ""),
    ],
)  # fmt: skip
def test_an_estimate_is_marked(dollars: float | None, source: str, text: str) -> None:
    assert format_cost(dollars, source) == text


@pytest.mark.parametrize(
    ("size", "text"), [(312, "312 B"), (1_900, "1.9 kB"), (52_000, "52 kB"), (1_200_000_000, "1.2 GB")]
)
def test_bytes(size: int, text: str) -> None:
    assert format_bytes(size) == text
