"""Text that tries to act on whatever shows it, in every field of a trace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

START = 1_764_000_000_000_000_000
SECOND = 1_000_000_000

SEQUENCES = (
    # titles, links, clipboard, notifications, pictures, colours, directories, shell marks
    "\x1b]0;owned\x07", "\x1b]1;owned\x07", "\x1b]2;owned\x1b\\", "\x1b]4;1;?\x07", "\x1b]7;file:///etc\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "\x1b]9;owned\x07", "\x1b]10;?\x07", "\x1b]11;#ff0000\x07",
    "\x1b]50;#1\x07", "\x1b]52;c;cm0gLXJmIC8=\x07", "\x1b]52;c;?\x07", "\x1b]133;A\x07", "\x1b]777;notify;a;b\x07",
    "\x1b]1337;File=inline=1:AAAA\x07", "\x1b]1337;SetUserVar=a=Yg==\x07", "\x1b]99;;owned\x1b\\",
    # strings of other kinds
    "\x1bP$qm\x1b\\", "\x1bP+q544e\x1b\\", "\x1bPq#0;2;0;0;0#0!10~\x1b\\", "\x1b_Gi=1;AAAA\x1b\\", "\x1b^private\x1b\\",
    "\x1bXstring\x1b\\",
    # erasing, moving, asking, switching
    "\x1b[2J", "\x1b[3J", "\x1b[H", "\x1b[1;1H", "\x1b[5A", "\x1b[99L", "\x1b[99M", "\x1b[99@", "\x1b[3;4r", "\x1b[6n",
    "\x1b[?6n", "\x1b[c", "\x1b[>c", "\x1b[=c", "\x1b[>q", "\x1b[21t", "\x1b[14t", "\x1b[8;1;1t", "\x1b[?1049l",
    "\x1b[?1049h", "\x1b[?1000h", "\x1b[?2004l", "\x1b[?25l", "\x1b[?2026h", "\x1b[20h", "\x1b[!p", "\x1b[ q",
    "\x1b[5i", "\x1b[8m", "\x1b[31;5m", "\x1b[?4m",
    # short ones
    "\x1bc", "\x1b7", "\x1b8", "\x1b=", "\x1b#8", "\x1b(0", "\x1b%G", "\x1bM", "\x1bN", "\x1bZ",
    # never ended
    "\x1b", "\x1b[", "\x1b[38;2;1", "\x1b]0;never ended", "\x1b]52;c;", "\x1bPnever ended", "\x1b_never ended",
    # eight-bit forms
    "\x9b2J", "\x9b21t", "\x9b?1049l", "\x9b6n", "\x9d0;owned\x9c", "\x9d52;c;YQ==\x07", "\x90q\x9c",
    "\x9fGi=1\x9c", "\x9enever ended",
    # what a line editor or a log would do
    "\r\x1b[Kover", "a\rb", "a\nb", "a\r\nb", "\x08\x08\x08owned", "\x0e\x0fowned",
)  # fmt: skip
"""Sequences that terminals obey, whole and cut short."""

CONTROLS = tuple(f"ctl{chr(code)}end" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)))
"""Every C0, DEL and every C1."""

BIDI = tuple(f"bidi{chr(code)}end" for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""The twelve controls of direction."""

HIDDEN = ("tag\U000e0041end", "zero\u200bwidth", "bom\ufeffend", "line\u2028end", "private\ue000end", "hangul\u3164end")
"""What takes no place, or nobody knows which."""

MARKUP = (
    "[red]x[/]", "[/]", "[/red]", "[", "]", "[[", "\\[", "[]", "[ ]", "[bold",
    "[@click=app.quit]y[/]", "[@click=app.bell]y[/]",
    "[@click=app.demo()]y[/]", "[@click=screen.back]y[/]", "[@click=app.quit", "[@click='app.quit']y", "[@click=(]",
    "[link=http://evil.example]z[/link]", "[link='http://evil.example']z[/]", "[link]", "[#ff0000]", "[on red]x",
    "[$primary]x", "[$nothing]x", "[not bold]x[/not bold]", "[reverse]x", "[blink]x[/blink]", "[auto]x", "[0]", "[1,2]",
    "[a=b]", "[a='b", '[a="b', "[/][/][/]", "[bold][/italic]", "[b]x[/b][i]y[/i]", ":smile:",
    "{x}", "%s%n", "<b>&amp;</b>",
)  # fmt: skip
"""Forty strings that mean something to one markup language or another."""

