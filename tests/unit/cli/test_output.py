"""What reaches stdout, through a pipe and on a terminal."""

from __future__ import annotations

import io
import json

import pytest

from tracetui.cli.output import Column, Output, OutputClosed, aligned_lines, cropped, fact_lines

HOSTILE = "\x1b[31mred\x1b[0m \x9b31m \x7f \u202eevil\u200b \U000e0041 [bold]x[/bold]"


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_columns_are_aligned_by_the_cells_text_takes() -> None:
    lines = list(aligned_lines([Column("name"), Column("n", right=True)], [("漢字", "1"), ("ab", "1000")]))
    assert lines == ["name     n", "漢字     1", "ab    1000"]


def test_a_line_is_cut_by_the_cells_its_pieces_take() -> None:
    pieces = ("ab", ("漢字", "dim"), "c")
    assert cropped(pieces, 7) == pieces
    assert cropped(pieces, 6) == ("ab", ("漢 …", "dim")), "half a wide character is a blank"
    assert cropped(pieces, 3) == ("ab", ("…", "dim"))


def test_facts_are_broken_between_two_of_them() -> None:
    facts = ["trace 0", "", "2 日本", "much longer than a line may be", "end"]
    assert [*fact_lines(facts, 16)] == [
        (("trace 0 · 2 日本", "dim"),),
        (("much longer than a line may be", "dim"),),
        (("end", "dim"),),
    ]
    assert [*fact_lines(facts, 15)][0] == (("trace 0", "dim"),)
    assert [*fact_lines(facts, None)] == [(("trace 0 · 2 日本 · much longer than a line may be · end", "dim"),)]


def test_received_text_in_a_table_does_nothing_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = FakeTerminal()
    Output(stream).table([Column("name")], [[HOSTILE]])
    shown = stream.getvalue()
    assert "[bold]x[/bold]" in shown
    assert not {"\x1b", "\x9b", "\x7f", "\u202e", "\u200b", "\U000e0041"} & set(shown)


@pytest.mark.parametrize("terminal", [False, True])
def test_json_keeps_everything_and_hides_nothing(terminal: bool) -> None:
    stream = FakeTerminal() if terminal else io.StringIO()
    Output(stream).json({"text": HOSTILE + "漢字"})
    assert json.loads(stream.getvalue()) == {"text": HOSTILE + "漢字"}
    assert "漢字" in stream.getvalue()
    assert not {"\x1b", "\x9b", "\x7f", "\u202e", "\u200b", "\U000e0041"} & set(stream.getvalue())


def test_csv_is_exact_in_a_pipe_and_safe_on_a_terminal() -> None:
    pipe, terminal = io.StringIO(), FakeTerminal()
    for stream in (pipe, terminal):
        Output(stream).csv(["a", "b"], [[HOSTILE, None]])
    assert HOSTILE in pipe.getvalue()
    assert pipe.getvalue().endswith(",\n")
    assert "\x1b" not in terminal.getvalue()


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    coloured, plain = FakeTerminal(), io.StringIO()
    Output(coloured).line(("LLM", "LLM"), " chat")
    Output(plain).line(("LLM", "LLM"), " chat")
    assert coloured.getvalue() == "\x1b[35mLLM\x1b[0m chat\n"
    assert plain.getvalue() == "LLM chat\n"
    monkeypatch.setenv("NO_COLOR", "1")
    calm = FakeTerminal()
    Output(calm).line(("LLM", "LLM"))
    assert calm.getvalue() == "LLM\n"


def test_the_least_important_column_leaves_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    columns = [Column("id"), Column("name", flexible=True), Column("cost", rank=2), Column("service", rank=5)]
    wide = [["1" * 30, "n" * 30, "c" * 10, "s" * 30]]
    stream = FakeTerminal()
    Output(stream).table(columns, wide)
    shown = stream.getvalue()
    assert "sss" not in shown
    assert "c" * 10 in shown
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80


def test_a_reader_that_is_gone_is_told_apart_from_other_errors() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(OutputClosed):
        Output(Closed()).line("x")
