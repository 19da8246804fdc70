"""One turn of a session: what a trace adds to the conversation, without the history that each of its calls repeats.

What is history is told from the calls themselves, so that any turn can be read without those before it: a chat sends
its whole past with every call, and in the first call of a turn that past ends with the last thing the assistant said.
Of every later call only those parts are new that no call before it was given or gave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tracetui.model.chat import (
    ChatMessage,
    FilePart,
    MediaPart,
    MessagePart,
    NormalisedSpan,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    SpanError,
    TextPart,
    Tool,
    ToolCall,
    ToolResult,
)
from tracetui.model.conversation import calls_of, match_tools, pair_results
from tracetui.model.trace import TraceSummary

ASSISTANT = frozenset({"assistant", "model", "ai"})
"""Roles in which a model speaks."""

INSTRUCTIONS = frozenset({"system", "developer"})
"""Roles of what is said to the model by the app."""

MAX_ERRORS = 5


class Turn(Struct, frozen=True):
    """What one trace adds to its session."""

    trace: TraceSummary
    asked: tuple[ChatMessage, ...] = ()
    """What the user said."""
    steps: tuple[ChatMessage, ...] = ()
    """What happened in between, in order: reasoning, tool calls and results, what other agents were told and said."""
    answered: tuple[ChatMessage, ...] = ()
    """What the assistant said in the end."""
    instructions: str = ""
    """The system prompt of the first call."""
    errors: tuple[SpanError, ...] = ()
    calls_left_out: int = 0
    """LLM calls of a very long turn that were not read."""


class TurnSpans(Struct, frozen=True):
    """The spans a turn is told from, each read whole."""

    calls: Sequence[NormalisedSpan] = ()
    """LLM calls in order of their start, each once: of a call inside a call, the inner one."""
    tools: Sequence[NormalisedSpan] = ()
    """Tools that ran."""
    root: NormalisedSpan | None = None
    failed: Sequence[NormalisedSpan] = ()
    """Spans of other kinds that failed."""
    calls_left_out: int = 0


class _Step(Struct):
    """A message in between, and when."""

    at: int
    message: ChatMessage


def turn_of(trace: TraceSummary, spans: TurnSpans) -> Turn:
    """Tell a turn from its spans."""
    asked, steps, answered = _told(spans.calls, spans.root)
    _add_tools(steps, spans.tools)
    steps.sort(key=lambda step: step.at)
    root = spans.root
    if root is not None:
        heard = any(call.input_messages for call in spans.calls)
        asked = _own_words(asked, root.input_messages, root.input, "user", steps, heard=heard)
        heard = any(call.output_messages for call in spans.calls)
        answered = _own_words(answered, root.output_messages, root.output, "assistant", steps, heard=heard)
    return Turn(
        trace,
        tuple(asked),
        tuple(step.message for step in steps),
        tuple(answered),
        next((text for call in spans.calls[:1] if (text := _instructions(call))), ""),
        _errors((*spans.calls, *spans.tools, *((root,) if root else ()), *spans.failed)),
        spans.calls_left_out,
    )


def _told(
    calls: Sequence[NormalisedSpan], root: NormalisedSpan | None
) -> tuple[list[ChatMessage], list[_Step], list[ChatMessage]]:
    """The user's words, the steps, the assistant's words, as the calls tell them."""
    asked: list[ChatMessage] = []
    answered: list[ChatMessage] = []
    steps: list[_Step] = []
    seen: Counter[object] = Counter()
    last = _answering(calls, root)
    for number, call in enumerate(calls):
        counted: Counter[object] = Counter()
        start, end = call.span.start_time_unix_nano, call.span.end_time_unix_nano
        unseen = _unseen(call.input_messages, counted, seen)
        for message in _since_the_answer(call.input_messages) if number == 0 else unseen:
            if message.role in INSTRUCTIONS:
                continue
            if number == 0 and message.role == "user":
                words = _only(message, lambda part: not isinstance(part, ToolResult))
                asked += [words] if words.parts else []
                message = _only(message, lambda part: isinstance(part, ToolResult))
            if message.parts:
                steps.append(_Step(start, message))
        for message in _unseen(call.output_messages, counted, seen):
            if number == last:
                words = _only(message, _is_said)
                answered += [words] if words.parts else []
                message = _only(message, lambda part: not _is_said(part))
            if message.parts:
                steps.append(_Step(end or start, message))
        seen |= counted
    return asked, steps, answered


def _since_the_answer(messages: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    """What follows the last thing the assistant said; words put into its mouth at the very end do not count."""
    end = len(messages)
    while end and messages[end - 1].role in ASSISTANT:
        end -= 1
    begin = end
    while begin and messages[begin - 1].role not in ASSISTANT:
        begin -= 1
    return messages[begin:end]


def _unseen(messages: Iterable[ChatMessage], counted: Counter[object], seen: Counter[object]) -> list[ChatMessage]:
    """The messages with those parts that no earlier call knew, each as often as it stands here; counts what it sees."""
    found: list[ChatMessage] = []
    for message in messages:
        parts: list[MessagePart] = []
        for part in message.parts:
            content = _content(part, message.role)
            counted[content] += 1
            if counted[content] > seen[content]:
                parts.append(part)
        if parts:
            found.append(message if len(parts) == len(message.parts) else replace(message, parts=tuple(parts)))
    return found


def _content(part: MessagePart, role: str) -> object:
    """What makes two parts the same, however a library writes them the second time."""
    match part:
        case TextPart(content) | RefusalPart(content):
            return "text", role in ASSISTANT, content.strip()
        case ReasoningPart(content):
            return "reasoning", content.strip()
        case ToolCall():
            return "call", part.id or (part.name, repr(part.arguments))
        case ToolResult():
            return "result", part.id or (part.name, repr(part.result))
        case MediaPart() | FilePart():
            return part
        case OtherPart():
            return part.type, repr(part.raw)


def _answering(calls: Sequence[NormalisedSpan], root: NormalisedSpan | None) -> int:
    """Which call gave the answer: the last whose words the root gave back, else the last that said anything; -1: none.

    Calls after it are an app's own: a title for the chat, a judgement, suggestions.
    """
    speaking = [number for number, call in enumerate(calls) if _words(call.output_messages)]
    if root is not None:
        given = {_words(root.output_messages), root.output.strip()} - {""}
        for number in reversed(speaking):
            if _words(calls[number].output_messages) in given:
                return number
    return speaking[-1] if speaking else -1


def _own_words(
    told: list[ChatMessage],
    messages: Sequence[ChatMessage],
    text: str,
    role: str,
    steps: list[_Step],
    *,
    heard: bool,
) -> list[ChatMessage]:
    """The words as the calls tell them; where they tell none, as the root does.

    A question that stands inside a longer prompt, as with documents around it, is shown by itself, the prompt among the
    steps. `heard` says whether the calls tell any messages.
    """
    plain = text.strip() if text.strip()[:1] not in ("{", "[") else ""
    if told:
        words = _words(told)
        if role == "user" and plain and plain != words and plain in words and len(told) == 1:
            steps.insert(0, _Step(0, told[0]))
            return [ChatMessage(role, (TextPart(plain),))]
        return told
    speaking = ASSISTANT if role == "assistant" else {role}
    since = _since_the_answer(messages) if role == "user" else messages
    found = [_only(message, _is_said) for message in since if message.role in speaking]
    found = [message for message in found if message.parts]
    said = plain if heard else text.strip()  # where the calls tell of messages, JSON is only their request once more
    return found or ([ChatMessage(role, (TextPart(said),))] if said else [])


def _add_tools(steps: list[_Step], spans: Sequence[NormalisedSpan]) -> None:
    """Put in what the tools that ran were given and gave, as far as no message says it."""
    messages = [step.message for step in steps]
    calls, answered = dict(calls_of(messages)), pair_results(messages)
    tools = [replace(tool, name=tool.name or ran.span.name) for ran in spans for tool in (ran.tool or Tool(),)]
    places = {tool: place for place, tool in match_tools(calls, tools).items()}
    free = [place for place in calls if place not in places.values()]
    for number, (ran, tool) in enumerate(zip(spans, tools, strict=True)):
        place = places.get(number)
        if place is None:  # a framework may give the call one id and the tool another
            place = next((place for place in free if calls[place].name == tool.name), None)
            if place is not None:
                free.remove(place)
        start, end = ran.span.start_time_unix_nano, ran.span.end_time_unix_nano
        result = _result(ran, tool)
        if place is None:
            call = ToolCall(tool.name, tool.arguments, tool.call_id)
            steps.append(_Step(start, ChatMessage("tool", (call, result))))
        elif place not in answered:
            answer = replace(result, id=calls[place].id or result.id)
            steps.append(_Step(max(end or start, steps[place.message].at), ChatMessage("tool", (answer,))))


def _result(ran: NormalisedSpan, tool: Tool) -> ToolResult:
    failed = ran.span.status.is_error or bool(ran.errors)
    said = next((error.message or error.type for error in ran.errors), ran.span.status.message)
    return ToolResult(said if failed and tool.result is None else tool.result, tool.name, tool.call_id, failed)


def _is_said(part: MessagePart) -> bool:
    """Whether a part is something said to the user."""
    return not isinstance(part, ToolCall | ToolResult | ReasoningPart)


def _only(message: ChatMessage, wanted: Callable[[MessagePart], bool]) -> ChatMessage:
    return replace(message, parts=tuple(part for part in message.parts if wanted(part)))


def _words(messages: Iterable[ChatMessage]) -> str:
    return "\n".join(text for message in messages if (text := message.text.strip()))


def _instructions(call: NormalisedSpan) -> str:
    return call.system or "\n".join(m.text for m in call.input_messages if m.role in INSTRUCTIONS)


def _errors(spans: Iterable[NormalisedSpan]) -> tuple[SpanError, ...]:
    """What went wrong, each once although it is told by every span it passed through."""
    found: dict[str, SpanError] = {}
    for span in spans:
        for error in span.errors or ((SpanError(span.span.status.message),) if span.span.status.is_error else ()):
            if what := error.message or error.type or error.stacktrace:
                found.setdefault(what, error)
    return tuple(found.values())[:MAX_ERRORS]
