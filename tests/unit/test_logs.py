"""The log file, and where there is none."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracetui.logs import log_path, open_log


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """What the root logger has."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_what_is_logged_and_printed_goes_into_the_file(tmp_path: Path) -> None:
    descriptor = open_log(tmp_path / "a.db")
    os.write(descriptor, b"printed\n")
    logging.getLogger("tracetui.test").warning("logged")
    os.close(descriptor)
    text = log_path(tmp_path / "a.db").read_text()
    assert "printed" in text and "WARNING tracetui.test: logged" in text


def test_whoever_logs_does_not_fail_where_the_file_has_lost_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    os.close(open_log(tmp_path / "folder" / "a.db"))
    log_path(tmp_path / "folder" / "a.db").unlink()
    (tmp_path / "folder").rmdir()
    logging.getLogger("tracetui.test").warning("logged")
    assert "FileNotFoundError" in capsys.readouterr().err


def test_where_it_cannot_be_made_nothing_fails(tmp_path: Path) -> None:
    """A disk that nobody can write must not keep the screen from it."""
    descriptor = open_log(tmp_path / "no folder" / "a.db")
    os.write(descriptor, b"printed\n")
    logging.getLogger("tracetui.test").warning("logged")
    os.close(descriptor)
    assert not list(tmp_path.iterdir())
