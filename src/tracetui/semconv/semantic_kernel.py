"""Semantic Kernel: OTel GenAI with its messages as log records, and a few habits of its own.

Follows semantic-kernel 1.45.0 (`utils/telemetry`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tracetui.model.chat import Kind
from tracetui.semconv.core.convention import Convention, Found, Rank, Reader, Source
from tracetui.semconv.core.values import label, strings

_FUNCTIONS = "sk.available_functions"

KINDS: Mapping[str, Mapping[str, Kind]] = {_FUNCTIONS: {}}
WEAK_KINDS = {_FUNCTIONS: {"*": Kind.CHAIN}}

_FINISH_REASON = "gen_ai.response.finish_reason"
_ENUM = "FinishReason."


def _finish_reasons(source: Source) -> Found | None:
    """The reason is written as Python shows a member of an enum."""
    said = label(source.value(_FINISH_REASON)) or ""
    return Found((said.removeprefix(_ENUM).lower(),), _FINISH_REASON) if said.startswith(_ENUM) else None


def _metadata(source: Source) -> Found:
    names = strings(source.value(_FUNCTIONS))
    return Found({"available_functions": names} if names else {}, _FUNCTIONS)


CONVENTION = Convention(
    name="Semantic Kernel",
    version="semantic-kernel 1.45.0",
    order=16,
    scopes=("semantic_kernel.", "Microsoft.SemanticKernel"),
    marks=(_FUNCTIONS,),
    kinds=KINDS,
    weak_kinds=WEAK_KINDS,
    readers=(
        Reader("finish_reasons", Rank.FLAT, _finish_reasons),
        Reader("metadata", Rank.CLIENT, _metadata),
    ),
)
