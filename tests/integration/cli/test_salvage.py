"""`tracetui salvage`: everything that the damage left, as it came, and how much is missing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.integration.store.test_corrupt import Files
from tests.support.corpus import fill, offline
from tests.support.programs import run_cli
from tracetui.cli.salvage import salvage
from tracetui.errors import NotADatabaseError, StoreLockedError, UsageError
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.model.trace import TraceSummary
from tracetui.runtime import Runtime, derive_span
from tracetui.store.api import all_logs, all_spans
from tracetui.store.sqlite import SqliteReader, SqliteWriter

SCENARIOS = ("oi-openai-http", "otel-openai-latest-event_only", "plain-huge", "oi-langchain")


class Contents:
    """What a reader sees of a database."""

    def __init__(self, path: Path) -> None:
        reader = SqliteReader(path)
        self.spans = {
            (span.row.trace_id, span.row.span_id): (span.data, span.resource, span.scope, span.warnings)
            for span in all_spans(reader)
        }
        self.logs = sorted((log.data, log.resource.data) for log in all_logs(reader))
        self.traces: list[TraceSummary] = sorted(
            (replace(trace, row_id=0) for trace in reader.traces(limit=1_000)), key=lambda trace: trace.trace_id
        )
        self.sessions = [replace(session, row_id=0) for session in reader.sessions(limit=1_000)]
        reader.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Contents]:
    """A database, a part of it in its log alone, and what a reader sees of it."""
    path = tmp_path_factory.mktemp("whole") / "traces.db"
    for scenarios in (SCENARIOS[:2], SCENARIOS[2:]):
        runtime = Runtime(offline(path))
        runtime.open_store()
        fill(runtime, *scenarios)
        files = Files.of(path)
        runtime.stop()
    assert len(files.log) > 100_000
    return files, Contents(path)


def pages_of(files: Files, tmp_path: Path) -> tuple[dict[str, int], int]:
    """The page that each table begins at, and the size of a page."""
    path = files.put(tmp_path / "look.db")
    with closing(sqlite3.connect(path)) as connection:
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0"))
        return roots, connection.execute("PRAGMA page_size").fetchone()[0]


def blank(files: Files, *pages: int, size: int) -> Files:
    data = bytearray(files.data)
    for page in pages:
        data[(page - 1) * size : page * size] = bytes(size)
    return Files(bytes(data), files.log)


@pytest.fixture
def checkpointed(whole: tuple[Files, Contents], tmp_path: Path) -> Files:
    """The same with nothing in its log."""
    path = whole[0].put(tmp_path / "checkpointed.db")
    SqliteWriter(path, derivation_version=DERIVATION_VERSION, derive=derive_span).close()
    return Files.of(path)


def test_of_a_whole_file_everything_with_its_totals(whole: tuple[Files, Contents], tmp_path: Path) -> None:
    files, before = whole
    path = files.put(tmp_path / "old.db")
    assert salvage(offline(tmp_path / "unused.db"), path, tmp_path / "new.db") == 0
    after = Contents(tmp_path / "new.db")
    assert (after.spans, after.logs, after.traces, after.sessions) == (
        before.spans, before.logs, before.traces, before.sessions,
    )  # fmt: skip
    assert Files.of(path) == files, "the old one is only read"


def no_header(files: Files, roots: dict[str, int], size: int) -> Files:
    return Files(bytes(100) + files.data[100:], b"")


def no_schema(files: Files, roots: dict[str, int], size: int) -> Files:
    return blank(files, 1, size=size)


def no_tree(files: Files, roots: dict[str, int], size: int) -> Files:
    return blank(files, roots["span_data"], size=size)


def no_indexes(files: Files, roots: dict[str, int], size: int) -> Files:
    return blank(files, roots["spans_by_identity"], roots["spans_by_trace"], roots["search_index"], size=size)


@pytest.mark.parametrize("harm", [no_header, no_schema, no_tree, no_indexes])
def test_what_only_leads_to_the_rows_may_be_gone(
    whole: tuple[Files, Contents],
    checkpointed: Files,
    tmp_path: Path,
    harm: Callable[[Files, dict[str, int], int], Files],
) -> None:
    """Rows are found without the header, the schema or the tree that leads to them."""
    path = harm(checkpointed, *pages_of(checkpointed, tmp_path)).put(tmp_path / "old.db")
    salvage(offline(tmp_path / "unused.db"), path, tmp_path / "new.db")
    after = Contents(tmp_path / "new.db")
    assert (after.spans, after.logs, after.traces) == (whole[1].spans, whole[1].logs, whole[1].traces)


def test_a_file_cut_to_nothing_gives_what_is_in_its_log(whole: tuple[Files, Contents], tmp_path: Path) -> None:
    files, before = whole
    path = Files(b"", files.log).put(tmp_path / "old.db")
    salvage(offline(tmp_path / "unused.db"), path, tmp_path / "new.db")
    after = Contents(tmp_path / "new.db").spans
    assert after.keys() <= before.spans.keys()
    assert len(after) > len(before.spans) / 2, "what came since the last checkpoint"
    assert all(after[span][0] == before.spans[span][0] for span in after)


def test_says_how_much_is_lost(
    whole: tuple[Files, Contents], checkpointed: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roots, size = pages_of(checkpointed, tmp_path)
    with closing(sqlite3.connect(tmp_path / "look.db")) as connection:
        first = connection.execute("SELECT data FROM span_data ORDER BY id LIMIT 1").fetchone()[0]
    at = checkpointed.data.index(first[:200]) // size + 1
    assert at != roots["span_data"]
    path = blank(checkpointed, at, size=size).put(tmp_path / "old.db")
    assert salvage(offline(tmp_path / "unused.db"), path, tmp_path / "new.db") == 1
    after = Contents(tmp_path / "new.db").spans
    lost = len(whole[1].spans) - len(after)
    assert 0 < lost < len(whole[1].spans)
    told = capsys.readouterr().err
    assert f"{len(after)} spans, 7 log records stored in {tmp_path / 'new.db'}." in told
    assert f"{lost} span{'s' if lost > 1 else ''} of {len(whole[1].spans)} could not be read" in told


def test_what_was_removed_does_not_come_back(whole: tuple[Files, Contents], tmp_path: Path) -> None:
    path = whole[0].put(tmp_path / "old.db")
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION, derive=derive_span)
    gone = whole[1].traces[0].trace_id
    writer.remove([gone])
    writer.close()
    assert salvage(offline(tmp_path / "unused.db"), path, tmp_path / "new.db") == 0
    assert {trace for trace, _ in Contents(tmp_path / "new.db").spans} == {
        trace for trace, _ in whole[1].spans if trace != gone
    }


def test_pins_come_back(whole: tuple[Files, Contents], tmp_path: Path) -> None:
    path = whole[0].put(tmp_path / "old.db")
    writer = SqliteWriter(path, derivation_version=DERIVATION_VERSION, derive=derive_span)
    writer.pin([whole[1].traces[0].trace_id])
    writer.close()
    assert salvage(offline(tmp_path / "unused.db"), path, tmp_path / "new.db") == 0
    pinned = [trace.trace_id for trace in Contents(tmp_path / "new.db").traces if trace.pinned]
    assert pinned == [whole[1].traces[0].trace_id]


def test_a_resource_that_is_lost_is_said_and_nothing_is_invented(
    checkpointed: Files, whole: tuple[Files, Contents], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roots, size = pages_of(checkpointed, tmp_path)
    path = blank(checkpointed, roots["resources"], size=size).put(tmp_path / "old.db")
    assert salvage(offline(tmp_path / "unused.db"), path, tmp_path / "new.db") == 1
    after = Contents(tmp_path / "new.db").spans
    assert {span: data for span, (data, *_) in after.items()} == {
        span: data for span, (data, *_) in whole[1].spans.items()
    }
    assert {resource.data for _, resource, *_ in after.values()} == {b""}
    assert f"{len(after)} spans lost what they were sent with" in capsys.readouterr().err


def test_into_the_database_and_from_the_command_line(whole: tuple[Files, Contents], tmp_path: Path) -> None:
    path = Files(whole[0].data[:-40_000], whole[0].log).put(tmp_path / "old.db")
    done = run_cli("salvage", str(path), "--db", str(tmp_path / "traces.db"), home=tmp_path)
    assert "stored in" in done.stderr
    assert Contents(tmp_path / "traces.db").spans.keys() <= whole[1].spans.keys()
    again = run_cli("salvage", str(path), "--db", str(tmp_path / "traces.db"), home=tmp_path)
    assert "0 spans, 0 log records stored" in again.stderr, "twice changes nothing"


def test_what_is_refused(whole: tuple[Files, Contents], tmp_path: Path) -> None:
    path = whole[0].put(tmp_path / "old.db")
    settings = offline(tmp_path / "traces.db")
    with pytest.raises(UsageError, match="no file"):
        salvage(settings, tmp_path / "none.db", None)
    with pytest.raises(UsageError, match="the database to store into"):
        salvage(offline(path), path, None)
    (tmp_path / "there.db").touch()
    with pytest.raises(UsageError, match="exists already"):
        salvage(settings, path, tmp_path / "there.db")
    with pytest.raises(NotADatabaseError, match="Nothing in"):
        letter = tmp_path / "letter.txt"
        letter.write_bytes(b"Dear Sir or Madam, " * 10_000)
        salvage(settings, letter, None)
    writer = SqliteWriter(path)
    with pytest.raises(StoreLockedError, match="is writing"):
        salvage(settings, path, None)
    writer.close()
    assert not settings.db.exists()
