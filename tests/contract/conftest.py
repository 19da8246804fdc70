"""The backends that are held to the contract. Another one is another entry here; what it cannot do it opts out of by
name: `OPT_OUTS = {"postgres": {"test_find_by_prefix"}}`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.factories import SCOPE
from tracetui.store.api import SpanReader, SpanWriter
from tracetui.store.records import IncomingSpan
from tracetui.store.sqlite import SqliteReader, SqliteWriter


@dataclass
class Backend:
    """A store under test, and the way to open it again."""

    open_writer: Callable[[], SpanWriter]
    open_reader: Callable[[], SpanReader]
    writer: SpanWriter = field(init=False)
    reader: SpanReader = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.writer = self.open_writer()
        self.reader = self.open_reader()

    def close(self) -> None:
        self.reader.close()
        self.writer.close()

    def reopen(self) -> None:
        self.close()
        self.open()


def derive(data: bytes, scope_name: str, logs: Sequence[bytes]) -> IncomingSpan:
    """A stand-in for what `semconv` does: the columns that the bytes of `factories` hold, changed by log records.

    Each record names columns; of several that name the same the last in order of time stands.
    """
    values = dict(ast.literal_eval(data.decode()))
    assert scope_name == SCOPE.name
    for log in sorted((dict(ast.literal_eval(log.decode())) for log in logs), key=lambda log: log["time_unix_nano"]):
        values.update(ast.literal_eval(log["body_text"]))
    return IncomingSpan(**values, data=data)


def sqlite(folder: Path) -> Backend:
    path = folder / "store.db"
    return Backend(lambda: SqliteWriter(path, derive=derive), lambda: SqliteReader(path))


BACKENDS: dict[str, Callable[[Path], Backend]] = {"sqlite": sqlite}

OPT_OUTS: dict[str, set[str]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in list(items):
        backend = getattr(item, "callspec", None) and item.callspec.params.get("backend_name")  # type: ignore[attr-defined]
        if backend and item.name.partition("[")[0] in OPT_OUTS.get(backend, set()):
            items.remove(item)


@pytest.fixture(scope="module", params=list(BACKENDS))
def backend_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(backend_name: str, tmp_path: Path) -> Iterator[Backend]:
    """An empty store."""
    backend = BACKENDS[backend_name](tmp_path)
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def shared_store(backend_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """One store for all examples of a property; each example brings a trace of its own."""
    backend = BACKENDS[backend_name](tmp_path_factory.mktemp("shared"))
    yield backend
    backend.close()
