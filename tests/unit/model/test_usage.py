"""What a span reports beside what is counted below it."""

from __future__ import annotations

import pytest

from tests.unit.semconv.making import read
from tracetui.model.usage import Usage, exceeds, reported


@pytest.mark.parametrize(
    ("report", "counted", "expected"),
    [
        (Usage(105, 10), Usage(100, 10), False),
        (Usage(106, 10), Usage(100, 10), True),
        (Usage(100, 20), Usage(100, 10), True),
        (Usage(100, 10, 0.5), Usage(100, 10, 0.4), True),
        (Usage(100, 10, 0.5), Usage(100, 10), False),
        (Usage(90, 10), Usage(100, 10), False),
        (Usage(5), Usage(0), True),
        (Usage(), Usage(), False),
    ],
)
def test_a_report_exceeds_what_is_counted_by_more_than_a_twentieth(
    report: Usage, counted: Usage, expected: bool
) -> None:
    assert exceeds(report, counted) is expected


def test_what_a_span_reports() -> None:
    span = read({"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3, "operation.cost": 0.25})
    assert reported(span) == (7, 3, 0.25)
    assert reported(read({})) == (None, None, None)
