"""What may go to the terminal."""

import re

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracetui.tui.net import caught

FRAME = "\x1b[?2026h\x1b[3;1H\x1b[1;38;2;1;2;3;48;5;17mname {} end\x1b[0m\r\n\x1b[4;1H\x1b[0mnext\x1b[?2026l"

PAYLOADS = [
    "\x1b]0;owned\x07",
    "\x1b]2;owned\x1b\\",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x1b]777;notify;a;b\x07",
    "\x1b]1337;File=inline=1:AAAA\x07",
    "\x1bP$q\x1b\\",
    "\x1b_Gi=1;AAAA\x1b\\",
    "\x1b^private\x1b\\",
    "\x1bXstring\x1b\\",
    "\x1b[2J",
    "\x1b[H",
    "\x1b[6n",
    "\x1b[c",
    "\x1b[?4m",
    "\x1b[>4;2m",
    "\x1b[>c",
    "\x1b[21t",
    "\x1b[?1049l",
    "\x1b[?1000h",
    "\x1b[?2004l",
    "\x1b[3;4r",
    "\x1b[5A",
    "\x1b[99L",
    "\x1b[20h",
    "\x1b[!p",
    "\x1b[ q",
    "\x1bc",
    "\x1b7",
    "\x1b8",
    "\x1b=",
    "\x1b#8",
    "\x1b(0",
    "\x1b%G",
    "\x1bM",
    "\x1b",
    "\x1b[",
    "\x1b[38;2;1",
    "\x1b]0;never ended",
    "\x9b2J",
    "\x9d0;owned\x9c",
    "\x90q\x9c",
    "\x07",
    "\x08\x08\x08",
    "\x0e\x0f",
    "\x00",
    "\x7f",
    "\x85",
    "\t",
    "\x0b\x0c",
    "\x1a",
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_nothing_of_a_payload_in_a_frame_reaches_the_terminal(payload: str) -> None:
    written = caught(FRAME.format(payload))
    assert controls(written) == controls(FRAME.format("")), "only the frame's own"
    assert re.sub("[\x00-\x1f\x7f-\x9f]", "\u241b", payload) in written, "the rest is text"


@pytest.mark.parametrize(
    "alone",
    [
        "\x1b[?1049h",
        "\x1b[?1000h\x1b[?1003h",
        "\x1b[?25l",
        "\x1b[>1u",
        "\x1b[<u",
        "\x1b[?2048$p",
        "\x1b[6n",
        "\x1b]22;pointer\x07",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x07",
        FRAME,
        "plain text",
        "",
    ],
)
def test_what_is_ours_passes_as_it_is(alone: str) -> None:
    assert caught(alone) == alone


@given(st.text())
def test_no_text_of_any_kind_can_do_more_than_colour_and_place(text: str) -> None:
    assert not set(controls(caught(FRAME.format(text)))) - set(controls(FRAME)) - set(controls(text, allowed=True))


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"))))
def test_text_without_controls_is_left_alone(text: str) -> None:
    assert caught(FRAME.format(text)) == FRAME.format(text)


def controls(data: str, *, allowed: bool = False) -> list[str]:
    """The control sequences and characters in some output; or those of them that a frame may hold."""
    found = re.findall(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.?|[\x00-\x1f\x7f-\x9f]", data)
    if not allowed:
        return found
    return [one for one in found if re.fullmatch(r"\x1b\[([0-9;:]*m|[0-9]+;[0-9]+H|\?(25|2026)[hl])|[\r\n]", one)]


def test_the_terminals_state_is_as_without_it() -> None:
    for payload in PAYLOADS:
        screen = pyte.Screen(80, 6)
        pyte.Stream(screen).feed(caught(FRAME.format(payload)))
        assert screen.display[3].startswith("next"), ascii(payload)
        assert screen.title == ""
