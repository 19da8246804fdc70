"""Flattened attributes (`a.0.b.1.c`) back into the tree they were: maps, and lists in the order of their indexes.

Keys arrive in any order and with holes. An index beyond `MAX_INDEX` is refused, so no key can ask for a large list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

MAX_INDEX = 100_000
"""The largest index that is believed."""

MAX_DEPTH = 24
"""Segments of a key that are taken apart; the rest stays one name."""

LEAF = ""
"""Name of a value whose key is also the beginning of another key."""


def unflatten(items: Iterable[tuple[str, object]]) -> tuple[object, tuple[str, ...]]:
    """Rebuild the tree of flattened keys.

    Args:
        items: Keys, relative to a common beginning, with their values.

    Returns:
        The tree (maps, and lists wherever every name was an index) and the keys refused for their index.
    """
    root: dict[str, object] = {}
    refused = []
    for key, value in items:
        segments = key.split(".", MAX_DEPTH)
        if any(_is_index(segment) and (len(segment) > 6 or int(segment) > MAX_INDEX) for segment in segments):
            refused.append(key)
            continue
        _place(root, segments, value)
    return _listed(root), tuple(refused)


def nested(item: Mapping[str, object]) -> object:
    """A map whose names may hold dots (`{"message.role": …}`) as the tree they mean."""
    return unflatten(item.items())[0] if any("." in key for key in item) else item


def _place(root: dict[str, object], segments: list[str], value: object) -> None:
    node = root
    for segment in segments[:-1]:
        below = node.get(segment)
        if not isinstance(below, _Node):
            below = node[segment] = _Node() if below is None else _Node({LEAF: below})
        node = below
    last = node.get(segments[-1])
    if isinstance(last, _Node):
        last[LEAF] = value
    else:
        node[segments[-1]] = value


class _Node(dict[str, object]):
    """A map made here, as against one that was a value."""


def _listed(node: dict[str, object]) -> object:
    for name, below in node.items():
        if isinstance(below, _Node):
            node[name] = _listed(below)
    if node and all(map(_is_index, node)):
        return [node[name] for name in sorted(node, key=int)]
    return cast(object, dict(node))


def _is_index(segment: str) -> bool:
    return segment.isascii() and segment.isdigit()
