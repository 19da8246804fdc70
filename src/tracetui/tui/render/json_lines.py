"""JSON as lines, indented and coloured: decoded values, and long JSON text without decoding it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from tracetui.model.attributes import json_value
from tracetui.sanitise import sanitise
from tracetui.tui.render.lines import PIECE, Line, Run
from tracetui.tui.theme import Palette

DECODED_LIMIT = 128 * 1024
"""Characters of JSON text that is decoded to be shown; longer text is indented token by token as it is looked at."""

SHORT = 64
"""Characters up to which an object or array stays on one line."""

_MAX_DEPTH = 64
# possessive: a string of megabytes must not be walked back through
_TOKEN = re.compile(
    r'\s*+(?:(?P<string>"(?:[^"\\]++|\\.)*+")(?P<key>(?=\s*:))?|(?P<open>[\[{])|(?P<close>[\]}])'
    r"|(?P<comma>,)|(?P<colon>:)|(?P<word>-?\d[\d.eE+-]*|true|false|null))"
)
_START = re.compile(r'\s*(?:\{\s*["}]|\[\s*(?:["{\[\]\d-]|true|false|null))')


def json_lines(text: str, palette: Palette) -> Iterator[Line] | None:
    """The lines of a text that is a JSON object or array; None for any other text."""
    if not _START.match(text):
        return None
    if len(text) > DECODED_LIMIT:
        return _token_lines(text, palette) if text.rstrip()[-1:] in ("}", "]") else None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value_lines(value, palette)


def value_lines(value: object, palette: Palette) -> Iterator[Line]:
    """The lines of a decoded value; objects and arrays that are short stay on one line."""
    read = 0
    for runs in _value(value, palette, 0, ()):
        read += sum(len(text.strip(" ")) for text, _ in runs)
        yield Line(runs, read)


def compact_json(value: object) -> str:
    """Decoded JSON on one line."""
    return json.dumps(json_value(value), ensure_ascii=False)


def json_runs(value: object, palette: Palette) -> tuple[Run, ...]:
    """A decoded value on one line, coloured."""
    return tuple(coloured(compact_json(value), palette))


def _value(
    value: object, palette: Palette, depth: int, lead: tuple[Run, ...], tail: str = ""
) -> Iterator[tuple[Run, ...]]:
    """The rows of a value behind what leads to it (its key), with the comma that follows it."""
    dim, pad = palette.style("dim"), ("  " * depth, palette.style("dim"))
    if isinstance(value, str) and len(value) > PIECE:
        for start in range(0, len(value), PIECE):
            piece = json.dumps(value[start : start + PIECE], ensure_ascii=False)[1:-1]
            ends = ('"' if start == 0 else "", '"' if start + PIECE >= len(value) else "")
            yield (*(lead if start == 0 else (pad,)), (sanitise(ends[0] + piece + ends[1]), palette.style("string")))
        return
    is_map = isinstance(value, Mapping)
    if not (is_map or (isinstance(value, Sequence) and not isinstance(value, str | bytes))) or _is_short(value):
        yield (*(lead or (pad,)), *coloured(compact_json(value), palette), *(((tail, dim),) if tail else ()))
        return
    if depth > _MAX_DEPTH:
        yield (*lead, ("…", dim))
        return
    items = list(value.items()) if isinstance(value, Mapping) else [(None, item) for item in value]  # type: ignore[attr-defined]
    yield (*(lead or (pad,)), ("{" if is_map else "[", dim))
    inner = ("  " * (depth + 1), dim)
    for number, (key, item) in enumerate(items):
        named: tuple[Run, ...] = (inner,)
        if key is not None:
            name = json.dumps(json_value(str(key)), ensure_ascii=False)
            named = (inner, (sanitise(name), palette.style("keyword")), (": ", dim))
        yield from _value(item, palette, depth + 1, named, "," if number < len(items) - 1 else "")
    yield pad, ("}" if is_map else "]", dim), (tail, dim)


def _is_short(value: object, budget: int = SHORT) -> bool:
    """Whether a container is small enough for one line; looks at no more than it must."""
    if isinstance(value, Mapping | list | tuple):
        if len(value) * 3 > budget:
            return False
        flat = [*value.keys(), *value.values()] if isinstance(value, Mapping) else list(value)
        if any(isinstance(item, Mapping | list | tuple) and len(item) for item in flat):
            return False
        return sum(len(item) if isinstance(item, str | bytes) else 6 for item in flat) + 4 * len(flat) <= budget
    return True


def coloured(text: str, palette: Palette) -> Iterator[Run]:
    """One line of JSON text, its tokens in their colours."""
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() > at:
            yield sanitise(text[at : match.start()]), palette.style("dim")
        yield sanitise(match[0]), palette.style(_ROLES[match.lastgroup or "comma"])
        at = match.end()
    if at < len(text):
        yield sanitise(text[at:]), palette.style("text")


_ROLES = {
    "key": "keyword",
    "string": "string",
    "word": "number",
    "open": "dim",
    "close": "dim",
    "comma": "dim",
    "colon": "dim",
}


def _token_lines(text: str, palette: Palette) -> Iterator[Line]:
    """JSON text indented token by token, without decoding it; where it stops being JSON the rest stays as it is."""
    depth, at = 0, 0
    runs: list[Run] = []
    dim = palette.style("dim")
    while (match := _TOKEN.match(text, at)) is not None:
        kind, token, at = match.lastgroup or "", match[0].strip(), match.end()
        if kind == "close":
            depth = max(0, depth - 1)
            if runs:
                yield Line(tuple(runs), match.start())
            runs = [("  " * min(depth, _MAX_DEPTH), dim)]
        elif not runs:
            runs = [("  " * min(depth, _MAX_DEPTH), dim)]
        style = palette.style(_ROLES[kind])
        while len(token) > PIECE:
            yield Line((*runs, (sanitise(token[:PIECE]), style)), at - len(token) + PIECE)
            token, runs = token[PIECE:], []
        runs.append((sanitise(token) + (" " if kind == "colon" else ""), style))
        if kind in ("open", "comma"):
            depth += kind == "open"
            yield Line(tuple(runs), at)
            runs = []
    if runs:
        yield Line(tuple(runs), at)
    for start in range(at, len(text.rstrip()), PIECE):
        yield Line(((sanitise(text[start : start + PIECE]), palette.style("text")),), min(start + PIECE, len(text)))
