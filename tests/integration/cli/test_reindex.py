"""`tracetui reindex` and the user's own prices, through the program."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.integration.cli.conftest import Cli, Server
from tests.support.corpus import CORPUS
from tests.support.programs import json_lines


def costs(cli: Cli) -> list[object]:
    return [trace.get("cost") for trace in json_lines(cli("traces", "--json", "--limit", "0").stdout)]


def prices(cli: Cli, text: str) -> Path:
    """The user's own table, in the configuration folder of this home."""
    path = cli.home / "config" / "tracetui" / "prices.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_an_older_file_is_brought_up_to_date(cli: Cli) -> None:
    assert cli("import", str(CORPUS / "oi-openai-http" / "traces.pb")).returncode == 0
    assert cli("reindex").stderr == "Everything is up to date already.\n"
    before = costs(cli)
    assert {"estimated"} <= {cost["source"] for cost in before if isinstance(cost, dict)}
    with closing(sqlite3.connect(cli.db)) as opened:
        opened.execute("UPDATE spans SET cost_total = NULL, derivation_version = 1")
        opened.execute("UPDATE traces SET cost_picodollars = NULL, cost_count = 0, derivation_version = 1")
        opened.commit()
    assert costs(cli) != before
    done = cli("reindex")
    assert done.returncode == 0
    assert "derived anew" in done.stderr
    assert done.stdout == ""
    assert costs(cli) == before


def test_prices_of_ones_own_count_from_the_next_import_and_from_reindex_all(cli: Cli) -> None:
    body = str(CORPUS / "oi-openai-http" / "traces.pb")
    assert cli("import", body).returncode == 0
    path = prices(cli, '[[price]]\nmodel = "*"\ninput = 0\noutput = 0\nrequest = 2\n')
    assert cli("reindex", "--all").returncode == 0
    found = [cost for cost in costs(cli) if isinstance(cost, dict)]
    assert found
    assert all(cost["total"] % 2 == 0 and cost["total"] > 0 for cost in found)
    path.write_text("[[price]]\nmodel = 3\n")
    done = cli("import", body)
    assert done.returncode == 0, "wrong prices keep nothing out"
    assert done.stderr.count(f"{path}: price 1 (model 3) is left out: model is missing") == 1


def test_without_a_database_it_says_so(cli: Cli) -> None:
    done = cli("reindex")
    assert done.returncode == 1
    assert f"There is no database {cli.db}" in done.stderr


def test_all_says_that_the_writer_must_be_stopped(cli: Cli, server: Server) -> None:
    done = cli("reindex", "--all")
    assert done.returncode == 1
    assert f"(pid {server.process.pid}) is writing" in done.stderr
    assert done.stderr.endswith("Stop it to derive everything anew.\n"), "there is no reindex without writing"
