"""Commands that write without a runtime leave everything searchable, and so does `serve` a moment later."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from contextlib import closing

from tests.integration.cli.conftest import Cli, Server
from tests.support.corpus import CORPUS
from tracetui.store.records import SearchState
from tracetui.store.sqlite import SqliteReader

EXPORT = str(CORPUS / "oi-langchain" / "traces.pb")


def state(cli: Cli) -> SearchState:
    with closing(SqliteReader(cli.db)) as reader:
        return reader.search_state()


def forget(cli: Cli) -> None:
    """As a file that an earlier version made: nothing is indexed."""
    with closing(sqlite3.connect(cli.db)) as opened:
        opened.execute("INSERT INTO span_terms (span_terms) VALUES ('delete-all')")
        opened.execute("UPDATE search_index SET backlog = through")
        opened.commit()


def wait_for(cli: Cli) -> None:
    deadline = time.monotonic() + 30
    while not (found := state(cli)).total or found.indexed < found.total:
        assert time.monotonic() < deadline, found
        threading.Event().wait(0.02)


def test_import(cli: Cli) -> None:
    assert cli("import", EXPORT).returncode == 0
    found = state(cli)
    assert found.indexed == found.total > 0


def test_reindex(cli: Cli) -> None:
    cli("import", EXPORT)
    total = state(cli).total
    forget(cli)
    assert state(cli) == (0, total)
    done = cli("reindex")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"{total} spans made searchable.\n")
    assert state(cli) == (total, total)
    assert cli("reindex").stderr == "Everything is up to date already.\n"


def test_reindex_all(cli: Cli) -> None:
    cli("import", EXPORT)
    before = state(cli)
    with closing(sqlite3.connect(cli.db)) as opened:
        (kept,) = opened.execute("SELECT count(*) FROM span_terms WHERE span_terms MATCH '\ue000'").fetchone()
    assert cli("reindex", "--all").returncode == 0
    assert state(cli) == before
    with closing(sqlite3.connect(cli.db)) as opened:
        (made,) = opened.execute("SELECT count(*) FROM span_terms WHERE span_terms MATCH '\ue000'").fetchone()
    assert made == kept == before.total


def test_serve_indexes_what_arrives_and_what_was_there_before(cli: Cli) -> None:
    cli("import", EXPORT)
    before = state(cli).total
    forget(cli)
    with Server(cli) as server:
        wait_for(cli)
        assert cli("import", str(CORPUS / "plain-order" / "traces.pb")).returncode == 0, "sent to the running server"
        wait_for(cli)
        assert state(cli).total > before
        assert cli("reindex").stderr == "Everything is up to date already.\n"
        assert server.end(signal.SIGTERM) == 0
    found = state(cli)
    assert found.indexed == found.total
