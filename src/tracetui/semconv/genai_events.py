"""OTel GenAI semantic conventions, messages as events ("generations B and C").

Follows open-telemetry/semantic-conventions 1.27 (`gen_ai.content.*`) and 1.28 to 1.36 (`gen_ai.*.message`,
`gen_ai.choice`). The events come as span events, as log records, or as JSON in an attribute of the span.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import ChatMessage
from tracetui.model.span import LogRecord, SpanEvent
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, ReadField, Source
from tracetui.semconv.core.exchange import request_messages, response_messages
from tracetui.semconv.core.messages import message_of
from tracetui.semconv.core.records import EVENT_NAME, event_name_of
from tracetui.semconv.core.values import count, decode, is_list

_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_CHOICE = "gen_ai.choice"
_INDEXES = ("gen_ai.message.index", "CHAT_MESSAGE_INDEX")
"""Attributes that put messages in order; the second is Semantic Kernel's."""

_WHOLE = "gen_ai.event.content"
"""Attribute in which Azure's libraries put a whole message as JSON."""

_OF_A_MESSAGE = ("role", "content", "tool_calls", "tool_call_id", "id", "name", "finish_reason", "parts", "refusal")
_CONTENT_EVENTS = {"gen_ai.content.prompt": "gen_ai.prompt", "gen_ai.content.completion": "gen_ai.completion"}
_UNKNOWN = "gen_ai.unknown"
"""Name that Logfire gives to an item it has no event for; the item stands in `data`."""

_EVENT_LISTS = ("events", "all_messages_events")


class _Event(NamedTuple):
    name: str
    payload: Mapping[str, object]
    place: int | None


def _of_span_or_logs(source: Source, *, output: bool) -> tuple[str, list[_Event]]:
    """Events of the span, or else its log records: where both carry the content it is the same.

    Those of a tool's span are its arguments and its result, no conversation.
    """
    if source.attributes.get("gen_ai.operation.name") == "execute_tool":
        return "", []
    events = [event for event in source.span.events if _is_message(event.name, output=output)]
    if events:
        return "event", [_Event(event.name, _of_attributes(event.attributes), _index(event)) for event in events]
    records = [(event_name_of(record), record) for record in source.logs]
    wanted = [(name, record) for name, record in records if _is_message(name, output=output)]
    return "log", [_Event(name, _of_log(record), _index(record)) for name, record in wanted]


def _is_message(name: str, *, output: bool) -> bool:
    return name == _CHOICE if output else name in _ROLES


def _index(record: SpanEvent | LogRecord) -> int | None:
    return next((index for key in _INDEXES if (index := count(record.attributes.get(key))) is not None), None)


def _of_attributes(attributes: Attributes) -> Mapping[str, object]:
    whole = decode(attributes.get(_WHOLE)).value
    return {**attributes, **whole} if isinstance(whole, Mapping) else attributes


def _of_log(record: LogRecord) -> Mapping[str, object]:
    body = decode(record.body).value
    if isinstance(body, Mapping):
        return body
    payload = _of_attributes(record.attributes)
    return {"content": body, **payload} if isinstance(body, str) and body else payload


def _of_attribute(source: Source, key: str) -> list[_Event]:
    listed = source.decode_list(source.attributes.get(key), key)
    if not is_list(listed):
        return []
    found = []
    for item in listed:
        name = str(item.get(EVENT_NAME)) if isinstance(item, Mapping) else ""
        if not isinstance(item, Mapping) or not (name in _ROLES or name == _CHOICE or "role" in item):
            source.problem(f"An entry of {key} is not a message.")
            continue
        whole = {**item, "content": [item["data"]]} if name == _UNKNOWN and "data" in item else item
        found.append(_Event(name, whole, count(item.get(_INDEXES[0]))))
    return found


def _in_order(events: Sequence[_Event]) -> list[_Event]:
    """By index where given, a message without one staying behind the one it came after."""
    current = -1
    keyed = []
    for position, event in enumerate(events):
        current = event.place if event.place is not None else current
        keyed.append((current, position, event))
    return [event for _, _, event in sorted(keyed, key=lambda item: item[:2])]


