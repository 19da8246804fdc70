"""The small closed set of conditions a backend is asked to evaluate.

The query language compiles to these; a backend turns them into whatever it searches with. A condition holds for one
span; a trace matches when one of its spans does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class TextContains:
    """The text, without regard to case, stands in the span's name, service, kind or status (`ok`, `error`, `unset`)."""

    text: str


@dataclass(frozen=True, slots=True)
class InTrace:
    """The span belongs to this trace."""

    trace_id: str


@dataclass(frozen=True, slots=True)
class And:
    """Every condition holds for the span; no conditions always hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one condition holds for the span; no conditions never hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold for the span."""

    condition: Condition


Condition: TypeAlias = TextContains | InTrace | And | Or | Not
"""Any of them."""
