"""The tables of all conventions compiled into one, and the pass over a span's attributes that uses it.

A key is looked up once in its life: what it means is remembered, as the keys of an application repeat on every span.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from tracetui.model.attributes import Attributes, AttributeValue
from tracetui.model.chat import Kind, TokenUsage
from tracetui.semconv.core.convention import Convention, Opener, WordReader
from tracetui.semconv.core.tokens import Family, settle
from tracetui.semconv.core.values import MAX_COUNT, count, unquoted

HINTED = (Kind.TOOL, Kind.RETRIEVER, Kind.RERANKER, Kind.EMBEDDING, Kind.EVALUATOR, Kind.PROMPT, Kind.LLM)
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
_MEMORY = 16_384
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


Candidate = tuple[int, str, AttributeValue]
"""Rank, key and value; no two of a span compare beyond the key."""


class Collected:
    """The attributes of one span that mean something, by field."""

    __slots__ = ("best", "hint", "more", "tokens")

    def __init__(self) -> None:
        self.best: dict[str, Candidate] = {}
        """The most believed candidate of each field."""
        self.more: list[tuple[str, Candidate]] = []
        """The other candidates."""
        self.tokens: list[tuple[int, int, str, str, AttributeValue]] = []
        """Token counts: index of the convention, rank, field, key, value."""
        self.hint = NO_HINT

    def add(self, field: str, candidate: Candidate) -> None:
        """Take one more candidate of a field."""
        other = self.best.get(field)
        if other is None:
            self.best[field] = candidate
        elif candidate[:2] < other[:2]:
            self.best[field] = candidate
            self.more.append((field, other))
        else:
            self.more.append((field, candidate))

    def candidates(self, field: str) -> list[Candidate]:
        """All candidates of a field, the most believed first."""
        first = self.best.get(field)
        if first is None:
            return []
        if not self.more:
            return [first]
        return sorted([first, *(other for name, other in self.more if name == field)], key=_by_rank)


def _by_rank(candidate: Candidate) -> tuple[int, str]:
    return candidate[0], candidate[1]


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
            for key, values in convention.weak_kinds.items():
                self.weak_kinds.setdefault(key, values)
        for key, hint in hints.items():
            where = self._starts if key.endswith("*") else self._exact
            where[key.rstrip("*")] = Place(_NO_FIELD, 0, hint, -1)
        self.known: dict[str, Place | None] = {}
        """Keys met so far."""

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
        said = found.best.get(PENDING)
        return said is not None and self._pending[said[1]] == said[2]

    def last_words(self, found: Collected, attributes: Attributes) -> object:
        """The last words of the user, where they can be had cheaply."""
        candidate = found.best.get(WORDS)
        if candidate is None:
            return None
        key = candidate[1]
        read = self._words.get(key) or self._words.get(_INDEX.sub("N", key))
        return read(attributes, key) if read is not None else None

    def collect(self, attributes: Attributes) -> Collected:
        """Sort the attributes of a span by what they mean."""
        known, found = self.known, Collected()
        best, hint = found.best, NO_HINT
        for key, value in attributes.items():
            try:
                place = known[key]
            except KeyError:
                place = self.find(key)
            if place is None:
                continue
            field, rank, hinted, family, inside = place
            if hinted < hint:
                hint = hinted
            if inside is not None:
                value = _opened(inside, found, rank, key, value)
            if family >= 0:
                found.tokens.append((family, rank, field, key, value))
            elif field:
                if field in best:
                    found.add(field, (rank, key, value))
                else:
                    best[field] = (rank, key, value)
        found.hint = hint
        return found


def _opened(inside: Inside, found: Collected, rank: int, key: str, value: AttributeValue) -> AttributeValue:
    """Take a value out of its quotes, and apart into what it holds."""
    if inside.quoted:
        value = unquoted(value)
    if inside.kinds and isinstance(value, str) and value in inside.kinds:
        found.add(KIND, (rank, key, value))
    if inside.opener is not None:
        for field, item in inside.opener(value):
            entry = cast(AttributeValue, item)
            if field.startswith("tokens."):
                found.tokens.append((inside.family, rank, field, key, entry))
            else:
                found.add(field, (rank, key, entry))
    return value


def usage(found: Collected, table: Table) -> TokenUsage:
    """The token usage among collected attributes, without where it was read."""
    first = found.tokens[0][0]
    members: dict[str, int] = {}
    for family, _, field, _, value in found.tokens:
        if family != first or type(value) is not int or not 0 <= value <= MAX_COUNT or field in members:
            return settle(counts(found, table).families)
        members[field] = value
    get = members.get
    if get("tokens.cache_read") or get("tokens.cache_write"):
        return settle(counts(found, table).families)
    given, told, total = get("tokens.input"), get("tokens.output"), get("tokens.total")
    if total is None and given is not None and told is not None:
        total = given + told
    return TokenUsage(
        given,
        told,
        total,
        get("tokens.cache_read"),
        get("tokens.cache_write"),
        get("tokens.reasoning"),
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
    if len(found.tokens) > 1:
        found.tokens.sort(key=_by_convention)
    for family, _, field, key, value in found.tokens:
        number = count(value)
        if number is not None:
            members = families.setdefault(family, {})
            member = field.partition(".")[2]
            if member not in members:
                members[member] = number
                sources.setdefault(field, key)
    exclude = [convention.excludes_cache for convention in table.conventions]
    return Counts([Family(members, exclude[index]) for index, members in families.items()], sources)


def _by_convention(item: tuple[int, int, str, str, AttributeValue]) -> tuple[int, int, str]:
    return item[0], item[1], item[3]
