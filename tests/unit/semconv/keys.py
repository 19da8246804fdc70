"""Every key that a convention knows: those of its tables, and those that its readers ask a span for."""

from __future__ import annotations

from collections.abc import Iterator

from tests.unit.semconv.making import make_span
from tracetui.model.attributes import AttributeValue
from tracetui.model.span import LogRecord, SpanEvent
from tracetui.semconv.core.convention import Convention, Source
from tracetui.semconv.registry import CONVENTIONS

EVENT_NAMES = (
    *("exception", "First Token Stream Event", "gen_ai.client.inference.operation.details", "gen_ai.choice"),
    *("gen_ai.user.message", "gen_ai.tool.message", "gen_ai.content.prompt", "gen_ai.content.completion"),
    *("db.query.result", "db.search.result", "gen_ai.evaluation.result", "gen_ai.client.operation.exception"),
    *("tool.output", "mlflow.chunk.item.0", "mlflow.chunk.item.x", "ai.stream.firstChunk"),
)
"""Names of events that readers look for."""

_OPERATIONS = ("chat", "execute_tool", "rerank")


class _Asked(dict[str, AttributeValue]):
    """Attributes that are not there, and remember what they were asked for."""

    def __init__(self, operation: str) -> None:
        super().__init__({"gen_ai.operation.name": operation, "llm.request.type": operation})
        self.keys_asked: set[str] = set()

    def get(self, key: str, default: object = None) -> AttributeValue:
        self.keys_asked.add(key)
        return super().get(key)

    def __getitem__(self, key: str) -> AttributeValue:
        self.keys_asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.keys_asked.add(str(key))
        return super().__contains__(key)


class _Asking(Source):
    """A span's source that remembers which beginnings of keys it was asked for."""

    def items(self, prefix: str) -> list[object]:
        self.attributes.get(f"{prefix}.N")
        return super().items(prefix)

    def below(self, prefix: str, **more: bool) -> Iterator[tuple[str, str, AttributeValue]]:
        self.attributes.get(f"{prefix}.x")
        return super().below(prefix, **more)


def _asked_by(convention: Convention, operation: str) -> set[str]:
    asked = _Asked(operation)
    scope = convention.scopes[0] if convention.scopes else "app"
    events = [SpanEvent(name, 1, asked) for name in EVENT_NAMES]
    source = _Asking(make_span(asked, scope=scope, events=events), [LogRecord(event_name=e.name) for e in events])
    for reader in convention.readers:
        reader.read(source)
    return asked.keys_asked


def known_keys() -> list[str]:
    """The keys of all conventions, `N` in the place of an index and `x` of any name."""
    found: set[str] = set()
    for convention in CONVENTIONS:
        for table in (convention.fields, convention.kinds, convention.weak_kinds, convention.hints, convention.opens):
            found.update(table)
        found.update(convention.words, convention.pending)
        for operation in _OPERATIONS:
            found |= _asked_by(convention, operation)
    return sorted(found - {""})
