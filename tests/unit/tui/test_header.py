"""The line at the top."""

from msgspec.structs import replace
from textual.theme import BUILTIN_THEMES

from tracetui.config import Address
from tracetui.receivers.status import ReceiverState, ReceiverStatus
from tracetui.tui.theme import palette_of
from tracetui.tui.widgets.header import HeaderState, _left


def text(state: HeaderState, room: int = 120) -> str:
    """What the left side of the header says."""
    return "".join(
        segment.text for segment in _left(state, palette_of(BUILTIN_THEMES["textual-dark"]), room).strip(room)
    )


def test_an_address_open_to_anyone_is_said_all_the_time() -> None:
    assert "open to anyone: 0.0.0.0:4318" in text(HeaderState(open_to_anyone=("0.0.0.0:4318",)))
    assert "open to anyone: 0.0.0.0:4318" in text(HeaderState(open_to_anyone=("0.0.0.0:4318",)), 60)
    assert "open" not in text(HeaderState())


def test_the_size_is_always_there() -> None:
    """However much else there is to say, in a terminal of 80 cells."""
    listening = [
        ReceiverStatus(protocol, Address("127.0.0.1", port), ReceiverState.LISTENING)
        for protocol, port in (("grpc", 4317), ("http", 4318), ("http", 6006))
    ]
    long = "word " * 40
    for state in (
        HeaderState(listening, spans_per_second=12_345),
        HeaderState(listening, trouble=long),
        HeaderState(role=long),
        HeaderState(listening, trouble=long, role=long, pruned=12_000),
    ):
        assert " 1.2 GB" in text(replace(state, store_bytes=1_234_000_000), 72)


def test_what_is_wrong_is_said_as_far_as_there_is_room() -> None:
    state = HeaderState(trouble="the limits are not kept: what is left is pinned or running", pruned=1_204)
    assert "✖ the limits are not kept: what is left is pinned or running" in text(state)
    assert "1.2k pruned" in text(state)
    assert "✖ the limits are" in text(state, 50)