ALL = (*SEQUENCES, *CONTROLS, *BIDI, *HIDDEN, *MARKUP)

Change = Callable[[str], str]


def _attributes(values: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any(value)) for key, value in values.items()]


def _any(value: Any) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case list():
            found = AnyValue()
            found.array_value.values.extend(map(_any, value))
            return found
        case dict():
            found = AnyValue()
            found.kvlist_value.values.extend(_attributes(value))
            return found
        case _:
            return AnyValue(string_value=value)


def _markdown(text: str) -> str:
    return f"# {text}\n\n* {text}\n\n```{text}\n{text}\n```\n| {text} | b |\n|---|---|\n| c | {text} |\n"


def said(text: str) -> dict[str, Any]:
    """What an LLM call says of itself, with one text in every place."""
    return {
        "openinference.span.kind": "LLM",
        "llm.model_name": text,
        "llm.provider": text,
        "llm.system": text,
        "session.id": text,
        "user.id": text,
        "agent.name": text,
        "input.value": text,
        "output.value": json.dumps({text: [text, {text: text}]}),
        "output.mime_type": "application/json",
        "metadata": json.dumps({text: text}),
        "llm.token_count.prompt": 12,
        "llm.token_count.completion": 3,
        "llm.invocation_parameters": json.dumps({text: text, "temperature": 0.5}),
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.0.message.content": text,
        "llm.input_messages.1.message.role": text,
        "llm.input_messages.1.message.name": text,
        "llm.input_messages.1.message.content": _markdown(text),
        "llm.input_messages.2.message.role": "user",
        "llm.input_messages.2.message.contents.0.message_content.type": "image",
        "llm.input_messages.2.message.contents.0.message_content.image.image.url": f"https://example.com/{text}",
        "llm.input_messages.2.message.contents.1.message_content.type": text,
        "llm.input_messages.2.message.contents.1.message_content.text": text,
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": text,
        "llm.output_messages.0.message.tool_calls.0.tool_call.id": text,
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": text,
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": json.dumps({text: text}),
        "llm.tools.0.tool.json_schema": json.dumps(
            {"type": "function", "function": {"name": text, "description": text, "parameters": {
                "type": "object", "properties": {text: {"type": text, "description": text, "default": text}}}}}
        ),
        "gen_ai.response.finish_reasons": [text],
        text: text,
        f"list {text}": [text, {text: text}, text.encode("utf-8", "replace")],
    }  # fmt: skip


def _of_tool(text: str) -> dict[str, Any]:
    return {"openinference.span.kind": "TOOL", "tool.name": text, "tool.description": text, "tool.parameters": text,
            "tool_call.id": text, "input.value": text, "output.value": text}  # fmt: skip


def _of_search(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {"openinference.span.kind": "RETRIEVER", "input.value": text}
    for number in range(2):
        document = f"retrieval.documents.{number}.document"
        found |= {f"{document}.id": text, f"{document}.content": text, f"{document}.score": 0.5,
                  f"{document}.metadata": json.dumps({text: text})}  # fmt: skip
    return found


def _span(number: int, trace: int, parent: int, name: str, text: str, attributes: Mapping[str, Any]) -> Span:
    start = START + (trace * 100 + number) * SECOND
    span = Span(
        trace_id=(trace + 1).to_bytes(16, "big"), span_id=(trace * 1000 + number + 1).to_bytes(8, "big"),
        parent_span_id=(trace * 1000 + parent).to_bytes(8, "big") if parent else b"", name=name, trace_state=text,
        kind=Span.SPAN_KIND_CLIENT, start_time_unix_nano=start, end_time_unix_nano=start + SECOND,
        attributes=_attributes(attributes),
    )  # fmt: skip
    span.status.code = span.status.STATUS_CODE_ERROR
    span.status.message = text
    for event, more in (
        (text or "(no name)", {text: text}),
        ("exception", {"exception.type": text, "exception.message": text,
                       "exception.stacktrace": f"Traceback\n  {text}\n{text}"}),
        ("gen_ai.evaluation.result", {"gen_ai.evaluation.name": text, "gen_ai.evaluation.score.label": text,
                                      "gen_ai.evaluation.explanation": text}),
    ):  # fmt: skip
        added = span.events.add(name=event, time_unix_nano=start + 1)
        added.attributes.extend(_attributes(more))
    link = span.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8, trace_state=text)
    link.attributes.extend(_attributes({text: text}))
    return span


