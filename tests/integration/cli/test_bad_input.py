"""Wrong words and unusable files: a sentence, the right exit code, no traceback, nothing overwritten."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Cli

READING = (["spans", "--json"], ["show", "abc"])
WRITING = (["serve", "--grpc", "off", "--http", "127.0.0.1:0"], ["import", "-"], ["run", "--", "true"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["spans", "--no-such-option"], "No such option"),
        (["spans", "--limit", "many"], "--limit"),
        (["spans", "--limit", "-1"], "--limit"),
        (["spans", "--json", "--csv"], "exclude each other"),
        (["traces", "--http", "nowhere:port"], "nowhere:port"),
        (["show"], "ID"),
        (["export", "--format", "excel"], "excel"),
        (["import", "--format", "excel", "-"], "excel"),
        (["env", "--shell", "tcsh"], "tcsh"),
        (["env", "--http", "off", "--grpc", "off"], "off"),
        (["traces", "--config", "/no/such/file.toml"], "/no/such/file.toml"),
        ([], "tracetui serve"),
        (["kind:LLM"], "tracetui serve"),
    ],
)
def test_wrong_words(cli: Cli, arguments: list[str], says: str) -> None:
    done = cli(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def folder(path: Path) -> None:
    path.mkdir()


def text(path: Path) -> None:
    path.write_text("important notes\n" * 100)


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title)")
    connection.close()


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA application_id = {0x74747569}")
        connection.execute("PRAGMA user_version = 9999")
        connection.execute("CREATE TABLE spans (id)")
    connection.close()


@pytest.mark.parametrize("make", [folder, text, foreign, newer], ids=lambda make: make.__name__)
@pytest.mark.parametrize("arguments", [*READING, *WRITING], ids=lambda arguments: arguments[0])
def test_a_path_that_is_no_database_of_ours(cli: Cli, arguments: list[str], make: Callable[[Path], None]) -> None:
    make(cli.db)
    before = cli.db.read_bytes() if cli.db.is_file() else b""
    done = cli(*arguments, stdin=b"{}")
    assert (done.returncode, done.stdout) == (1, "")
    assert str(cli.db) in done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    if make is newer and arguments in READING:  # it is read as far as it is known, and this one has hardly a table
        assert "was written by a later version" in lines.pop(0)
    assert len(lines) == 1
    assert (cli.db.read_bytes() if cli.db.is_file() else b"") == before


def test_a_folder_below_a_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = cli("import", "-", "--db", str(tmp_path / "file" / "t.db"), stdin=b"{}")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "file") in done.stderr
