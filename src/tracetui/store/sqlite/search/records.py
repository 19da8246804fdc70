"""Conditions on what a span's resource or scope says, decided for each of these few rows before any span is read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from tracetui.errors import DecodeError
from tracetui.model import lookup
from tracetui.model.attributes import Attributes
from tracetui.model.lookup import Scalar
from tracetui.model.names import source_of
from tracetui.store import terms
from tracetui.store.conditions import Attribute, Has, Operand, SpanField, Words
from tracetui.store.sqlite.search.values import Leaf, test_of

_RESOURCES = "SELECT id, service, project FROM resources"
_SCOPES = "SELECT id, name FROM scopes"
_RESOURCE = "SELECT data, schema_url FROM resources WHERE id = ?"


class Records:
    """The resources and scopes of a database. Their rows stay, though service and project may be derived anew."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._attributes: dict[int, Attributes] = {}

    def ids(self, leaf: Leaf) -> tuple[str, Sequence[int]] | None:
        """The name that the index has for the row ids, and those for which a condition holds; see `RecordIds`.

        Raises:
            UsageError: The regular expression is none.
        """
        if isinstance(leaf, Words):
            return None
        rows = self._rows(leaf.operand)
        if rows is None:
            return None
        test = test_of(leaf)
        name = terms.SCOPE if leaf.operand == SpanField.SCOPE else terms.RESOURCE
        if isinstance(leaf, Has) and isinstance(leaf.operand, Attribute):
            key = leaf.operand.key
            return name, [row_id for row_id in rows if lookup.has(self._attributes[row_id], key)]
        return name, [row_id for row_id, values in rows.items() if any(map(test, values))]

    def _rows(self, operand: Operand) -> Mapping[int, Sequence[Scalar]] | None:
        match operand:
            case SpanField.SCOPE:
                return {row_id: [name] if name else [] for row_id, name in self._connection.execute(_SCOPES)}
            case SpanField.SERVICE:
                return {row_id: [service] if service else [] for row_id, service, _ in self._resources()}
            case SpanField.PROJECT:
                return {row_id: [project] if project else [] for row_id, _, project in self._resources()}
            case SpanField.SOURCE:
                sources = ((row_id, source_of(service, project)) for row_id, service, project in self._resources())
                return {row_id: [source] if source else [] for row_id, source in sources}
            case Attribute(key, of_resource=True):
                return {row_id: lookup.values_at(self._attributes_of(row_id), key) for row_id, *_ in self._resources()}
            case _:
                return None

    def _resources(self) -> list[tuple[int, str, str]]:
        return self._connection.execute(_RESOURCES).fetchall()

    def _attributes_of(self, row_id: int) -> Attributes:
        found = self._attributes.get(row_id)
        if found is None:
            from tracetui.otlp import decode  # deferred: 60 ms, and few searches ask for it

            try:
                found = decode.resource(*self._connection.execute(_RESOURCE, (row_id,)).fetchone()).attributes
            except DecodeError:
                found = {}
            self._attributes[row_id] = found
        return found
