"""What a convention is here: tables of keys, and functions for what no table can say.

One module beside `registry.py` is one convention. It holds a `CONVENTION`, states the version it follows, and is found
by itself. Keys are written as the reference writes them: `N` stands for an index, a last `*` for anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, NamedTuple, TypeAlias

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import Kind
from tracetui.model.span import NO_ATTRIBUTES, LogRecord, Span
from tracetui.semconv.core.fields import Field
from tracetui.semconv.core.flat import unflatten
from tracetui.semconv.core.records import in_order
from tracetui.semconv.core.values import decode, is_hidden, items_of_cut, python_mapping, small_mapping

ReadField: TypeAlias = Literal[
    "input_messages",
    "output_messages",
    "instructions",
    "tool.arguments",
    "tool.result",
    "tool_defs",
    "documents",
    "rerank.documents",
    "embedding",
    "finish_reasons",
    "params",
    "metadata",
    "tags",
    "prompt.variables",
    "evals",
    "ttft_s",
]
"""Fields that take a function to read. `instructions` are system prompts kept apart from the messages."""


class Found(NamedTuple):
    """A value, and where it was read."""

    value: object
    source: str


class Rank(IntEnum):
    """Which source of a field is believed first, whatever the convention (section 15 of the reference)."""

    FLAT = 10
    """OpenInference's flattened keys."""
    SPAN = 20
    """Structured messages in an attribute of the span."""
    FLAT_TEXT = 15
    """The same as JSON text."""
    DETAILS_EVENT = 30
    """Structured messages on a span event or log record."""
    MESSAGE_EVENTS = 40
    """One event or log record for each message."""
    INDEXED = 50
    """`gen_ai.prompt.N`."""
    EVENTS_TEXT = 60
    """A list of events as JSON in an attribute."""
    CLIENT = 70
    """A client library's own prompt attributes."""
    VENDOR = 80
    """Requests and responses as a vendor's JSON."""
    ENTITY = 90
    """What a workflow step was given and gave back."""
    VALUE = 100
    """`input.value` and its like."""


class Source:
    """A span with its log records, as the readers of a convention see it.

    Args:
        span: The span.
        logs: Log records that belong to it, in order of arrival.
    """

    def __init__(self, span: Span, logs: Sequence[LogRecord]) -> None:
        self.span = span
        self.logs = in_order(logs)
        """By time, those of equal time in order of arrival."""
        self.attributes: Attributes = span.attributes
        self.told: Attributes = NO_ATTRIBUTES
        """What the log records say of the span, the attributes that stand on the span too included."""
        self.problems: dict[str, None] = {}

    def problem(self, sentence: str) -> None:
        """Note what could not be read, once."""
        self.problems[sentence] = None

    def value(self, key: str) -> AttributeValue:
        """An attribute of the span; None where it is missing or hidden by the sender."""
        found = self.attributes.get(key)
        if is_hidden(found):
            self.problem(f"{key} is hidden by the sender ({found!r}).")
            return None
        return found

    def decoded(self, key: str) -> object:
        """An attribute of the span with its JSON text decoded; text that does not decode is a problem and stays."""
        return self.decode(self.value(key), key)

    def decode(self, value: object, where: str) -> object:
        """Decode JSON text, or a map as Python prints it; where it does not decode, note the problem and give the text
        back.
        """
        if printed := python_mapping(value):
            return printed
        result = decode(value)
        if result.failed:
            self.problem(f"{where} is not valid JSON (perhaps cut short), so it stays text.")
        return result.value

    def decode_list(self, value: object, where: str) -> object:
        """The same for a list: of one that was cut short, the items that are whole and what is left of the next."""
        found = self.decode(value, where)
        return (items_of_cut(found) or found) if isinstance(found, str) else found

    def items(self, prefix: str) -> list[object]:
        """The list that flattened keys below `prefix` make, by index; keys without an index are no part of it."""
        start = f"{prefix}."
        size = len(start)
        items = [
            (key[size:], self.attributes[key])
            for key in self.attributes
            if key.startswith(start) and key[size : size + 1].isdigit()
        ]
        tree, refused = unflatten(items)
        for key in refused:
            self.problem(f"{start}{key[:80]} has an index beyond any that is believed.")
        return tree if isinstance(tree, list) else []

    def some(self, keys: Iterable[str]) -> Found:
        """Those of these attributes that the span has, by their keys; the first is their source."""
        found = {key: self.attributes[key] for key in keys if key in self.attributes}
        return Found(found, next(iter(found), ""))

    def below(self, prefix: str, *, told: bool = False) -> Iterator[tuple[str, str, AttributeValue]]:
        """The keys that begin with `prefix` and a dot: the whole key, what follows the dot, the value.

        Args:
            prefix: The beginning.
            told: Whether to look at what the log records say of the span instead of its attributes.
        """
        start = f"{prefix}."
        attributes = self.told if told else self.attributes
        for key in attributes:
            if key.startswith(start):
                yield key, key[len(start) :], attributes[key]


