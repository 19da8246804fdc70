"""`prune` and `delete`."""

from __future__ import annotations

import time

import pytest

from tests.integration.cli.conftest import STOCK, Cli, Server
from tests.support.corpus import CORPUS


@pytest.fixture
def filled(cli: Cli) -> Cli:
    """A database of its own of the stock."""
    done = cli("import", *(str(path) for name in STOCK for path in sorted((CORPUS / name).glob("*.pb"))))
    assert done.returncode == 0, done.stderr
    return cli


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
