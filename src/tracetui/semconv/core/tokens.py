"""Token counts of one span, from the several conventions that may have written them.

Kept in one meaning: input includes what was read from and written to a cache, output includes reasoning (section 16 of
the reference).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tracetui.model.chat import TokenUsage

NO_TOKENS = TokenUsage()
"""What is known of tokens when nothing is."""


class Family(NamedTuple):
    """The counts that one convention wrote."""

    members: Mapping[str, int]
    """Member of `TokenUsage` to count."""
    excludes_cache: bool = False
    """Whether its input leaves out the cache."""


def settle(families: Sequence[Family]) -> TokenUsage:
    """One usage out of several conventions' counts, the most believed first.

    The first stands; others fill what it lacks, unless they contradict a count that both have. A total is computed only
    from both sides, also where it is less than they are. Whether a side leaves its details out is told by counts that
    cannot be otherwise: details that are more than the whole, a total that has them apart, or the provider's own input
    without the cache (`uncached`).
    """
    if not families:
        return NO_TOKENS
    first = families[0]
    got = dict(first.members)
    for other in families[1:]:
        shared = got.keys() & other.members.keys()
        if all(got[member] == other.members[member] for member in shared):
            got.update((member, found) for member, found in other.members.items() if member not in got)
    given, told = got.get("input"), got.get("output")
    read, written = got.get("cache_read"), got.get("cache_write")
    total = got.get("total")
    if given is not None and (read or written):
        cached = (read or 0) + (written or 0)
        apart = total is not None and total == given + (told or 0) + cached
        if first.excludes_cache or cached > given or apart or got.get("uncached") == given:
            given += cached
    thoughts = got.get("reasoning")
    if told is not None and thoughts and (thoughts > told or (given and total == given + told + thoughts)):
        # Gemini's own count of the answer, which some pass on as it is.
        told += thoughts
    if given is not None and told is not None and (total is None or total < given + told):
        total = given + told
    return TokenUsage(given, told, total, read, written, thoughts, got.get("audio_input"), got.get("audio_output"))