WordReader: TypeAlias = Callable[[Attributes, str], object]
"""The last words of the user, from all attributes and the key that leads there. Runs on the way in, so it is cheap."""


Opener: TypeAlias = Callable[[AttributeValue], Iterable[tuple[Field, object]]]
"""What a value that holds several fields says of them. Runs on the way in, so it is cheap, and never raises."""


def entries(table: Mapping[str, Field]) -> Opener:
    """An opener for a small JSON object whose entries are fields."""

    def opened(value: AttributeValue) -> Iterable[tuple[Field, object]]:
        found = small_mapping(value)
        return [(field, found[name]) for name, field in table.items() if name in found]

    return opened


class Reader(NamedTuple):
    """A function that fills one field; `rank` says which is believed first."""

    field: ReadField
    rank: int
    read: Callable[[Source], Found | None]


@dataclass(frozen=True)
class Convention:
    """One convention. Everything but the first three may be left out."""

    name: str
    """What people call it."""
    version: str
    """The version it follows, with its package."""
    order: int
    """Its place where several share a span: the row of the reference's table of detection."""
    scopes: tuple[str, ...] = ()
    """Beginnings of the scope names it is recognised by."""
    marks: tuple[str, ...] = ()
    """Keys it is recognised by."""
    named: str = ""
    """How the names of its spans begin, where that alone tells that they are its own, whatever their scope."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    """Key to field; of two keys for one field the first stands."""
    projects: tuple[str, ...] = ()
    """Resource attributes that name the project."""
    kinds: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
    """Keys that say the kind outright, the first to be believed first, with the kinds that their values mean: in lower
    case, `*` at the end of one for anything. The values of a key that is a field too are taken as they are."""
    weak_kinds: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
    """The same for values that hardly say anything, believed only where nothing else gives the kind away."""
    named_after: frozenset[Kind] = frozenset()
    """Kinds whose spans bear the name of the tool or agent that they are, where no key has it."""
    exceptions_fail: bool = False
    """Whether an exception event means that the span failed, whatever its status says."""
    hints: Mapping[str, Kind] = field(default_factory=dict)
    """Keys that give the kind away where no key says it."""
    readers: tuple[Reader, ...] = ()
    """Functions for what is not one key and one value."""
    opens: Mapping[str, Opener] = field(default_factory=dict)
    """Keys whose one value holds several fields: usage or costs as a small JSON object, say."""
    quoted: bool = False
    """Whether its values are JSON, even plain words, which then stand in quotes."""
    private: bool = False
    """Whether its keys are such common words that they mean something only in its own scopes."""
    log_events: tuple[str, ...] = ()
    """Log records that say something of their span, by the name of their event; `*` at the end for anything."""
    own_events: tuple[str, ...] = ()
    """Those of them whose attributes are the span's own, where the span has none of that name."""
    pending: Mapping[str, str] = field(default_factory=dict)
    """Keys that mark a span as pending, with the value that does: an announcement of its parent, the real span, which
    is still open. The field `pending_parent` names the real span's own parent."""
    excludes_cache: bool = False
    """Whether its input tokens leave out those read from and written to a cache."""
    words: Mapping[str, WordReader] = field(default_factory=dict)
    """Keys where the last words of the user can be had cheaply; of a list it is the last index that counts."""

    def owns(self, scope_name: str) -> bool:
        """Whether a scope is one of its own."""
        return bool(self.scopes) and scope_name.startswith(self.scopes)

    def shows_in(self, scope_name: str, attributes: Attributes) -> bool:
        """Whether a span's scope or one of its keys shows that it follows this convention."""
        if self.owns(scope_name):
            return True
        if self.private:
            return False
        for mark in self.marks:
            if mark in attributes or (mark.endswith("*") and any(key.startswith(mark[:-1]) for key in attributes)):
                return True
        return False
