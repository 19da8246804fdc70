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
    from both sides.
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
        if first.excludes_cache or cached > given or (total is not None and total == given + (told or 0) + cached):
            given += cached
            if total is not None and total < given + (told or 0):
                total = given + (told or 0)
    if total is None and given is not None and told is not None:
        total = given + told
    return TokenUsage(
        given, told, total, read, written, got.get("reasoning"), got.get("audio_input"), got.get("audio_output")
    )
