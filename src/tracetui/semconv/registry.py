"""The conventions there are, and the tables that their tables make together.

Every module beside this one that holds a `CONVENTION` is one: adding a convention is adding a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache, lru_cache
from pathlib import Path
from typing import get_args

from tracetui.model.attributes import Attributes
from tracetui.semconv.core.convention import Convention, Reader, ReadField
from tracetui.semconv.core.fields import ColumnField, TokenField
from tracetui.semconv.core.table import Table
from tracetui.semconv.core.values import label

__all__ = [
    "CONVENTIONS",
    "TELLING",
    "columns_of",
    "details_of",
    "primary",
    "project",
    "readers_of",
    "scope_of",
    "speaks_for_span",
    "tells",
]


def _discover() -> tuple[Convention, ...]:
    names = [found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)]) if not found.ispkg]
    modules = [importlib.import_module(f"{__package__}.{name}") for name in names if name != "registry"]
    found = [convention for module in modules if isinstance(convention := vars(module).get("CONVENTION"), Convention)]
    return tuple(sorted(found, key=lambda convention: (convention.order, convention.name)))


CONVENTIONS = _discover()
"""Every convention, the most believed first."""

_FIRST = (
    "session.id",
    "gen_ai.conversation.id",
    "user.id",
    "enduser.id",
    "gen_ai.provider.name",
    # LangSmith's `gen_ai.system` is a guess from the model's name.
    "langsmith.metadata.ls_provider",
    "gen_ai.system",
)
"""Keys believed before others of their field although their convention is not (sections 5.3 and 15)."""

_COLUMN_FIELDS = frozenset({*get_args(ColumnField), *get_args(TokenField)})


_NAMED = {found.named: found.scopes[0] for found in CONVENTIONS if found.named}
TELLING = tuple(_NAMED)
"""Beginnings of names of spans that tell their convention by themselves."""


@lru_cache(4_096)
def scope_of(scope_name: str, name: str) -> str:
    """The scope that a span is read as one of: its own, or that of the convention which its name tells of."""
    told = next((scope for start, scope in _NAMED.items() if name.startswith(start)), scope_name)
    return scope_name if scope_name.startswith(told) else told


@lru_cache(4_096)
def columns_of(scope_name: str) -> Table:
    """The table for the columns of spans of a scope."""
    return _table(_private_of(scope_name), _COLUMN_FIELDS)


@lru_cache(4_096)
def details_of(scope_name: str) -> Table:
    """The table for the full reading of spans of a scope."""
    return _table(_private_of(scope_name), None)


def _private_of(scope_name: str) -> tuple[str, ...]:
    return tuple(found.name for found in CONVENTIONS if found.private and found.owns(scope_name))


@cache
def _table(private: tuple[str, ...], fields: frozenset[str] | None) -> Table:
    conventions = [found for found in CONVENTIONS if not found.private or found.name in private]
    return Table(conventions, first=_FIRST, fields=fields)


@cache
def readers_of(field: ReadField) -> tuple[tuple[Convention, Reader], ...]:
    """The readers of a field over all conventions, the most believed first."""
    found = [
        (convention, reader) for convention in CONVENTIONS for reader in convention.readers if reader.field == field
    ]
    return tuple(sorted(found, key=lambda pair: pair[1].rank))


def project(resource_attributes: Attributes) -> str:
    """The project that a resource's spans belong to; empty where it names none."""
    keys = (key for convention in CONVENTIONS for key in convention.projects)
    return next((name for key in keys if (name := label(resource_attributes.get(key)))), "")


@lru_cache(4_096)
def tells(event_name: str) -> bool:
    """Whether a log record of this event says something of its span."""
    return bool(event_name) and any(_names(found.log_events, event_name) for found in CONVENTIONS)


@lru_cache(4_096)
def speaks_for_span(event_name: str) -> bool:
    """Whether the attributes of a log record of this event are its span's own."""
    return bool(event_name) and any(_names(found.own_events, event_name) for found in CONVENTIONS)


def _names(names: tuple[str, ...], name: str) -> bool:
    return any(name.startswith(known[:-1]) if known.endswith("*") else name == known for known in names)


def primary(scope_name: str, attributes: Attributes) -> Convention | None:
    """The convention whose scope it is, else the first that a key shows; None where none does."""
    owner = next((found for found in CONVENTIONS if found.owns(scope_name)), None)
    return owner or next((found for found in CONVENTIONS if found.shows_in(scope_name, attributes)), None)
