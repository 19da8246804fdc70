"""One thing that was looked at, and in what state it is."""

from __future__ import annotations

from typing import NamedTuple

OK, NOTE, PROBLEM = "ok", "note", "problem"
"""States of a finding: in order, worth knowing, to be mended."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: str
    text: str
    """May hold received text, or a path: whoever shows it sanitises it."""
    hint: str = ""
    """What to do; empty where there is nothing to do."""


def worst(findings: list[Finding]) -> str:
    """The state of all of them together."""
    states = {finding.state for finding in findings}
    return PROBLEM if PROBLEM in states else NOTE if NOTE in states else OK
