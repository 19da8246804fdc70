"""What a list is asked for, and what it needs to know of one kind of row; no typer, no store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from msgspec import Struct

from tracetui.errors import UsageError
from tracetui.sanitise import one_line

if TYPE_CHECKING:
    from tracetui.cli.output import Cell, Column
    from tracetui.model.attributes import JSONValue
    from tracetui.store.api import SpanReader
    from tracetui.store.conditions import Condition

Row = TypeVar("Row")


USUAL_LIMIT = 100
"""Rows of a list unless told otherwise."""


class ListFormat(StrEnum):
    """How a list is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class ListOptions(Struct, frozen=True):
    """What a list was asked for."""

    query: str = ""
    form: ListFormat = ListFormat.TABLE
    sort: str = ""
    """`FIELD`, `FIELD:asc` or `FIELD:desc`; empty for the list's own order."""
    limit: int | None = None
    """At most this many rows; 0 for all, None when it was not given."""
    since: str = ""
    """Only what began since; empty for all."""
    count: bool = False
    """Only how many match."""
    fail_empty: bool = False
    """Whether no rows are a failure (exit code 3)."""

    @property
    def most(self) -> int | None:
        """At most this many rows; None for all."""
        return USUAL_LIMIT if self.limit is None else self.limit or None


class Sort(NamedTuple):
    """An order."""

    name: str
    descending: bool


class Orders(Struct, frozen=True):
    """The orders of one kind of list."""

    default: Sort
    names: Sequence[str]
    """Every name that `--sort` takes."""
    ascending: Collection[str] = ()
    """Those that begin with the smallest unless told otherwise: names begin with A, numbers with the largest."""

    def chosen(self, text: str, noun: str) -> Sort:
        """The order that `--sort` asks for.

        Raises:
            UsageError: There is no such order.
        """
        if not text:
            return self.default
        name, _, direction = text.partition(":")
        name = name.strip().lower()
        if name not in self.names or direction.strip().lower() not in ("", "asc", "desc"):
            raise UsageError(
                f"{noun.capitalize()} cannot be sorted by {one_line(text, 40)!r}.",
                hint=f"By {', '.join(self.names)}, each with :asc or :desc.",
            )
        return Sort(name, direction.strip().lower() == "desc" if direction else name not in self.ascending)


class Listing(Struct, Generic[Row], frozen=True):
    """How one kind of row is read and written."""

    noun: str
    """Plural, for messages."""
    orders: Orders
    rows: Callable[[SpanReader, Condition | None, Sort, int | None], Iterator[Row]]
    """The rows that match in an order; the number says how many will be read, None for all."""
    count: Callable[[SpanReader, Condition | None], int]
    objects: Callable[[SpanReader, Iterator[Row]], Iterator[JSONValue]]
    """The rows' JSON objects."""
    fields: Sequence[tuple[str, Callable[[Row], object]]]
    """CSV columns: name and value."""
    columns: Sequence[Column]
    cells: Callable[[Row, int | None], Sequence[Cell]]
    """A row's table cells: ids and times short, as seen from that moment, or whole where there is none."""
    counts_by_reading: bool = False
    """Whether counting what matches a query means to read it all, so that it is done only when it is asked for."""
