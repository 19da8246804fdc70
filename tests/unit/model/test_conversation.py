from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracetui.model.chat import ChatMessage, TextPart, Tool, ToolCall, ToolResult
from tracetui.model.conversation import Change, Place, Stretch, calls_of, compare, match_tools, pair_results


def said(role: str, text: str) -> ChatMessage:
    return ChatMessage(role, (TextPart(text),))


SYSTEM, HELLO, HI, MORE = (
    said("system", "Be kind."),
    said("user", "Hello"),
    said("assistant", "Hi"),
    said("user", "More"),
)


def changes(stretches: tuple[Stretch, ...]) -> list[tuple[str, int, int, int]]:
    return [(stretch.change.name, stretch.start, stretch.stop, stretch.dropped) for stretch in stretches]


def test_what_was_sent_before_is_one_stretch_and_the_rest_is_new() -> None:
    assert changes(compare((SYSTEM, HELLO), (SYSTEM, HELLO, HI, MORE))) == [("SAME", 0, 2, 0), ("NEW", 2, 4, 0)]


def test_calls_that_share_nothing_are_not_compared() -> None:
    assert compare((said("user", "a"),), (said("user", "b"),)) == ()
    assert compare((), (HELLO,)) == ()


def test_a_rewritten_message_is_marked_where_it_stands_and_what_follows_is_still_the_same() -> None:
    clock = said("system", "It is 12:05.")
    stretches = compare((said("system", "It is 12:04."), HELLO, HI), (clock, HELLO, HI, MORE))
    assert changes(stretches) == [("CHANGED", 0, 1, 0), ("SAME", 1, 3, 0), ("NEW", 3, 4, 0)]
    assert stretches[0].before == said("system", "It is 12:04.")


def test_dropped_messages_are_counted_where_they_stood() -> None:
    now = (SYSTEM, MORE, said("assistant", "Yes"))
    assert changes(compare((SYSTEM, HELLO, HI, MORE), now)) == [("SAME", 0, 1, 0), ("SAME", 1, 2, 2), ("NEW", 2, 3, 0)]


def test_a_call_is_the_same_whatever_id_it_has_this_time() -> None:
    call = ChatMessage("assistant", (ToolCall("look", {"q": 1}, "call_1"),))
    again = ChatMessage("assistant", (ToolCall("look", {"q": 1}, "call_2"),))
    assert changes(compare((HELLO, call), (HELLO, again, MORE)))[0] == ("SAME", 0, 2, 0)


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_stretches_cover_every_message_once_in_order(before: list[str], now: list[str]) -> None:
    stretches = compare([said("user", text) for text in before], [said("user", text) for text in now])
    covered = [index for stretch in stretches for index in range(stretch.start, stretch.stop)]
    assert covered == (list(range(len(now))) if stretches else [])
    kept = sum(stretch.stop - stretch.start for stretch in stretches if stretch.change is not Change.NEW)
    assert kept + sum(stretch.dropped for stretch in stretches) <= len(before)


def test_twenty_thousand_equal_messages_are_compared_in_one_pass() -> None:
    many = (HELLO,) * 20_000
    assert changes(compare(many, (*many, MORE))) == [("SAME", 0, 20_000, 0), ("NEW", 20_000, 20_001, 0)]


def test_results_answer_the_call_of_their_id_in_whatever_order_they_come() -> None:
    messages = (
        ChatMessage("assistant", (ToolCall("a", id="1"), ToolCall("b", id="2"))),
        ChatMessage("tool", (ToolResult("two", id="2"),)),
        ChatMessage("tool", (ToolResult("one", id="1"),)),
        ChatMessage("tool", (ToolResult("nobody asked", id="9"),)),
    )
    assert pair_results(messages) == {Place(0, 0): Place(2, 0), Place(0, 1): Place(1, 0)}


def test_without_ids_results_answer_by_name_in_order() -> None:
    messages = (
        ChatMessage("assistant", (ToolCall("a"), ToolCall("a"), ToolCall("b"))),
        ChatMessage("user", (ToolResult("b1", "b"), ToolResult("a1", "a"), ToolResult("a2", "a"))),
    )
    assert pair_results(messages) == {Place(0, 0): Place(1, 1), Place(0, 1): Place(1, 2), Place(0, 2): Place(1, 0)}


def test_a_tool_that_ran_belongs_to_the_call_of_its_id_or_of_its_arguments() -> None:
    messages = (
        ChatMessage("assistant", (ToolCall("f", {"x": 1}, "1"), ToolCall("f", {"x": 2}, "2"), ToolCall("g", {}, "3"))),
    )
    calls = dict(calls_of(messages))
    tools = [Tool("f", arguments={"x": 2}), Tool("f", call_id="1"), Tool("g", call_id="another")]
    assert match_tools(calls, tools) == {Place(0, 0): 1, Place(0, 1): 0}
