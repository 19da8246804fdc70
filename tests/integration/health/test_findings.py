"""What is found in order and what is not, fact by fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.factories import START, make_batch, make_incoming_span, make_trace, trace_id
from tests.support.corpus import offline
from tracetui.config import Access, Settings
from tracetui.errors import StoreError
from tracetui.health import place, traffic
from tracetui.health.findings import NOTE, OK, PROBLEM, Finding
from tracetui.health.shell import environment
from tracetui.logs import log_path
from tracetui.model.derivation import DERIVATION_VERSION
from tracetui.model.numbers import format_bytes
from tracetui.pricing import USER_TABLE
from tracetui.runtime import Runtime
from tracetui.store.follower import Follower
from tracetui.store.ingest import NoSenders
from tracetui.store.records import Reason
from tracetui.store.space import Space
from tracetui.store.sqlite import SqliteReader, SqliteWriter


def named(found: Iterator[Finding], name: str) -> list[tuple[str, str]]:
    return [(finding.state, finding.text) for finding in found if finding.name == name]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return offline(tmp_path / "a.db")


@pytest.fixture
def writer(settings: Settings) -> Iterator[SqliteWriter]:
    writer = SqliteWriter(settings.db, derivation_version=DERIVATION_VERSION)
    yield writer
    writer.close()


# The place


@pytest.mark.parametrize("name", ["a.db", "a.db-wal", "log"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610])
def test_a_file_that_anybody_else_may_read(settings: Settings, writer: SqliteWriter, name: str, mode: int) -> None:
    writer.write([make_batch(make_incoming_span(1))])
    log_path(settings.db).touch(0o600)
    assert list(place.permissions(settings.db)) == []
    file = log_path(settings.db) if name == "log" else settings.db.with_name(name)
    file.chmod(mode)
    (found,) = place.permissions(settings.db)
    assert (found.state, found.text, found.hint) == (PROBLEM, f"Others may read {file}.", f"Run: chmod 600 {file}")
    file.chmod(0o600)


def test_one_span_that_is_not_searchable_yet(settings: Settings, writer: SqliteWriter) -> None:
    writer.write([make_batch(make_incoming_span(1))])
    assert named(place.database(settings), "search index") == [(NOTE, "1 span is not in it yet")]


def test_what_the_index_and_the_columns_have_yet_to_do(settings: Settings, writer: SqliteWriter) -> None:
    writer.write([make_batch(*make_trace(1))])
    assert named(place.database(settings), "search index") == [(NOTE, "3 spans are not in it yet")]
    Follower(lambda: SqliteReader(settings.db), NoSenders(writer), version=DERIVATION_VERSION, at_rest=False).run()
    assert named(place.database(settings), "search index") == [(OK, "up to date")]
    assert named(place.database(settings), "columns") == []
    writer.outdate(1, 2)
    ((state, text),) = named(place.database(settings), "columns")
    assert state == NOTE
    assert text.endswith("spans derived by an earlier version")
    ((_, log),) = named(place.database(settings), "write-ahead log")
    assert log == format_bytes(settings.db.with_name("a.db-wal").stat().st_size)


def test_limits_in_words(settings: Settings, writer: SqliteWriter) -> None:
    def limits(**values: int) -> list[tuple[str, str]]:
        return named(place.limits(replace(settings, **values)), "limits")

    assert limits() == [(OK, "none: nothing is removed by itself")]
    assert limits(max_size=2 * 10**9) == [(OK, "at most 2.0 GB, pinned traces apart")]
    day = 86_400 * 10**9
    assert limits(max_age=day) == [(OK, "traces of the last 1 day, pinned traces apart")]
    assert limits(max_size=10**9, max_age=30 * day) == [
        (OK, "at most 1.0 GB and traces of the last 30 days, pinned traces apart")
    ]
    writer.write([make_batch(*(span for number in (1, 2, 3, 4) for span in make_trace(number)))])
    writer.remove([trace_id(1)], reason=Reason.AGE, now_nano=START)
    writer.remove([trace_id(2), trace_id(3)], reason=Reason.SIZE)
    writer.remove([trace_id(4)], now_nano=START)
    aged, asked, sized = (text for _, text in named(place.database(settings), "removed"))
    assert aged.startswith("1 trace (3 spans) for their age, last 20")
    assert asked.startswith("1 trace (3 spans) when asked to, last 20")
    assert sized == "2 traces (6 spans) for the size"


@pytest.mark.parametrize(("free", "state"), [(10**10, OK), (64 << 20, OK), ((64 << 20) - 1, PROBLEM)])
def test_a_disk_down_to_its_reserve(settings: Settings, free: int, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "space_of", lambda _folder: Space(free, 10**12))
    (found,) = place.disk(replace(settings, db=settings.db.parent / "not" / "yet" / "a.db"))
    assert (found.state, bool(found.hint)) == (state, state == PROBLEM)


def test_a_database_that_cannot_be_read(settings: Settings) -> None:
    settings.db.write_text("a poem, in many lines\n" * 100)
    settings.db.chmod(0o600)
    ((state, text),) = named(place.database(settings), "database")
    assert state == PROBLEM
    assert str(settings.db) in text


def test_what_senders_need_and_prices_that_are_wrong(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text("[[price]]\nmodel = 7\n")
    access = Access(token="secret", tls_cert=tmp_path / "c.pem", tls_client_ca=tmp_path / "ca.pem")
    wrong = replace(settings, access=access, prices=tmp_path / "prices.toml")
    try:
        found = list(place.configuration(wrong))
    finally:
        USER_TABLE.use(None)
    assert named(iter(found), "access") == [(OK, "senders need: token, TLS, client certificates")]
    assert [state for state, _ in named(iter(found), "prices")] == [PROBLEM]
    assert "secret" not in str(found)
    assert named(place.configuration(settings), "access") == [(OK, "this machine's programs, no token")]


def test_versions() -> None:
    found = list(place.program())
    assert [finding.name for finding in found] == ["version", "platform"]
    assert all(word in found[1].text for word in ("Python 3.", "SQLite 3.", "textual ", "grpcio ", "protobuf "))


# The shell


def shell(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(finding.state, finding.text) for finding in environment(environ, {4317, 4318})]


@pytest.mark.parametrize(
    "value", ["http://localhost:4318", "http://127.0.0.1:4317/v1/traces", "localhost:4318", "https://[::1]:4318"]
)
def test_a_shell_that_points_here(value: str) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "PHOENIX_COLLECTOR_ENDPOINT"):
        assert shell({name: value}) == [(OK, f"{name} points here")]


@pytest.mark.parametrize(
    "value",
    ["http://localhost:4319", "http://localhost", "http://collector:4318", "http://localhost:port", "http://[::1", "x"],
)
def test_a_shell_that_points_elsewhere(value: str) -> None:
    name = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"
    assert shell({name: value}) == [(PROBLEM, f"{name} points elsewhere: {value}")]


def test_a_shell_that_says_nothing_and_one_that_silences() -> None:
    assert [state for state, _ in shell({})] == [NOTE]
    assert [state for state, _ in shell({"OTEL_EXPORTER_OTLP_ENDPOINT": ""})] == [NOTE]
    silent = {"OTEL_SDK_DISABLED": " True ", "OTEL_TRACES_EXPORTER": "none", "OTEL_TRACES_SAMPLER": "always_off"}
    assert [state for state, _ in shell(silent)] == [NOTE, PROBLEM, PROBLEM, PROBLEM]
    assert [state for state, _ in shell({"OTEL_SDK_DISABLED": "false", "OTEL_TRACES_EXPORTER": "otlp"})] == [NOTE]


# The traffic


def test_what_cannot_be_stored_is_to_be_mended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(settings)
    runtime.open_store()

    def fails(*_: object) -> None:
        raise StoreError("The disk is on strike.")

    assert named(traffic.traffic(runtime), "storing") == []
    monkeypatch.setattr(runtime._writer, "write", fails)
    with pytest.raises(StoreError):
        runtime.ingest.submit(make_batch(make_incoming_span(1))).result()
    assert named(traffic.traffic(runtime), "storing") == [(PROBLEM, "The disk is on strike.")]
    monkeypatch.undo()
    runtime.ingest.submit(make_batch(make_incoming_span(1))).result()
    assert named(traffic.traffic(runtime), "storing") == []
    assert named(traffic.traffic(runtime), "queue") == [(OK, "empty")]
    ((state, text),) = named(traffic.traffic(runtime), "commits")
    assert state == OK and text.endswith(" of one")
    runtime.stop()
    assert list(traffic.traffic(Runtime(settings))) == []


def test_a_damaged_database_that_was_set_aside(settings: Settings, writer: SqliteWriter) -> None:
    assert list(place.set_aside(settings.db)) == []
    kept = settings.db.with_name("a.db.damaged-2026 11-25")
    for name in (kept.name, f"{kept.name}-wal", f"{kept.name}-shm", "b.db.damaged-2026"):
        kept.with_name(name).write_bytes(b"x" * 1_900)
    (found,) = place.set_aside(settings.db)
    assert (found.state, found.text) == (NOTE, f"{kept} was damaged; 1.9 kB")
    assert f"tracetui salvage '{kept}'" in found.hint
    assert named(place.database(settings), "set aside")
