"""The source of spans and traces in SQL, as `model.names.source_of` is in Python."""

from __future__ import annotations

from tracetui.model.names import UNKNOWN_SERVICE


def source(alias: str) -> str:
    """The expression over a row with a service and a project."""
    service, project = f"{alias}.service", f"{alias}.project"
    begins = f"substr({service}, 1, {len(UNKNOWN_SERVICE) + 1}) = '{UNKNOWN_SERVICE}:'"
    return f"iif({project} <> '' AND ({service} IN ('', '{UNKNOWN_SERVICE}') OR {begins}), {project}, {service})"
