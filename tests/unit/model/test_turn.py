"""What a trace adds to its session's conversation."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tracetui.model.chat import (
    ChatMessage,
    NormalisedSpan,
    ReasoningPart,
    SpanError,
    TextPart,
    Tool,
    ToolCall,
    ToolResult,
)
from tracetui.model.span import Span
from tracetui.model.trace import TraceSummary
from tracetui.model.turn import Turn, TurnSpans, turn_of

moments = itertools.count(1)

TRACE = TraceSummary(
    1, "1" * 32, "chat", "1" * 16, "app", "", "s", 1, 2, 3, 0, 1, 0, None, None, None, (), complete=True
)
SYSTEM = ChatMessage("system", (TextPart("Be brief."),))
CALL = ToolCall("get_weather", {"city": "Oslo"}, "c1")
RESULT = ToolResult("rain", "get_weather", "c1")


def user(text: str) -> ChatMessage:
    return ChatMessage("user", (TextPart(text),))


def assistant(*parts: Any) -> ChatMessage:
    return ChatMessage("assistant", tuple(TextPart(part) if isinstance(part, str) else part for part in parts))


def span(**fields: Any) -> NormalisedSpan:
    start = next(moments) * 10
    return NormalisedSpan(Span("1" * 32, f"{start:016x}", "span", "", 0, start, start + 5), **fields)


def call(given: list[ChatMessage], *said: ChatMessage, **fields: Any) -> NormalisedSpan:
    return span(input_messages=tuple(given), output_messages=said, **fields)


def turn(*calls: NormalisedSpan, **spans: Any) -> Turn:
    return turn_of(TRACE, TurnSpans(calls, **spans))


def test_the_history_of_a_call_is_not_told_again() -> None:
    history = [SYSTEM, user("hi"), assistant("hello"), user("and tomorrow?")]
    told = turn(call(history, assistant("sun")))
    assert (told.asked, told.steps, told.answered) == ((user("and tomorrow?"),), (), (assistant("sun"),))
    assert told.instructions == "Be brief."


def test_words_said_before_are_told_when_they_are_said_again() -> None:
    told = turn(call([user("yes"), assistant("sure?"), user("yes")], assistant("sure?")))
    assert (told.asked, told.answered) == ((user("yes"),), (assistant("sure?"),))


def test_tool_calls_and_results_stand_between_and_once() -> None:
    first = [SYSTEM, user("rain in Oslo?")]
    asked = assistant(ReasoningPart("look it up"), CALL)
    again = [*first, assistant(CALL), ChatMessage("tool", (RESULT,))]  # reasoning is rarely sent back
    told = turn(call(first, asked), call(again, assistant("yes")))
    assert told.asked == (user("rain in Oslo?"),)
    assert told.steps == (asked, ChatMessage("tool", (RESULT,)))
    assert told.answered == (assistant("yes"),)


def test_results_in_a_message_of_the_user_are_no_words() -> None:
    continued = [user("rain?"), assistant(CALL), ChatMessage("user", (RESULT, TextPart("be quick")))]
    told = turn(call(continued, assistant("yes")))
    assert told.asked == (user("be quick"),)
    assert told.steps == (ChatMessage("user", (RESULT,)),)


def test_an_answer_put_into_the_assistants_mouth_is_not_history() -> None:
    told = turn(call([user("as JSON"), assistant("{")], assistant('"a": 1}')))
    assert told.asked == (user("as JSON"),)


def test_what_an_agent_tells_another_stands_between() -> None:
    outer = [user("plan a trip")]
    handed = assistant(ToolCall("delegate", {"task": "weather"}, "d1"))
    first = call(outer, handed)
    inner = call([ChatMessage("system", (TextPart("You know weather."),)), user("weather")], assistant("fine"))
    last = call([*outer, handed, ChatMessage("tool", (ToolResult("fine", "", "d1"),))], assistant("go"))
    told = turn(first, inner, last)
    assert told.asked == (user("plan a trip"),)
    assert [message.role for message in told.steps] == ["assistant", "user", "assistant", "tool"]
    assert told.answered == (assistant("go"),)


def test_a_call_after_the_answer_is_not_the_answer() -> None:
    root = span(output="blue", output_messages=(assistant("blue"),))
    told = turn(
        call([user("sky?")], assistant("blue")),
        call([user("A title for: sky? blue")], assistant("Sky colour")),
        root=root,
    )
    assert told.answered == (assistant("blue"),)
    assert told.steps[-1] == assistant("Sky colour")


def test_a_question_inside_a_prompt_is_told_by_itself() -> None:
    prompt = user("Use these documents:\nRefunds take 30 days.\nQuestion: how long do refunds take?")
    told = turn(call([prompt], assistant("30 days")), root=span(input="how long do refunds take?"))
    assert told.asked == (user("how long do refunds take?"),)
    assert told.steps == (prompt,)


def test_without_calls_the_root_tells() -> None:
    told = turn(root=span(input='{"q": "hi"}', output="hello"))
    assert (told.asked, told.answered) == ((user('{"q": "hi"}'),), (assistant("hello"),))


def test_the_json_of_a_request_is_not_the_users_words() -> None:
    told = turn(
        call([user("rain?"), assistant(CALL), ChatMessage("tool", (RESULT,))], assistant("yes")),
        root=span(input='{"messages": []}'),
    )
    assert told.asked == ()


def test_a_tool_that_ran_answers_a_call_whose_result_no_message_tells() -> None:
    ran = span(tool=Tool("get_weather", "", "c1", {"city": "Oslo"}, "rain"))
    told = turn(call([user("rain?")], assistant(CALL)), tools=[ran])
    assert told.steps == (assistant(CALL), ChatMessage("tool", (RESULT,)))


def test_a_tool_with_another_id_than_its_call_is_not_told_twice() -> None:
    ran = span(tool=Tool("get_weather", "", "adk-1", {"city": "Oslo"}, "rain"))
    answered = call([user("rain?"), assistant(CALL), ChatMessage("tool", (RESULT,))], assistant("yes"))
    told = turn(call([user("rain?")], assistant(CALL)), answered, tools=[ran])
    assert len(told.steps) == 2


def test_a_tool_nobody_called_stands_where_it_ran() -> None:
    ran = span(tool=Tool("look_up", "", "", {"id": 1}), errors=(SpanError("not found"),))
    told = turn(call([user("go")], assistant("done")), tools=[ran])
    expected = (ToolCall("look_up", {"id": 1}), ToolResult("not found", "look_up", is_error=True))
    assert told.steps == (ChatMessage("tool", expected),)
    assert told.errors == (SpanError("not found"),)


def test_an_error_that_passes_through_several_spans_is_told_once() -> None:
    error = SpanError("no quota", "RateLimitError")
    told = turn(call([user("go")], errors=(error,)), root=span(errors=(error,)), failed=[span(errors=(SpanError(),))])
    assert told.errors == (error,)


@pytest.mark.parametrize("given", [[], [SYSTEM], [assistant("only")]])
def test_calls_that_say_nothing_tell_nothing(given: list[ChatMessage]) -> None:
    told = turn(call(given))
    assert (told.asked, told.steps, told.answered) == ((), (), ())
