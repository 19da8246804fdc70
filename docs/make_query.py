"""Write the table of fields in docs/query.md from the language's own."""

from __future__ import annotations

from pathlib import Path

from tracetui.query.fields import FIELDS, Field, FieldType

PAGE = Path(__file__).with_name("query.md")

BEGIN = "<!-- fields: written by docs/make_query.py -->\n"
END = "<!-- end of fields -->\n"

TYPES = {
    FieldType.CHOICE: "one of",
    FieldType.WORDS: "long text",
    FieldType.BOOLEAN: "true or false",
}
"""How the page calls a type, where its own name says less."""


def with_fields(page: str) -> str:
    """The page with the table of fields as it is now."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    head = "| Field | | | Example | Also |\n|---|---|---|---|---|\n"
    return before + BEGIN + head + "".join(map(_line, FIELDS)) + END + after


def _line(field: Field) -> str:
    kind = TYPES.get(field.type, str(field.type))
    if field.type is FieldType.CHOICE:
        kind += " " + ", ".join(f"`{value}`" for value in field.values)
    also = ", ".join(f"`{alias}`" for alias in field.aliases)
    return f"| `{field.name}` | {kind} | {field.help} | `{field.example}` | {also} |\n"


if __name__ == "__main__":
    PAGE.write_text(with_fields(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
