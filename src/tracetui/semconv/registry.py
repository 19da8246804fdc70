"""The conventions there are, and the tables that their tables make together.

Every module beside this one that holds a `CONVENTION` is one: adding a convention is adding a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import get_args

from tracetui.model.attributes import Attributes
from tracetui.semconv.core.convention import Convention, Reader, ReadField
from tracetui.semconv.core.fields import ColumnField, TokenField
from tracetui.semconv.core.table import Table
from tracetui.semconv.core.values import label

__all__ = ["COLUMNS", "CONVENTIONS", "DETAILS", "primary", "project", "readers_of"]


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
    "gen_ai.system",
)
"""Keys believed before others of their field although their convention is not (sections 5.3 and 15)."""

COLUMNS = Table(CONVENTIONS, first=_FIRST, fields=frozenset({*get_args(ColumnField), *get_args(TokenField)}))
"""What the columns of a span come from."""

DETAILS = Table(CONVENTIONS, first=_FIRST)
"""What the full reading of a span comes from."""


@cache
def readers_of(field: ReadField) -> tuple[tuple[Convention, Reader], ...]:
    """The readers of a field over all conventions, the most believed first."""
    found = [
        (convention, reader)
        for convention in CONVENTIONS
        for reader in convention.readers
        if reader.field == field
    ]
    return tuple(sorted(found, key=lambda pair: pair[1].rank))


def project(resource_attributes: Attributes) -> str:
    """The project that a resource's spans belong to; empty where it names none."""
    keys = (key for convention in CONVENTIONS for key in convention.projects)
    return next((name for key in keys if (name := label(resource_attributes.get(key)))), "")


def primary(scope_name: str, attributes: Attributes) -> Convention | None:
    """The first convention that the scope or a key shows; None where none does."""
    return next((found for found in CONVENTIONS if _shows(found, scope_name, attributes)), None)


def _shows(convention: Convention, scope_name: str, attributes: Attributes) -> bool:
    if convention.scopes and scope_name.startswith(convention.scopes):
        return True
    for mark in convention.marks:
        if mark.endswith("*"):
            if any(key.startswith(mark[:-1]) for key in attributes):
                return True
        elif mark in attributes:
            return True
    return False
