"""`demo` where there is no terminal: real receivers, then the list and one trace as text."""

from __future__ import annotations

import re

from tests.integration.cli.conftest import Cli
from tracetui.demo.captures import PLAYLIST


def test_the_demo_on_a_pipe(cli: Cli) -> None:
    done = cli("demo")
    assert done.returncode == 0, done.stderr
    listed, tree = done.stdout.split("\n\n", 1)
    rows = listed.splitlines()[1:]
    assert len(rows) == len(PLAYLIST)
    assert all(any(f"  {scene.root} " in row for row in rows) for scene in PLAYLIST)
    assert re.search(r"└─ |├─ ", tree)
    assert "LLM " in tree
    assert not cli.db.exists()


def test_a_database_that_is_named_is_left_alone(cli: Cli) -> None:
    done = cli("demo", "--db", str(cli.db))
    assert done.returncode == 0
    assert "left alone" in done.stderr
    assert not cli.db.exists()
