"""What a damaged file still holds: spans and log records as they came, with their resources and scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tracetui.store.records import ResourceRecord, ScopeRecord
from tracetui.store.sqlite.connection import PAGE_SIZE
from tracetui.store.sqlite.rows import AS_RECEIVED
from tracetui.store.sqlite.salvage.file import PageFile
from tracetui.store.sqlite.salvage.records import Damaged, rows
from tracetui.store.sqlite.salvage.tables import Layout, places, table_of


class Owner(NamedTuple):
    """What a span or log record came with; None where that is lost."""

    resource: ResourceRecord | None
    scope: ScopeRecord | None


@dataclass(slots=True)
class Found:
    """What was found and what was not."""

    spans: int = 0
    logs: int = 0
    expected_spans: int = 0
    """Spans that there should be at least: as many as traces count, or have columns."""
    lost_rows: int = 0
    """Rows, and parts of the tables, that cannot be read."""


class Content:
    """A damaged database file, opened to read what is left of it.

    Args:
        path: The file; its write-ahead log is read too.
        is_scope: Tells a scope from a resource, where nothing else does, by its bytes and the two columns before them.

    Raises:
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path, is_scope: Callable[[bytes, str, str], bool]) -> None:
        self._file = PageFile(path, PAGE_SIZE)
        self._is_scope = is_scope
        self._layout = Layout(self._file)
        self.found = Found(lost_rows=sum(self._layout.lost.values()) + self._file.missing)
        """Complete once `spans` and `logs` have been read to their ends."""
        self._owners: dict[int, tuple[int, int, int]] = {}
        self._resources: dict[int, ResourceRecord] = {}
        self._scopes: dict[int, ScopeRecord] = {}
        self._traces: set[int] = set()
        self.pinned: list[str] = []
        """Ids of traces that are kept whatever the limits."""
        self._traces_are_whole = False
        self._read_records()
        self._read_traces()
        self._read_owners()

    @property
    def is_ours(self) -> bool:
        """Whether there is any sign that tracetui has made the file."""
        return self._layout.is_known or bool(self._owners or self._resources or self._layout.strays["span_data"])

    def spans(self) -> Iterator[tuple[bytes, Owner]]:
        """The bytes of each span with what it came with."""
        for row_id, (_, encoding, data) in self._rows("span_data"):
            trace, resource, scope = self._owners.get(row_id, (0, 0, 0))
            if encoding == AS_RECEIVED and not (trace and self._is_removed(trace)):
                self.found.spans += 1
                yield data, Owner(self._resources.get(resource), self._scopes.get(scope))
        with_columns = sum(not self._is_removed(trace) for trace, *_ in self._owners.values())
        self.found.expected_spans = max(self.found.expected_spans, with_columns)

    def logs(self) -> Iterator[tuple[bytes, Owner]]:
        """The bytes of each log record with what it came with."""
        column = places("logs")
        for _, values in self._rows("logs"):
            self.found.logs += 1
            resource, scope = values[column["resource_id"]], values[column["scope_id"]]
            yield values[column["data"]], Owner(self._resources.get(resource), self._scopes.get(scope))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_removed(self, trace: int) -> bool:
        """Whether spans of a trace are there only because they are still to be removed."""
        return self._traces_are_whole and trace not in self._traces

    def _read_records(self) -> None:
        for row_id, (_, service, project, schema_url, _, data) in self._rows("resources"):
            if self._is_scope(data, service, project):
                self._scopes.setdefault(row_id, ScopeRecord(data, schema_url, service, project))
            else:
                self._resources.setdefault(row_id, ResourceRecord(data, schema_url, service, project))
        for row_id, (_, name, version, schema_url, _, data) in self._rows("scopes"):
            self._scopes[row_id] = ScopeRecord(data, schema_url, name, version)

    def _read_traces(self) -> None:
        column = places("traces")
        lost = self.found.lost_rows
        for row_id, values in self._rows("traces"):
            self._traces.add(row_id)
            self.found.expected_spans += values[column["span_count"]]
            if len(values) > column["pending_count"]:
                self.found.expected_spans += values[column["pending_count"]]
            if len(values) > column["pinned"] and values[column["pinned"]]:
                self.pinned.append(values[column["trace_id"]])
        self._traces_are_whole = (
            self._layout.is_known and not self._layout.lost["traces"] and lost == self.found.lost_rows
        )

    def _read_owners(self) -> None:
        column = places("spans")
        for row_id, values in self._rows("spans"):
            self._owners[row_id] = (values[column["trace"]], values[column["resource_id"]], values[column["scope_id"]])

    def _rows(self, table: str) -> Iterator[tuple[int, list[Any]]]:
        """The rows of a table that can be read and look as its rows do, each row id once; the rows of `resources` may
        have some of `scopes` among them, whose row ids are their own.
        """
        seen: set[int] = set()
        for number in (*self._layout.leaves[table], *self._layout.strays[table]):
            for row in rows(self._file, self._file.page(number), number):
                if isinstance(row, Damaged) or table_of(row.values) != ("resources" if table == "scopes" else table):
                    self.found.lost_rows += 1
                elif row.row_id not in seen:
                    if table != "resources":
                        seen.add(row.row_id)
                    yield row.row_id, row.values
