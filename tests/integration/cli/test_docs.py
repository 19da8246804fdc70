"""The examples of docs/cli.md, run in order: what the page shows is what the program prints."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.programs import environment

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "cli.md"


def examples(text: str) -> Iterator[tuple[str, str]]:
    """Each command of the page's `console` blocks with the output shown for it."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


class Shell:
    """A shell with `tracetui` on its path, a database of its own, and the repository's captures at hand."""

    def __init__(self, home: Path) -> None:
        program = home / "bin" / "tracetui"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tracetui "$@"\n')
        program.chmod(0o755)
        (home / "src").symlink_to(ROOT / "src")
        self._home = home
        self._env = environment(home, TRACETUI_DB=str(home / "traces.db"))
        self._env["PATH"] = f"{program.parent}:{self._env['PATH']}"

    def run(self, command: str) -> str:
        """What a terminal would show of a command."""
        done = subprocess.run(
            ["sh", "-c", f"{{ {command}\n}} 2>&1"], cwd=self._home, env=self._env, capture_output=True, timeout=60,
            check=False,
        )  # fmt: skip
        text = done.stdout.decode()
        return text if not text or text.endswith("\n") else text + "\n"


def test_every_example_prints_what_the_page_shows(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shown = list(examples(PAGE.read_text("utf-8")))
    assert len(shown) > 15
    printed = [(command, shell.run(command)) for command, _ in shown]
    assert printed == shown
