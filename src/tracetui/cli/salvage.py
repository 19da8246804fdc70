"""`tracetui salvage`: what can still be read of a damaged database, into another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from tracetui.cli import diagnostics
from tracetui.cli.sinks import Sink, Stored, open_sink
from tracetui.config import Settings
from tracetui.errors import DecodeError, NotADatabaseError, StoreError, StoreLockedError, UsageError
from tracetui.model.numbers import many
from tracetui.otlp import decode
from tracetui.receivers.incoming import ROW_SIZE, derive_log, derive_resource, derive_span
from tracetui.store.lock import read_owner
from tracetui.store.records import IncomingBatch, IncomingLog, IncomingSpan, ResourceRecord, ScopeRecord
from tracetui.store.sqlite.salvage import Content, Owner

ITEMS_PER_WRITE = 1_000
"""Spans and log records stored in one transaction."""

BYTES_PER_WRITE = 8 << 20
"""Bytes of them after which it takes no further one."""


def salvage(settings: Settings, file: Path, output: Path | None) -> int:
    """Read what is left of a damaged file and store it.

    Args:
        settings: Which database takes it, unless another is named.
        file: The damaged file; it is only read.
        output: A new file to store into.

    Returns:
        1 where something could not be read.

    Raises:
        UsageError: There is no such file, or it is the one to store into.
        StoreError: The file is in use or not of tracetui, or the other cannot be used.
    """
    target = output or settings.db
    _check(file, target, is_new=output is not None)
    with _opened(file) as content:
        if not content.is_ours:
            raise NotADatabaseError(f"Nothing in {file} is of a tracetui database.", hint="It was left as it is.")
        with open_sink(replace(settings, db=target)) as sink:
            store = _Storing(sink, content)
            store.run()
            are_pinned = not content.pinned or sink.pin(content.pinned)
    found = content.found
    stored = store.stored
    parts = [f"{many(stored.spans, 'span')}, {many(stored.logs, 'log record')} stored"]
    if stored.unchanged:
        parts.append(f"{stored.unchanged:,} unchanged")
    diagnostics.note(f"{', '.join(parts)} in {target}.")
    lost = max(found.expected_spans - found.spans, 0) + store.unreadable
    if lost or found.lost_rows:
        diagnostics.note(
            f"{many(lost, 'span')} of {found.expected_spans:,} could not be read;"
            f" {many(found.lost_rows, 'damaged place')} in the file."
        )
    if not are_pinned:
        what = many(len(content.pinned), "trace")
        diagnostics.note(f"{what} had a pin, which a running tracetui does not take from here.")
    if store.ownerless:
        diagnostics.note(f"{many(store.ownerless, 'span')} lost what they were sent with: service or library.")
    return diagnostics.FAILED if lost or found.lost_rows or store.ownerless else diagnostics.DONE


def _check(file: Path, target: Path, *, is_new: bool) -> None:
    if not file.is_file():
        raise UsageError(f"There is no file {file}.")
    if target.exists() and file.samefile(target):
        raise UsageError(f"{file} is the database to store into.", hint="Name a new file with -o.")
    if is_new and target.exists():
        raise UsageError(f"{target} exists already.", hint="Name a new file with -o.")
    if (owner := read_owner(file)) is not None:
        raise StoreLockedError(f"A tracetui (pid {owner.pid or 'unknown'}) is writing {file}.", hint="Stop it first.")


@contextmanager
def _opened(file: Path) -> Iterator[Content]:
    try:
        content = Content(file, _is_scope)
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}.") from error
    with content:
        yield content


def _is_scope(data: bytes, name: str, version: str) -> bool:
    try:
        scope = decode.scope(data)
    except DecodeError:
        return False
    return (scope.name, scope.version) == (name, version)


class _Storing:
    """What is read, brought into batches and stored."""

    def __init__(self, sink: Sink, content: Content) -> None:
        self._sink = sink
        self._content = content
        self._resources: dict[ResourceRecord, int] = {}
        self._scopes: dict[ScopeRecord, int] = {}
        self._spans: list[IncomingSpan] = []
        self._logs: list[IncomingLog] = []
        self._size = 0
        self.stored = Stored()
        """What became of them all."""
        self.unreadable = 0
        """Spans whose bytes are no span any more."""
        self.ownerless = 0
        """Spans that came with something that is lost."""

    def run(self) -> None:
        """Store everything."""
        for data, owner in self._content.spans():
            resource, scope = self._records(owner)
            try:
                span = derive_span(data, scope.name)
            except DecodeError:
                self.unreadable += 1
                continue
            self.ownerless += None in owner
            self._spans.append(
                span._replace(resource_index=self._index(resource), scope_index=self._scope_index(scope))
            )
            self._count(len(data))
        for data, owner in self._content.logs():
            resource, scope = self._records(owner)
            try:
                log = derive_log(data)
            except DecodeError:
                self.unreadable += 1
                continue
            self._logs.append(log._replace(resource_index=self._index(resource), scope_index=self._scope_index(scope)))
            self._count(len(data))
        self._flush()
        diagnostics.end_progress()

    def _records(self, owner: Owner) -> tuple[ResourceRecord, ScopeRecord]:
        resource = owner.resource or ResourceRecord(b"", "", "", "")
        try:
            resource = derive_resource(resource)
        except DecodeError:
            resource = derive_resource(ResourceRecord(b"", "", "", ""))
        return resource, owner.scope or ScopeRecord(b"", "", "", "")

    def _index(self, resource: ResourceRecord) -> int:
        return self._resources.setdefault(resource, len(self._resources))

    def _scope_index(self, scope: ScopeRecord) -> int:
        return self._scopes.setdefault(scope, len(self._scopes))

    def _count(self, size: int) -> None:
        self._size += size
        if len(self._spans) + len(self._logs) >= ITEMS_PER_WRITE or self._size >= BYTES_PER_WRITE:
            self._flush()

    def _flush(self) -> None:
        items = len(self._spans) + len(self._logs)
        if not items:
            return
        batch = IncomingBatch(
            list(self._resources), list(self._scopes), self._spans, self._logs, self._size + ROW_SIZE * items
        )
        stored = self._sink.store([batch])
        self.stored = Stored(*(before + more for before, more in zip(self.stored, stored, strict=True)))
        self._resources, self._scopes, self._spans, self._logs, self._size = {}, {}, [], [], 0
        found = self._content.found
        diagnostics.show_progress(
            min(found.spans / max(found.expected_spans, 1), 1.0), f"{found.expected_spans:,} spans"
        )
