"""The tables of all conventions compiled into one, and what they say of the attributes of a span.

A key is looked up once in its life, and so are the keys of a span together: an application's spans repeat a few sets of
keys with other values. So that on the way in only the values that are wanted are decoded, values are asked for last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import Kind, TokenUsage
from tracetui.semconv.core.convention import Convention, Opener, WordReader
from tracetui.semconv.core.tokens import Family, settle
from tracetui.semconv.core.values import MAX_COUNT, count, unquoted

HINTED = (
    *(Kind.TOOL, Kind.RETRIEVER, Kind.RERANKER, Kind.EMBEDDING, Kind.EVALUATOR, Kind.PROMPT, Kind.AGENT, Kind.LLM),
    Kind.CHAIN,
)
"""Kinds that keys give away where none says it outright, the first to be believed first."""

NO_HINT = len(HINTED)

KIND = "kind"
"""The field of the keys that say the kind outright."""

WORDS = "words"
"""The field of the keys where the last words of a user can be had cheaply."""

PENDING = "pending"
"""The field of the keys that mark a span as pending."""

_NO_KINDS: Mapping[str, Kind] = {}
_SPECIAL = frozenset({KIND, WORDS, PENDING})
_REPEATING = (
    KIND,
    "model_request",
    "model_response",
    "model_either",
    "provider",
    "host",
    "service_tier",
    "tool.name",
    "agent_name",
)
_MEMORY = 16_384
_MOST_SHAPES = 2_048
_MOST_KEYS = 256
_INDEX = re.compile(r"(?<=\.)\d{1,6}(?=\.|$)", re.ASCII)
_NO_FIELD = ""
_LATER = 10_000
_LONG = 256


class Place(NamedTuple):
    """What a key means."""

    field: str
    """The field it fills; empty for a key that only hints at the kind."""
    rank: int
    """Of several keys for a field the lowest is believed."""
    hint: int
    """Index in `HINTED` of the kind it gives away, or `NO_HINT`."""
    family: int
    """Index of the convention whose token count it is, or -1."""
    inside: Inside | None = None
    """What there is to be done with its value before it is one; None for most."""


class Inside(NamedTuple):
    """How a value is taken out of its quotes, and apart."""

    quoted: bool
    opener: Opener | None
    family: int
    """Index of the convention whose key it is."""
    kinds: Mapping[str, Kind]
    """Values of a field that say the kind as well; empty for most."""


class Opened(NamedTuple):
    """Names one of the values that a value was taken apart into."""

    key: str
    field: str


Ranked = tuple[int, "str | Opened"]
"""A rank, and the name of a value: the key of an attribute, or of a part of one."""

Candidate = tuple[int, str, AttributeValue]
"""Rank, key and value; no two of a span compare beyond the key."""


class TokenKey(NamedTuple):
    """A value that is a token count."""

    family: int
    """Index of its convention."""
    rank: int
    name: str | Opened
    field: str


class Shape(NamedTuple):
    """What the keys of a span mean together; spans of one kind share it, whatever their values."""

    fields: Mapping[str, tuple[Ranked, ...]]
    """The keys of each field, the most believed first."""
    tokens: tuple[TokenKey, ...]
    """The token counts, those of the most believed convention first."""
    hint: int
    """Index in `HINTED` of the kind that the keys give away, or `NO_HINT`."""
    inside: tuple[tuple[str, int, Inside], ...]
    """Keys whose values must be opened, with their ranks."""
    repeating: tuple[str | Opened, ...]
    """The keys whose values say what the span is and whom it called (`identity`)."""
    identities: dict[tuple[AttributeValue, ...], Any]
    """What was worked out from such values before."""


class Collected:
    """The attributes of one span by what they mean; a value is looked at only when it is asked for."""

    __slots__ = ("attributes", "fields", "hint", "shape", "tokens", "values")

    def __init__(self, shape: Shape, attributes: Attributes) -> None:
        self.fields, self.tokens, self.hint, inside, _, _ = shape
        self.shape = shape
        self.attributes = attributes
        self.values: Mapping[Any, AttributeValue] = attributes
        """The value of each name in `fields` and `tokens`."""
        if inside:
            self._open(inside)

    def candidates(self, field: str) -> list[Candidate]:
        """All candidates of a field, the most believed first."""
        return [(rank, key_of(name), self.values[name]) for rank, name in self.fields.get(field, ())]

    def _open(self, inside: Sequence[tuple[str, int, Inside]]) -> None:
        """Take values out of their quotes, and apart into what they hold."""
        values = _Values(self.attributes)
        more: dict[str, list[Ranked]] = {}
        tokens: list[TokenKey] = []
        for key, rank, (quoted, opener, family, kinds) in inside:
            value = self.attributes[key]
            if quoted:
                values[key] = value = unquoted(value)
            if kinds and isinstance(value, str) and value in kinds:
                more.setdefault(KIND, []).append((rank, key))
            for field, item in opener(value) if opener is not None else ():
                name = Opened(key, field)
                values[name] = cast(AttributeValue, item)
                if field.startswith("tokens."):
                    tokens.append(TokenKey(family, rank, name, field))
                else:
                    more.setdefault(field, []).append((rank, name))
        self.values = values
        if more:
            both = {field: [*self.fields.get(field, ()), *ranked] for field, ranked in more.items()}
            self.fields = {**self.fields, **{field: _sorted(ranked) for field, ranked in both.items()}}
        if tokens:
            self.tokens = tuple(sorted((*self.tokens, *tokens), key=_by_convention))


class _Values(dict[Any, AttributeValue]):
    """Values taken out of attributes, before the attributes themselves."""

    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes

    def __missing__(self, key: str) -> AttributeValue:
        return self._attributes[key]


def key_of(name: str | Opened) -> str:
    """The key of the attribute that a value was read from."""
    return name if isinstance(name, str) else name.key


def _sorted(ranked: Iterable[Ranked]) -> tuple[Ranked, ...]:
    return tuple(sorted(ranked, key=lambda item: (item[0], key_of(item[1]))))


def _by_convention(token: TokenKey) -> tuple[int, int, str]:
    return token.family, token.rank, key_of(token.name)


class Table:
    """The keys of many conventions and what they mean.

    Args:
        conventions: The conventions, the most believed first.
        first: Keys that are believed before all others of their field, in this order.
        fields: The fields that matter; all where None.
    """

    def __init__(
        self, conventions: Sequence[Convention], *, first: Sequence[str] = (), fields: frozenset[str] | None = None
    ) -> None:
        self.conventions = conventions
        """The conventions, in their order."""
        ranks = {key: rank for rank, key in enumerate(first)}
        self._exact: dict[str, Place] = {}
        self._starts: dict[str, Place] = {}
        self.kinds: dict[str, Mapping[str, Kind]] = {}
        """Keys that say the kind, with the kinds their values mean."""
        self.weak_kinds: dict[str, Mapping[str, Kind]] = {}
        """The same for values that are believed last."""
        self.named_after: dict[str, frozenset[Kind]] = {}
        """Keys that say the kind, with the kinds whose spans bear the name of what they run."""
        self.failing = frozenset(key for found in conventions if found.exceptions_fail for key in found.kinds)
        """Keys that say the kind of spans which failed wherever they have an exception."""
        self._pending: dict[str, str] = {}
        self._words: dict[str, WordReader] = {}
        hints = {key: HINTED.index(kind) for convention in conventions for key, kind in convention.hints.items()}
        for family, convention in enumerate(conventions):
            named: Iterable[tuple[str, str]] = (
                *((key, KIND) for key in convention.kinds if key not in convention.fields),
                *((key, WORDS) for key in convention.words),
                *((key, PENDING) for key in convention.pending),
                *convention.fields.items(),
                *((key, _NO_FIELD) for key in convention.opens),
            )
            self._words.update(convention.words)
            self._pending.update(convention.pending)
            for key, field in named:
                opener = convention.opens.get(key)
                wanted = field in _SPECIAL or fields is None or field in fields
                if key not in self._exact and (wanted or opener is not None):
                    of_tokens = family if field.startswith("tokens.") else -1
                    rank = ranks.get(key, _LATER + len(self._exact))
                    kinds = convention.kinds.get(key, _NO_KINDS) if field != KIND else _NO_KINDS
                    special = convention.quoted or opener or kinds
                    inside = Inside(convention.quoted, opener, family, kinds) if special else None
                    hint = hints.pop(key, NO_HINT)
                    self._exact[key] = Place(field if wanted else _NO_FIELD, rank, hint, of_tokens, inside)
            for key, values in convention.kinds.items():
                self.kinds.setdefault(key, values)
                self.named_after.setdefault(key, convention.named_after)
            for key, values in convention.weak_kinds.items():
                self.weak_kinds.setdefault(key, values)
        for key, hint in hints.items():
            where = self._starts if key.endswith("*") else self._exact
            where[key.rstrip("*")] = Place(_NO_FIELD, 0, hint, -1)
        self.known: dict[str, Place | None] = {}
        """Keys met so far."""
        self.met: dict[tuple[str, str], Kind | None] = {}
        """Kinds that values of keys were found to mean so far."""
        self._shapes: dict[tuple[str, ...], Shape] = {}

    def find(self, key: str) -> Place | None:
        """What a key means, remembered for the next time."""
        place = self._exact.get(key)
        index = _INDEX.search(key) if place is None else None
        if index is not None:
            place = self._exact.get(_INDEX.sub("N", key))
            if place is not None and place.field == WORDS:
                # Of words in a list the last are wanted, so the highest index gets the lowest rank.
                place = place._replace(rank=-int(index.group()))
        if place is None or place.hint == NO_HINT:
            start = next((start for start in self._starts if key.startswith(start)), None)
            if start is not None:
                hinting = self._starts[start]
                place = hinting if place is None else place._replace(hint=hinting.hint)
        if len(self.known) < _MEMORY and len(key) < _LONG:
            self.known[key] = place
            if place is not None and place.field == WORDS:
                self._words[key] = self._words[_INDEX.sub("N", key)] if index else self._words[key]
        return place

    def is_pending(self, found: Collected) -> bool:
        """Whether a span only announces its parent, the real span, which is still open."""
        said = found.fields.get(PENDING)
        return said is not None and self._pending[key_of(said[0][1])] == found.values[said[0][1]]

    def last_words(self, found: Collected) -> object:
        """The last words of the user, where they can be had cheaply."""
        ranked = found.fields.get(WORDS)
        if ranked is None:
            return None
        key = key_of(ranked[0][1])
        read = self._words.get(key) or self._words.get(_INDEX.sub("N", key))
        return read(found.attributes, key) if read is not None else None

    def collect(self, attributes: Attributes) -> Collected:
        """Sort the attributes of a span by what they mean."""
        keys = tuple(attributes)
        shape = self._shapes.get(keys)
        if shape is None:
            shape = self._shape(keys)
        return Collected(shape, attributes)

    def _shape(self, keys: tuple[str, ...]) -> Shape:
        """What these keys mean, remembered for the next span that has them."""
        known, hint = self.known, NO_HINT
        fields: dict[str, list[Ranked]] = {}
        tokens: list[TokenKey] = []
        inside: list[tuple[str, int, Inside]] = []
        for key in keys:
            place = known[key] if key in known else self.find(key)
            if place is None:
                continue
            hint = min(hint, place.hint)
            if place.inside is not None:
                inside.append((key, place.rank, place.inside))
            if place.family >= 0:
                tokens.append(TokenKey(place.family, place.rank, key, place.field))
            elif place.field:
                fields.setdefault(place.field, []).append((place.rank, key))
        ordered = {field: _sorted(ranked) for field, ranked in fields.items()}
        repeating = tuple(name for field in _REPEATING for _, name in ordered.get(field, ()))
        shape = Shape(ordered, tuple(sorted(tokens, key=_by_convention)), hint, tuple(inside), repeating, {})
        if len(keys) <= _MOST_KEYS:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            self._shapes[keys] = shape
        return shape


def usage(found: Collected, table: Table) -> TokenUsage:
    """The token usage among collected attributes, without where it was read."""
    first, values = found.tokens[0].family, found.values
    members: dict[str, int] = {}
    for family, _, name, field in found.tokens:
        value = values[name]
        if family != first or type(value) is not int or not 0 <= value <= MAX_COUNT or field in members:
            return settle(counts(found, table).families)
        members[field] = value
    get = members.get
    if get("tokens.cache_read") or get("tokens.cache_write"):
        return settle(counts(found, table).families)
    given, told, total = get("tokens.input"), get("tokens.output"), get("tokens.total")
    thoughts = get("tokens.reasoning")
    if thoughts and told is not None and (thoughts > told or (given and total == given + told + thoughts)):
        return settle(counts(found, table).families)
    if given is not None and told is not None and (total is None or total < given + told):
        total = given + told
    return TokenUsage(
        given,
        told,
        total,
        get("tokens.cache_read"),
        get("tokens.cache_write"),
        thoughts,
        get("tokens.audio_input"),
        get("tokens.audio_output"),
    )


class Counts(NamedTuple):
    """Token counts by convention, and where each was read."""

    families: list[Family]
    sources: dict[str, str]


def counts(found: Collected, table: Table) -> Counts:
    """The token counts among collected attributes, the most believed convention first."""
    families: dict[int, dict[str, int]] = {}
    sources: dict[str, str] = {}
    for family, _, name, field in found.tokens:
        number = count(found.values[name])
        if number is not None:
            members = families.setdefault(family, {})
            member = field.partition(".")[2]
            if member not in members:
                members[member] = number
                if field != "tokens.uncached":
                    sources.setdefault(field, key_of(name))
    exclude = [convention.excludes_cache for convention in table.conventions]
    return Counts([Family(members, exclude[index]) for index, members in families.items()], sources)
