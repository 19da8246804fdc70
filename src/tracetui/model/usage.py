"""What a span reports of usage, beside what the spans below it carry and the totals count."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tracetui.model.chat import NormalisedSpan

TOLERANCE = 0.05
"""By how much a report may exceed what is counted below it before both are shown (rounding, a retried call)."""


class Usage(NamedTuple):
    """Tokens and dollars; None is not known."""

    input: int | None = None
    output: int | None = None
    cost: float | None = None


NO_USAGE = Usage()
"""Nothing is known."""


def reported(n: NormalisedSpan) -> Usage:
    """What a span itself reports; a cost that was estimated here is no report."""
    is_report = n.cost is not None and n.cost.source == "reported"
    return Usage(n.tokens.input, n.tokens.output, n.cost.total if n.cost is not None and is_report else None)


def exceeds(reported: Usage, counted: Usage) -> bool:
    """Whether a span reports more than the spans below it carry, by more than `TOLERANCE`, on any count that both know.

    The totals then miss something: calls that the span made and that nobody traced.
    """
    pairs = zip(reported, counted, strict=True)
    return any(more is not None and less is not None and more > less * (1 + TOLERANCE) for more, less in pairs)
