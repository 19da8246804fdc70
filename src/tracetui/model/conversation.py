"""What two calls' conversations have in common, and which answer belongs to which tool call. Pure functions."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple

from msgspec import Struct, field

from tracetui.model.chat import (
    ChatMessage,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    Tool,
    ToolCall,
    ToolResult,
)
from tracetui.model.usage import Usage


class Change(Enum):
    """How messages of a call stand to the call before it."""

    SAME = auto()
    CHANGED = auto()
    """In the place of another message of the same role."""
    NEW = auto()


class Stretch(Struct, frozen=True):
    """Neighbouring messages of a call that stand to the call before it in one way."""

    change: Change
    start: int
    """Index of the first message."""
    stop: int
    """Index after the last."""
    before: ChatMessage | None = None
    """What stood there in the call before, of a changed message (such a stretch holds one)."""
    dropped: int = 0
    """Messages of the call before that stood directly ahead of this stretch and are gone."""


class PreviousCall(Struct, frozen=True):
    """The LLM call of the same agent before this one, as far as it matters here."""

    span_id: str
    messages: tuple[ChatMessage, ...]
    """What was sent then."""


class ToolRun(Struct, frozen=True):
    """A TOOL span that answers a call."""

    span_id: str
    name: str
    result: object
    error: str = ""
    """Why it failed; empty where it did not."""
    duration_nano: int | None = None


class Place(NamedTuple):
    """Where a part stands: the message's index, the part's index in it."""

    message: int
    part: int


class Surroundings(Struct, frozen=True):
    """What stands around a call in its trace."""

    previous: PreviousCall | None = None
    runs: Mapping[Place, ToolRun] = field(default_factory=dict)
    """What ran for a call whose result is not among the messages, by the call's place in input and output messages."""
    below: Usage = Usage()
    """What the spans below carry of usage, where they are counted in its stead."""


def compare(before: Sequence[ChatMessage], now: Sequence[ChatMessage]) -> tuple[Stretch, ...]:
    """How the messages sent now stand to those sent before; empty when the calls share nothing.

    Walks both once, in time linear in the messages: an agent sends its whole history again with every call, sometimes
    with a message rewritten (a clock in the system prompt) or the oldest dropped.
    """
    places: defaultdict[tuple[object, ...], deque[int]] = defaultdict(deque)
    old = [_content(message) for message in before]
    for index, content in enumerate(old):
        places[content].append(index)
    stretches: list[Stretch] = []
    at = dropped = 0
    for index, message in enumerate(now):
        content = _content(message)
        ahead = places.get(content)
        while ahead and ahead[0] < at:
            ahead.popleft()
        if ahead and not (at < len(old) and ahead[0] > at and _rewritten(before, now, at, index)):
            dropped += ahead[0] - at
            at = ahead.popleft() + 1
            _extend(stretches, Change.SAME, index, dropped)
        elif at < len(old) and before[at].role == message.role and _rewritten(before, now, at, index):
            stretches.append(Stretch(Change.CHANGED, index, index + 1, before[at], dropped))
            at += 1
        else:
            _extend(stretches, Change.NEW, index, dropped)
        dropped = 0
    return tuple(stretches) if any(stretch.change is Change.SAME for stretch in stretches) else ()


def _rewritten(before: Sequence[ChatMessage], now: Sequence[ChatMessage], at: int, index: int) -> bool:
    """Whether a message took another's place: what follows both is the same, or nothing follows the old one."""
    if before[at].role != now[index].role or _content(before[at]) == _content(now[index]):
        return False
    if at + 1 >= len(before) or index + 1 >= len(now):
        return at + 1 >= len(before) or index == at
    return _content(before[at + 1]) == _content(now[index + 1])


def _extend(stretches: list[Stretch], change: Change, index: int, dropped: int) -> None:
    last = stretches[-1] if stretches else None
    if last is not None and last.change is change and not dropped:
        stretches[-1] = Stretch(change, last.start, index + 1, None, last.dropped)
    else:
        stretches.append(Stretch(change, index, index + 1, None, dropped))


def _content(message: ChatMessage) -> tuple[object, ...]:
    """What makes two messages the same: role and parts, whatever ids a framework gave them this time."""
    return (message.role, *(_part_content(part) for part in message.parts))


def _part_content(part: object) -> object:
    match part:
        case TextPart(content) | ReasoningPart(content) | RefusalPart(content):
            return type(part).__name__, content
        case ToolCall(name, arguments):
            return "call", name, repr(arguments)
        case ToolResult(result):
            return "result", repr(result)
        case OtherPart(kind, raw):
            return kind, repr(raw)
    return part


def pair_results(messages: Sequence[ChatMessage]) -> dict[Place, Place]:
    """Which result answers which call: by id, or by name and order where the provider gives no ids.

    Returns:
        Place of a call to the place of its result, which always comes later.
    """
    waiting: dict[str, deque[Place]] = defaultdict(deque)
    pairs: dict[Place, Place] = {}
    for m, message in enumerate(messages):
        for p, part in enumerate(message.parts):
            if isinstance(part, ToolCall):
                waiting[f"id {part.id}" if part.id else f"name {part.name}"].append(Place(m, p))
            elif isinstance(part, ToolResult):
                for key in (f"id {part.id}", f"name {part.name}"):
                    if waiting.get(key):
                        pairs[waiting[key].popleft()] = Place(m, p)
                        break
    return pairs


def calls_of(messages: Sequence[ChatMessage]) -> Iterator[tuple[Place, ToolCall]]:
    """Every tool call of some messages, with its place."""
    for m, message in enumerate(messages):
        for p, part in enumerate(message.parts):
            if isinstance(part, ToolCall):
                yield Place(m, p), part


def match_tools(calls: Mapping[Place, ToolCall], tools: Sequence[Tool]) -> dict[Place, int]:
    """Which tool that ran belongs to which call: by id, else by name and arguments, else by name and order.

    Args:
        calls: Calls by their place.
        tools: What ran, in order.

    Returns:
        Place of a call to the index of its tool; each tool answers one call.
    """
    matched: dict[Place, int] = {}
    free = dict(enumerate(tools))
    rules = (
        lambda call, tool: bool(call.id) and call.id == tool.call_id,
        lambda call, tool: _may_be(call, tool) and call.arguments == tool.arguments,
        _may_be,
    )
    for fits in rules:
        for place, call in calls.items():
            if place in matched:
                continue
            found = next((index for index, tool in free.items() if fits(call, tool)), None)
            if found is not None:
                matched[place] = found
                del free[found]
    return matched


def _may_be(call: ToolCall, tool: Tool) -> bool:
    """Whether a tool of the call's name ran without an id that says it was for another call."""
    return call.name == tool.name and not (call.id and tool.call_id)


def difference(before: str, now: str, context: int = 24) -> tuple[str, str, str, str]:
    """Where two texts differ: a little of what leads there, what stood there, what stands there, what follows."""
    size = min(len(before), len(now))
    start = next((index for index in range(size) if before[index] != now[index]), size)
    most = size - start
    end = next((index for index in range(most) if before[-1 - index] != now[-1 - index]), most)
    lead, tail = now[max(0, start - context) : start], now[len(now) - end : len(now) - end + context]
    return lead, before[start : len(before) - end], now[start : len(now) - end], tail
