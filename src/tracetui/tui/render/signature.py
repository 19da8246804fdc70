"""A tool's JSON Schema as a person would write it: `city: string, unit?: "c" | "f"`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from msgspec import Struct

from tracetui.model.attributes import json_value

MAX_PARAMETERS = 100
_MAX_CHOICES = 8
_MAX_DEPTH = 4


class Parameter(Struct, frozen=True):
    """One parameter of a tool. All texts are as received."""

    name: str
    type: str
    required: bool
    default: str = ""
    description: str = ""

    @property
    def text(self) -> str:
        """`name: type`, with `?` where it may be left out and `= value` where it has a default."""
        kind = f": {self.type}" if self.type else ""
        return f"{self.name}{'' if self.required else '?'}{kind}" + (f" = {self.default}" if self.default else "")


def parameters_of(schema: object) -> tuple[Parameter, ...]:
    """The parameters that a JSON Schema describes; none where it is not one."""
    if not isinstance(schema, Mapping):
        return ()
    inner = schema.get("json")
    if isinstance(inner, Mapping) and "properties" not in schema:
        schema = inner  # Bedrock wraps it
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return ()
    listed = schema.get("required")
    required = (
        set(listed) if isinstance(listed, list | tuple) and all(isinstance(name, str) for name in listed) else set()
    )
    return tuple(
        _parameter(str(name), value, str(name) in required) for name, value in list(properties.items())[:MAX_PARAMETERS]
    )


def _parameter(name: str, schema: object, required: bool) -> Parameter:
    if not isinstance(schema, Mapping):
        return Parameter(name, "", required)
    default = _json(schema["default"]) if "default" in schema else ""
    said = schema.get("description")
    return Parameter(name, type_text(schema), required, default, said if isinstance(said, str) else "")


def type_text(schema: object, depth: int = 0) -> str:
    """The type that a JSON Schema describes, in a few words."""
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return ""
    if "const" in schema:
        return _json(schema["const"])
    choices = schema.get("enum")
    if isinstance(choices, Sequence) and not isinstance(choices, str):
        more = " | …" if len(choices) > _MAX_CHOICES else ""
        return " | ".join(_json(choice) for choice in choices[:_MAX_CHOICES]) + more
    for name in ("anyOf", "oneOf", "allOf"):
        several = schema.get(name)
        if isinstance(several, list | tuple) and several:
            found = dict.fromkeys(type_text(one, depth + 1) or "any" for one in several[:_MAX_CHOICES])
            return (" & " if name == "allOf" else " | ").join(found)
    if isinstance(reference := schema.get("$ref"), str):
        return reference.rpartition("/")[2]
    kind = schema.get("type")
    if isinstance(kind, list | tuple):
        return " | ".join(str(one) for one in kind)
    kind = kind.lower() if isinstance(kind, str) else ""
    if kind == "array":
        inner = type_text(schema.get("items"), depth + 1) or "any"
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    if kind == "object" and isinstance(properties := schema.get("properties"), Mapping) and properties:
        return "{" + ", ".join(parameter.text for parameter in parameters_of(schema)[:_MAX_CHOICES]) + "}"
    return kind


def _json(value: object) -> str:
    return json.dumps(json_value(value), ensure_ascii=False)