def _message(event: _Event) -> ChatMessage | None:
    payload = event.payload
    role = _ROLES.get(event.name, "assistant")
    if event.name == _CHOICE:
        inner = decode(payload.get("message")).value
        content = inner if inner is not None else payload.get("content")
        said = inner if isinstance(inner, Mapping) else {"content": content}
        payload = {
            "finish_reason": payload.get("finish_reason"),
            "tool_calls": payload.get("tool_calls"),
            **said,
        }
    item = {name: payload[name] for name in _OF_A_MESSAGE if payload.get(name) is not None}
    item["content"] = _blocks(item.get("content"))
    return message_of(item, role)


def _blocks(content: object) -> object:
    """Content blocks out of JSON text; text that is JSON of anything else stays text."""
    decoded = decode(content).value
    return decoded if is_list(decoded) and all(isinstance(item, Mapping) for item in decoded) else content


def _messages(events: Sequence[_Event], *, output: bool) -> tuple[ChatMessage, ...]:
    chosen = [event for event in _in_order(events) if (event.name == _CHOICE) is output]
    return tuple(message for event in chosen if (message := _message(event)) is not None)


def _of_events(field: ReadField) -> Reader:
    output = field == "output_messages"

    def read(source: Source) -> Found:
        where, events = _of_span_or_logs(source, output=output)
        return Found(_messages(events, output=output), f"{where} {_CHOICE if output else 'gen_ai.*.message'}")

    return Reader(field, Rank.MESSAGE_EVENTS, read)


def history(source: Source) -> tuple[str, Sequence[ChatMessage], Sequence[ChatMessage]]:
    """Where the messages of a span stand, those before the last answer, and that answer; none where choices tell it."""
    where, events = _of_span_or_logs(source, output=False)
    if _of_span_or_logs(source, output=True)[1]:
        return where, (), ()
    return (where, *_cut(_messages(events, output=False)))


def _cut(messages: tuple[ChatMessage, ...]) -> tuple[tuple[ChatMessage, ...], tuple[ChatMessage, ...]]:
    """A history before and from what the model said last."""
    cut = len(messages)
    while cut and messages[cut - 1].role == "assistant":
        cut -= 1
    return messages[:cut], messages[cut:]


def _of_list(key: str, field: ReadField) -> Reader:
    """JSON of events; a history without choices ends with what the model said."""
    output = field == "output_messages"

    def read(source: Source) -> Found:
        events = _of_attribute(source, key)
        messages = _messages(events, output=output)
        if not any(event.name == _CHOICE for event in events):
            messages = _cut(_messages(events, output=False))[output]
        return Found(messages, key)

    return Reader(field, Rank.EVENTS_TEXT, read)


def _of_content_event(field: ReadField) -> Reader:
    output = field == "output_messages"
    name = "gen_ai.content.completion" if output else "gen_ai.content.prompt"

    def read(source: Source) -> Found | None:
        for event in source.span.events:
            if event.name == name:
                value = event.attributes.get(_CONTENT_EVENTS[name])
                return Found(_conversation(value, output=output), f"event {name}")
        return None

    return Reader(field, Rank.MESSAGE_EVENTS + 1, read)


def _conversation(value: AttributeValue, *, output: bool) -> tuple[ChatMessage, ...]:
    messages = response_messages(value) if output else request_messages(value)
    if messages or not isinstance(value, str):
        return messages
    message = message_of(value, "assistant" if output else "user")
    return () if message is None else (message,)


CONVENTION = Convention(
    name="OTel GenAI events",
    version="semantic-conventions 1.27 to 1.36",
    order=20,
    log_events=("gen_ai.user.message",),
    readers=(
        *(_of_events(field) for field in ("input_messages", "output_messages")),
        *(_of_content_event(field) for field in ("input_messages", "output_messages")),
        *(_of_list(key, field) for key in _EVENT_LISTS for field in ("input_messages", "output_messages")),
    ),
)
