"""The syntax tree of a query: what was typed, without a judgement on whether such a field exists.

Every node knows its place in the text; two trees are equal when they say the same, wherever it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias


class Place(NamedTuple):
    """A stretch of the text."""

    start: int
    end: int
    """The character after the last."""


NOWHERE = Place(0, 0)
"""The place of a node that was not read from text."""


class KeyForm(StrEnum):
    """How a key is spelled, which decides what it can name."""

    PLAIN = "plain"
    """`model`, `http.route`, `resource.host.name`: a field, or else an attribute."""
    ATTRIBUTE = "attribute"
    r"""`@model`, `"weird key"`: always an attribute."""
    RESOURCE = "resource"
    """`resource."weird key"`: always an attribute of the resource."""


class Operator(StrEnum):
    """What stands between a key and its value."""

    IS = ":"
    EQUALS = "="
    DIFFERS = "!="
    MORE = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="
    MATCHES = "~"
    MISSES = "!~"


class Link(StrEnum):
    """What stands between two pairs of braces."""

    ANCESTOR = ">>"
    PARENT = ">"
    BOTH = "&&"
    EITHER = "||"


@dataclass(frozen=True, slots=True)
class Key:
    """The name of a field or the key of an attribute."""

    name: str
    form: KeyForm = KeyForm.PLAIN
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Value:
    """Text, in pieces where it has wildcards: `("gpt-4", "")` for `gpt-4*`; a regular expression is one piece."""

    pieces: tuple[str, ...]
    quoted: bool = False
    """Whether it stood in quotes, where nothing but the text itself can be meant."""
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The text as one, wildcards as `*`."""
        return "*".join(self.pieces)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """`(a OR b)` after an operator."""

    values: tuple[Value, ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TextTerm:
    """A bare word or a quoted phrase."""

    value: Value
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """`key:value` with any operator."""

    key: Key
    operator: Operator
    value: Value | ValueSet
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class HasTerm:
    """`has:key`, or `has:(key OR key)`."""

    keys: tuple[Key, ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Negation:
    """`-part` or `NOT part`."""

    part: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Two parts or more, side by side."""

    parts: tuple[Node, ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Disjunction:
    """Two parts or more with `OR` between them."""

    parts: tuple[Node, ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Braces:
    """`{part}`: one span of a structure; `{}` is any span."""

    part: Node | None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Structure:
    """`{left} >> {right}` and its like."""

    link: Link
    left: Node
    right: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


Node: TypeAlias = TextTerm | FieldTerm | HasTerm | Negation | Conjunction | Disjunction | Braces | Structure
"""Any of them."""

Term: TypeAlias = TextTerm | FieldTerm | HasTerm
"""Those without a node inside."""
