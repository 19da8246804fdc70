"""`prune` and `delete`."""

from __future__ import annotations

import time

import pytest

from tests.integration.cli.conftest import Cli, Server
from tracetui.store.sqlite import SqliteWriter


def test_delete_shows_and_removes_what_matches(filled: Cli) -> None:
    before = {str(trace["trace_id"]) for trace in filled.objects("traces")}
    victim = min(before)
    done = filled("delete", f"trace:{victim}", "--yes")
    assert done.returncode == 0, done.stderr
    assert victim[:8] in done.stdout
    assert "1 trace with" in done.stderr
    assert {trace["trace_id"] for trace in filled.objects("traces")} == before - {victim}
    assert victim not in {span["trace_id"] for span in filled.objects("spans")}


def test_delete_asks_and_takes_no_answer_for_a_no(filled: Cli) -> None:
    count = len(filled.objects("traces"))
    done = filled("delete", "kind:LLM", stdin=b"y\n")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert len(filled.objects("traces")) == count


@pytest.mark.parametrize(("query", "code"), [((), 2), (("nosuchwordanywhere",), 3), (("kind:",), 2)])
def test_delete_needs_a_query_that_matches(filled: Cli, query: tuple[str, ...], code: int) -> None:
    count = len(filled.objects("traces"))
    done = filled("delete", *query, "--yes")
    assert done.returncode == code, done.stderr
    assert len(filled.objects("traces")) == count


def pin(cli: Cli, trace_id: str) -> None:
    writer = SqliteWriter(cli.db)
    writer.pin([trace_id])
    writer.close()


def test_a_pinned_trace_is_told_and_spared_unless_it_is_meant(filled: Cli) -> None:
    before = {str(trace["trace_id"]) for trace in filled.objects("traces")}
    assert not any("pinned" in trace for trace in filled.objects("traces"))
    kept, other = sorted(before)[:2]
    pin(filled, kept)
    assert [trace["trace_id"] for trace in filled.objects("traces") if trace.get("pinned") is True] == [kept]
    done = filled("delete", f"trace:({kept} OR {other})", "--yes")
    assert done.returncode == 0, done.stderr
    assert "1 pinned trace spared; --pinned removes it too." in done.stderr
    assert "1 trace with" in done.stderr
    assert kept[:8] not in done.stdout
    assert {trace["trace_id"] for trace in filled.objects("traces")} == before - {other}
    done = filled("delete", f"trace:{kept}", "--yes")
    assert (done.returncode, done.stdout) == (3, "")
    done = filled("prune", "--max-age", "1m")
    assert done.returncode == 0, done.stderr
    left = {trace["trace_id"] for trace in filled.objects("traces")}
    assert kept in left
    assert len(left) < 5, "beside it, only traces whose times lie in the future"
    done = filled("delete", f"trace:{kept}", "--pinned", "--yes")
    assert done.returncode == 0, done.stderr
    assert {trace["trace_id"] for trace in filled.objects("traces")} == left - {kept}


def test_prune_keeps_within_an_age(filled: Cli) -> None:
    starts = sorted(int(str(trace["start_time_unix_nano"])) for trace in filled.objects("traces"))
    for words in (("--max-age", "10000w"), ("--max-size", "20MB")):
        done = filled("prune", *words)
        assert (done.returncode, done.stderr) == (0, "Nothing to remove.\n")
    size = filled.db.stat().st_size
    old = (time.time_ns() - starts[len(starts) // 2]) / 60e9  # the corpus was captured within days
    done = filled("prune", "--max-age", f"{old:.3f}m")
    assert done.returncode == 0, done.stderr
    left = sorted(int(str(trace["start_time_unix_nano"])) for trace in filled.objects("traces"))
    assert left == starts[-len(left) :]
    assert 0 < len(left) < len(starts)
    assert filled.db.stat().st_size < size


@pytest.mark.parametrize("words", [(), ("--max-size", "much"), ("--max-age", "-3d"), ("--max-size", "0MB")])
def test_prune_needs_a_limit_that_is_one(filled: Cli, words: tuple[str, ...]) -> None:
    done = filled("prune", *words)
    assert done.returncode == 2
    assert "--max" in done.stderr


def test_while_another_writes_it_says_what_to_do(cli: Cli, server: Server) -> None:
    done = cli("prune", "--max-age", "1d")
    assert done.returncode == 1
    assert f"pid {server.process.pid}" in done.stderr
    assert "--max-age" in done.stderr
