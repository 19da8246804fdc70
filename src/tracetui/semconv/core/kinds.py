"""The kind of a span, by the order of section 3 of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tracetui.model.chat import Kind
from tracetui.semconv.core.table import HINTED, KIND, NO_HINT, Collected, Table, key_of

_MEMORY = 4_096
_LONG = 256


class KindFound(NamedTuple):
    """A kind and the key that gave it; `unknown` is a value that named a kind which is not ours."""

    kind: Kind
    source: str = ""
    unknown: str = ""


def kind_of(found: Collected, table: Table) -> Kind:
    """The kind alone, without the reason."""
    ranked = found.fields.get(KIND)
    if ranked is not None:
        said = found.values[ranked[0][1]]
        kind = table.kinds[key_of(ranked[0][1])].get(said) if isinstance(said, str) else None
        if kind is not None and kind is not Kind.UNKNOWN:
            return kind
    return find_kind(found, table).kind


def find_kind(found: Collected, table: Table) -> KindFound:
    """The first that says it outright and is not UNKNOWN, else the strongest hint, else one said weakly."""
    unknown = ""
    weak = KindFound(Kind.UNKNOWN)
    if KIND in found.fields:
        for _, key, value in found.candidates(KIND):
            if isinstance(value, str):
                kind = _met(table, key, value)
                if kind is not None and kind is not Kind.UNKNOWN:
                    return KindFound(kind, key)
                if kind is None and (weakly := _kind_of(table.weak_kinds.get(key, {}), value)) is not None:
                    weak = weak if weak.source else KindFound(weakly, key)
                elif kind is None:
                    unknown = unknown or value
    if found.hint != NO_HINT:
        return KindFound(HINTED[found.hint], "", unknown)
    return weak._replace(unknown=unknown)


def _met(table: Table, key: str, value: str) -> Kind | None:
    """The kind that a value means; patterns are slow to try, and an application's values repeat."""
    met = table.met
    if (key, value) in met:
        return met[key, value]
    kind = _kind_of(table.kinds[key], value)
    if len(met) < _MEMORY and len(value) <= _LONG:
        met[key, value] = kind
    return kind


def own_name(found: Collected, table: Table, kind: Kind, name: str) -> str:
    """The name of a span, where its convention names spans of its kind after the tool or agent that they are."""
    ranked = found.fields.get(KIND)
    return name if ranked and kind in table.named_after.get(key_of(ranked[0][1]), ()) else ""


def _kind_of(values: Mapping[str, Kind], value: str) -> Kind | None:
    kind = values.get(value)
    if kind is None:
        name = value[:100].strip().strip("\"'").lower()
        kind = values.get(name)
        if kind is None:
            kind = next((values[end] for end in values if _matches(name, end)), None)
    return kind


def _matches(name: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return pattern.startswith("*") and name.endswith(pattern[1:])
