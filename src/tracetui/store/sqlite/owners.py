"""Row ids of what spans belong to: resources and scopes, each stored once however many requests bring it."""

from __future__ import annotations

import sqlite3
from typing import TypeVar

from tracetui.store.records import ResourceRecord, ScopeRecord
from tracetui.store.sqlite import statements

Record = TypeVar("Record", ResourceRecord, ScopeRecord)

_MAX_CACHED_RECORDS = 4096
"""Resources, and scopes, whose row ids are remembered."""


class Owners:
    """The row ids of resources and scopes; used within the writer's transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._resources: dict[ResourceRecord, int] = {}
        self._scopes: dict[ScopeRecord, int] = {}

    def forget(self) -> None:
        """Remember none: those that were met last may have been taken back with their transaction."""
        self._resources.clear()
        self._scopes.clear()

    def resource_id(self, record: ResourceRecord) -> int:
        """The row id of a resource, which is inserted where it is new."""
        columns = record.service, record.project
        return self._row_id(self._resources, record, columns, statements.FIND_RESOURCE, statements.INSERT_RESOURCE)

    def scope_id(self, record: ScopeRecord) -> int:
        """The row id of an instrumentation scope, likewise."""
        columns = record.name, record.version
        return self._row_id(self._scopes, record, columns, statements.FIND_SCOPE, statements.INSERT_SCOPE)

    def _row_id(
        self, known: dict[Record, int], record: Record, columns: tuple[str, str], find: str, insert: str
    ) -> int:
        row_id = known.get(record)
        if row_id is None:
            row_id = self._stored(record, columns, find, insert)
            if len(known) >= _MAX_CACHED_RECORDS:
                known.clear()
            known[record] = row_id
        return row_id

    def _stored(self, record: Record, columns: tuple[str, str], find: str, insert: str) -> int:
        from hashlib import blake2b  # deferred: OpenSSL takes 5 ms, which the first paint has no need of

        digest = blake2b(record.data + b"\0" + record.schema_url.encode(), digest_size=16).digest()
        if row := self._connection.execute(find, (digest,)).fetchone():
            return int(row[0])
        cursor = self._connection.execute(insert, (*columns, record.schema_url, digest, record.data))
        return int(cursor.lastrowid or 0)
