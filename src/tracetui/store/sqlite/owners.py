"""Row ids of what spans belong to: resources and scopes, each stored once however many requests bring it."""

from __future__ import annotations

import sqlite3

from tracetui.store.records import ResourceRecord, ScopeRecord
from tracetui.store.sqlite import statements

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
        known = self._resources.get(record)
        if known is None:
            known = self._record_id(
                statements.FIND_RESOURCE,
                statements.INSERT_RESOURCE,
                (record.service, record.project),
                record.schema_url,
                record.data,
            )
            if len(self._resources) >= _MAX_CACHED_RECORDS:
                self._resources.clear()
            self._resources[record] = known
        return known

    def scope_id(self, record: ScopeRecord) -> int:
        """The row id of an instrumentation scope, likewise."""
        known = self._scopes.get(record)
        if known is None:
            known = self._record_id(
                statements.FIND_SCOPE,
                statements.INSERT_SCOPE,
                (record.name, record.version),
                record.schema_url,
                record.data,
            )
            if len(self._scopes) >= _MAX_CACHED_RECORDS:
                self._scopes.clear()
            self._scopes[record] = known
        return known

    def _record_id(self, find: str, insert: str, columns: tuple[str, str], schema_url: str, data: bytes) -> int:
        from hashlib import blake2b  # deferred: OpenSSL takes 5 ms, which the first paint has no need of

        digest = blake2b(data + b"\0" + schema_url.encode(), digest_size=16).digest()
        if row := self._connection.execute(find, (digest,)).fetchone():
            return int(row[0])
        cursor = self._connection.execute(insert, (*columns, schema_url, digest, data))
        return int(cursor.lastrowid or 0)
