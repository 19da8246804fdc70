"""The backends that are held to the contract. Another one is another entry here; what it cannot do it opts out of by
name: `OPT_OUTS = {"postgres": {"test_find_by_prefix"}}`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tracetui.store.api import SpanReader, SpanWriter
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


def sqlite(folder: Path) -> Backend:
    path = folder / "store.db"
    return Backend(lambda: SqliteWriter(path), lambda: SqliteReader(path))


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
