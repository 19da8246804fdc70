from __future__ import annotations

import pytest

from tracetui.tui.render.signature import parameters_of, type_text


def test_a_schema_reads_like_a_signature() -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "In English"},
            "unit": {"enum": ["c", "f"], "default": "c"},
            "days": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["city"],
    }
    city, unit, days = parameters_of(schema)
    assert (city.text, unit.text, days.text) == ("city: string", 'unit?: "c" | "f" = "c"', "days?: integer[]")
    assert city.description == "In English"


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": ["integer", "null"]}, "integer | null"),
        ({"$ref": "#/$defs/Place"}, "Place"),
        ({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "number"}]}}, "(string | number)[]"),
        ({"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}, "{x: number}"),
        ({"type": "STRING"}, "string"),
        ({"const": 3}, "3"),
        ({}, ""),
        ("nonsense", ""),
    ],
)
def test_types_in_a_few_words(schema: object, text: str) -> None:
    assert type_text(schema) == text


def test_what_is_no_schema_has_no_parameters() -> None:
    assert parameters_of(None) == parameters_of({"type": "object"}) == parameters_of({"properties": 3}) == ()
    assert [parameter.name for parameter in parameters_of({"json": {"properties": {"a": {}}}})] == ["a"]
    assert parameters_of({"properties": {"a": 1}, "required": [["a"]]})[0].text == "a?"


def test_a_schema_that_nests_without_end_ends() -> None:
    schema: dict[str, object] = {"type": "array"}
    schema["items"] = schema
    assert type_text(schema).endswith("[]")
