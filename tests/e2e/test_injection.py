"""Hostile text in every field, and what of it reaches a real terminal."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.hostile import ALL, Hostile, strange
from tests.support.programs import Explorer, environment, run_cli
from tests.support.terminal import Terminal, output_of
from tracetui.sanitise import sanitise

COLOURS = (r"\x1b\[[0-9;]*m",)
"""All that a command line may send to a terminal beside text."""

DRIVER = """
import json, sys
import tracetui.cli.app
from tracetui.cli.main import run_command_line
tracetui.cli.app.keep_only = lambda name: None  # many command lines in one process
codes = []
for words in json.load(open(sys.argv[1])):
    codes.append(run_command_line(words))
    sys.stdout.flush()
json.dump(codes, open(sys.argv[2], "w"))
"""
"""Runs command lines one after the other in one process: starting it hundreds of times would take minutes."""


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database holds every text in every field."""
    home = tmp_path_factory.mktemp("hostile")
    fill(home, Hostile())
    return home


def fill(home: Path, hostile: Hostile) -> None:
    for name, body in (("traces.pb", hostile.traces()), ("logs.pb", hostile.logs())):
        (home / name).write_bytes(body)
    done = run_cli("import", str(home / "traces.pb"), str(home / "logs.pb"), "--db", str(home / "traces.db"), home=home)
    assert done.returncode == 0, done.stderr


def run_in_terminal(home: Path, *lines: list[str], typed: bytes = b"") -> tuple[list[int], bytes]:
    """Run command lines on a terminal; returns their exit codes and all that was written."""
    (home / "lines.json").write_text(json.dumps(lines))
    env = environment(home, TRACETUI_DB=str(home / "traces.db"))
    command = [sys.executable, "-c", DRIVER, str(home / "lines.json"), str(home / "codes.json")]
    code, written = output_of(command, env=env, typed=typed, size=(200, 50))
    assert code == 0, written[-2000:].decode("utf-8", "replace")
    return json.loads((home / "codes.json").read_text()), written


SHOWN = [
    *([name, "--limit", "0"] for name in ("traces", "spans", "logs", "sessions")),
    *([name, "--limit", "0", "--json"] for name in ("traces", "spans", "logs", "sessions")),
    *([name, "--limit", "0", "--csv"] for name in ("traces", "spans", "logs", "sessions")),
    *(["stats", "--limit", "0", *form, *(word for key in keys for word in ("--by", key))]
      for keys in (("name",), ("model", "provider"), ("service",), ("session",), ("tool",), ("agent",), ("user",))
      for form in ((), ("--json",), ("--csv",))),
    *(["show", f"{1:032x}", *form] for form in ((), ("--json",))),
    *(["show", f"{number:016x}", *form] for number in (2, 3, 4, 901, 902, 903)
      for form in ((), ("--json",), ("--explain",))),
    ["show", "session of many"],
    ["show", "session of many", "--json"],
    ["export"],
    ["export", "--format", "jsonl"],
    ["doctor"],
    ["doctor", "--json"],
    ["env"],
    ["spans", "--follow", "--since", "2020-01-01", "--limit", "400"],
]  # fmt: skip
"""Every command that shows what is stored, in every form."""


def test_what_commands_print_of_received_text_is_text_alone(stocked: Path) -> None:
    codes, written = run_in_terminal(stocked, *SHOWN)
    assert set(codes) <= {0, 1}, list(zip(codes, SHOWN, strict=True))  # the doctor may find something
    assert strange(written, COLOURS) == []
    text = written.decode()
    missing = [one for one in ALL if sanitise(" ".join(one.split())) not in text]
    assert missing == [], "each is shown, as a stand-in"


ECHOING: list[Callable[[str], list[str]]] = [
    lambda word: ["show", word],
    lambda word: ["traces", f"{word}:x AND (", "--limit", "1"],
    lambda word: ["traces", "--since", word],
    lambda word: ["traces", "--sort", word],
    lambda word: ["import", word],
    lambda word: ["export", "--output", f"no/{word}"],
    lambda word: ["export", "--format", word],
    lambda word: ["stats", "--by", word],
    lambda word: ["env", "--shell", word],
    lambda word: ["prune", "--max-size", word],
    lambda word: ["prune", "--max-age", word],
    lambda word: ["traces", "--db", f"no/{word}"],
    lambda word: ["traces", f"--{word}"],
    lambda word: ["traces", "--limit", word],
    lambda word: ["serve", "--grpc", word],
    lambda word: ["traces", "--config", word],
    lambda word: ["run", "--", f"no {word}"],
]
"""Command lines that are wrong, and say so in the words that they were given."""