class Hostile:
    """Requests with a text in every field of a few traces.

    Args:
        texts: The texts.
        change: What is made of each before it is written; a benign twin writes what should be seen.
    """

    def __init__(self, texts: Sequence[str] = ALL, change: Change = str) -> None:
        self.texts = [change(text) for text in texts]
        self._joined = "\n".join(self.texts)

    def traces(self) -> bytes:
        """Trace 0 has one span for each text and one with all of them in every long field; then a trace for each."""
        request = ExportTraceServiceRequest()
        spans: list[tuple[str, Span]] = []
        root = {"openinference.span.kind": "CHAIN"}
        spans.append(("many", _span(0, 0, 0, "root of many", "", {**root, "session.id": "session of many"})))
        for number, text in enumerate(self.texts, 1):
            attributes = (said, _of_tool, _of_search)[number % 3](text)
            spans.append((text, _span(number, 0, 1, f"n{number:03d} {text}", text, attributes)))
        whole = said(self._joined) | {f"key {text}": text for text in self.texts}
        spans.append(("whole", _span(900, 0, 1, "the whole of it", self._joined, whole)))
        for more, attributes in enumerate((_of_tool(self._joined), _of_search(self._joined)), 901):
            spans.append(("whole", _span(more, 0, 1, f"whole {more}", self._joined, attributes)))
        for number, text in enumerate(self.texts, 1):
            spans.append((text, _span(0, number, 0, f"t{number:03d} {text}", text, said(text))))
        for text, span in spans:
            resource = request.resource_spans.add(schema_url=text)
            resource.resource.attributes.extend(
                _attributes(
                    {
                        "service.name": text,
                        "openinference.project.name": text,
                        "service.version": text,
                        f"r {text}": text,
                    }
                )
            )
            scope = resource.scope_spans.add(schema_url=text)
            scope.scope.name, scope.scope.version = text, text
            scope.scope.attributes.extend(_attributes({text: text}))
            scope.spans.append(span)
        return request.SerializeToString()

    def logs(self) -> bytes:
        """A log record for each text, on the span that has all."""
        request = ExportLogsServiceRequest()
        resource = request.resource_logs.add()
        resource.resource.attributes.extend(_attributes({"service.name": "logs"}))
        records = resource.scope_logs.add()
        for number, text in enumerate([*self.texts, self._joined]):
            body = _any(text if number % 2 else {text: [text]})
            record = records.log_records.add(
                trace_id=(1).to_bytes(16, "big"), span_id=(901).to_bytes(8, "big"), severity_text=text, event_name=text,
                time_unix_nano=START + number * SECOND, severity_number=9, body=body,
            )  # fmt: skip
            record.attributes.extend(_attributes({text: text}))
        return request.SerializeToString()


def strange(output: bytes, allowed: Iterable[str]) -> list[str]:
    """What a terminal would obey or hide in an output, beside lines and the sequences that are allowed."""
    text = output.decode("utf-8", "surrogateescape")
    rest = re.sub("|".join(allowed), "", text)
    hidden = (
        "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\udc80-\udcff\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u3164\ue000"
        "\U000e0041]"
    )
    return [rest[max(0, found.start() - 30) : found.end() + 30] for found in re.finditer(hidden, rest)]