def test_the_words_of_a_command_line_come_back_as_text(stocked: Path) -> None:
    words = [text for text in ALL if not text.isprintable() and "\0" not in text]
    lines = [ECHOING[number % len(ECHOING)](word) for number, word in enumerate(words)]
    codes, written = run_in_terminal(stocked, *lines)
    assert set(codes) <= {0, 1, 2, 127}
    assert strange(written, COLOURS) == []


def test_what_is_asked_before_deleting_is_text_alone(stocked: Path) -> None:
    codes, written = run_in_terminal(stocked, ["delete", "name:t0*"], typed=b"n\n")
    assert codes == [1] and b"Nothing was deleted" in written
    assert strange(written, COLOURS) == []


def test_a_file_with_a_hostile_name_is_imported_and_named_as_text(stocked: Path, tmp_path: Path) -> None:
    lines = []
    for number, text in enumerate([text for text in ALL if "\0" not in text and "/" not in text][::3]):
        path = tmp_path / f"{number} {text}.json"
        path.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "x", "name": text}]}]}]}))
        lines.append(["import", str(path)])
    codes, written = run_in_terminal(tmp_path, *lines)
    assert set(codes) <= {0, 1}
    assert strange(written, COLOURS) == []
    assert written.count(b"1 rejected:") == len(lines)


WHOLE = ("the whole of it", "whole 901", "whole 902")
"""The last spans of the trace, each with every text in every long field."""


def spelled(text: str) -> str:
    """A text in letters and digits alone, each text in its own."""
    return "".join(character if character.isalnum() else f"x{ord(character):x}" for character in text)


FRAMES = (r"\x1b\[[0-9;:]*m", r"\x1b\[[0-9]+;[0-9]+H")
"""Colours and places, which differ from frame to frame."""


def test_what_the_explorer_writes_differs_only_in_stand_ins(stocked: Path, tmp_path: Path) -> None:
    tabs = dict(zip(WHOLE, ("15", "3", "4"), strict=True))
    check_explorer(stocked, controls(nothing_received(tmp_path)), spans=12, tabs=tabs)


@pytest.mark.slow
def test_what_it_writes_of_every_span_and_tab_differs_only_in_stand_ins(stocked: Path, tmp_path: Path) -> None:
    fill(tmp_path, Hostile(change=spelled))
    benign, _ = explore(tmp_path, ["plain"] * 26, 3, {"the whole of it": "15"}, pages=2)
    check_explorer(stocked, controls(benign), spans=209, tabs=dict.fromkeys(WHOLE, "987654321"))


def check_explorer(home: Path, ours: set[str], *, spans: int, tabs: Mapping[str, str]) -> None:
    """Nothing that acts is written but what a benign run writes too, and every text is seen."""
    filters = [" ".join(ALL[start : start + 8]) for start in range(0, len(ALL), 8)]
    written, screens = explore(home, filters, spans, tabs)
    assert controls(written) <= ours
    assert strange(written, (*FRAMES, *map(re.escape, ours - {"\x1b"}))) == []
    assert [text for text in ALL if sanitise(text).strip().split("\n")[0] not in screens] == []


def nothing_received(home: Path) -> bytes:
    """What the explorer writes where there is nothing to show."""
    with Explorer(home, size=(150, 48)) as terminal:
        terminal.wait_for("No traces yet")
        terminal.press("\x10")
        terminal.wait_for("Search for commands")
        terminal.press("escape")
        terminal.wait_until(lambda text: "Search for commands" not in text, "no palette")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        return bytes(terminal.output)


def controls(output: bytes) -> set[str]:
    """The different control sequences of an output, without the colours and places of frames."""
    text = re.sub("|".join(FRAMES), "", output.decode("utf-8", "surrogateescape"))
    strings = r"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    others = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]|[\x00-\x09\x0b-\x1f\x7f-\x9f]"
    return set(re.findall(f"{strings}|{others}", text))


def explore(
    home: Path, filters: list[str], spans: int, tabs: Mapping[str, str], *, pages: int = 1000
) -> tuple[bytes, str]:
    """Look at every screen; returns what was written, and all that was seen.

    Args:
        home: Where the database is.
        filters: Queries that are saved, for the palette.
        spans: How many spans are read one after the other.
        tabs: Spans of which some tabs are read.
        pages: How far they, and lists, are read at most.
    """
    config = home / "config" / "tracetui"
    config.mkdir(parents=True, exist_ok=True)
    texts = [json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f") for text in filters]
    lines = [f"f{number} = {text}" for number, text in enumerate(texts)]
    (config / "filters.toml").write_text("\n".join(lines), encoding="utf-8")
    with Explorer(home, size=(150, 48)) as terminal:
        look = Look(terminal, pages)
        terminal.wait_for("t209", "210 traces")
        look.at_pages()
        terminal.press("end")
        terminal.wait_for("CHAIN root of many", "n001")
        look.at_palette()
        terminal.press("enter")
        terminal.wait_for("Enter Inspect", "CHAIN root of many", "n001")
        look.at_pages()
        terminal.press("home", "j", "enter", "+")
        terminal.wait_for("─ n001", "1 Chat")
        for number in range(2, spans):
            terminal.press("J")
            look.at(f"─ n{number:03d}")
        terminal.press("+")
        terminal.wait_for("213 spans")
        for name in tabs:
            terminal.press("escape")
            terminal.wait_for("Enter Inspect")
            terminal.press("end", *"kk"[list(WHOLE).index(name) :], "enter", "+")
            look.at(f"─ {name}")
            look.at_tabs(tabs[name])
            terminal.press("+")
            terminal.wait_for("213 spans")
        terminal.press("escape")
        terminal.wait_for("Enter Inspect")
        terminal.press("c")
        terminal.wait_for("210 sessions")
        look.at_pages(4)
        terminal.press("end")
        terminal.wait_for("session of many ·")
        terminal.press("enter")
        terminal.wait_for("Enter Open trace")
        look.at_pages(8)
        terminal.press("c")
        terminal.wait_for("Enter Inspect")
        for value in ("name:n", "session:", "model:"):
            terminal.press("/", value)
            look.at("Tab takes")
            terminal.press("escape")
            terminal.wait_until(lambda text: "Tab takes" not in text, "no suggestions")
            terminal.press("escape")
            terminal.wait_until(lambda text: "F1" not in text, "no filter")
        terminal.press("i")
        look.at("write-ahead log")
        look.at_pages()
        terminal.press("escape")
        terminal.wait_until(lambda text: "write-ahead log" not in text and "SQLite" not in text, "no status")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        return bytes(terminal.output), "\n".join(look.seen)


class Look:
    """Reads the screen as a person leafing through it would."""

    def __init__(self, terminal: Terminal, pages: int) -> None:
        self.terminal = terminal
        self._pages = pages
        self.seen: list[str] = []

    def at(self, wanted: str) -> None:
        """Wait for a text, and remember the screen."""
        self.seen.append(self.terminal.wait_for(wanted))

    def at_pages(self, most: int = 1000) -> None:
        """Page down to the end of the pane in focus, or so far."""
        self.seen.append(self.terminal.text)
        for _ in range(min(most, self._pages)):
            if not self.after("pagedown"):
                break

    def at_tabs(self, tabs: str) -> None:
        """Tabs of the span that is inspected, to their end, and where their values came from."""
        for tab in tabs:
            self.after(tab)
            self.after("home")
            self.at_pages()
        self.after("w")
        self.at_pages()
        self.after("w")

    def at_palette(self) -> None:
        """The command palette, with filters that hold received text."""
        self.terminal.press("\x10")
        self.terminal.wait_for("Search for commands")
        self.terminal.press("Filter: f")
        self.at("Filter: f1")
        for _ in range(6):
            self.after("pagedown")
        self.terminal.press("escape")
        self.terminal.wait_until(lambda text: "Filter: f" not in text, "no palette")

    def after(self, key: str) -> bool:
        """Press a key and remember the screen; whether it is another one, as far as some rest of the program tells."""
        before, rests_since = self.terminal.text, time.monotonic()

        def is_settled(text: str) -> bool:
            nonlocal rests_since
            if self.terminal.is_busy:
                rests_since = time.monotonic()
            return text != before or time.monotonic() > rests_since + 0.25

        self.terminal.press(key)
        self.terminal.wait_until(is_settled, "another screen")
        changed = self.terminal.text != before
        if changed:
            self.seen.append(self.terminal.text)
        return changed
