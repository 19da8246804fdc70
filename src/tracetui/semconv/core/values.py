"""The value rules that hold for every convention: numbers and JSON in strings, hidden values, lists in disguise.

None of these raises on any attribute value; what cannot be read yields None or comes back as the text it was.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeGuard, TypeVar

MAX_LABEL = 1_000
"""Characters of a name, a model or an id that are kept; they become indexed columns."""

MAX_NESTING = 64
"""JSON nested deeper than this stays text: whoever prints it again would run out of stack."""

MAX_COUNT = 2**53
"""The largest token count that is believed."""

MAX_SMALL = 8_192
"""Characters of JSON text that is decoded on the way in."""

T = TypeVar("T")

_MAX_DECODINGS = 3
_MOST_ITEMS = 20_000
_GAP = re.compile(r"[,\s]*")
"""What stands between two items of a list."""
_DECODER = json.JSONDecoder()
_HIDDEN = frozenset({"__REDACTED__", "<REDACTED>", "<elided>"})
_SCRUBBED = "[Scrubbed due to "
"""How Logfire's mark begins; the pattern that matched follows."""


class Decoded(NamedTuple):
    """What JSON text held. Where `failed`, `value` is the text itself."""

    value: object
    failed: bool = False


def is_hidden(value: object) -> bool:
    """Whether a value is a mark left in the place of one that the sender hid."""
    return isinstance(value, str) and (value in _HIDDEN or (value.startswith(_SCRUBBED) and len(value) < MAX_LABEL))


def label(value: object) -> str | None:
    """A name or an id: text or a number as text, cut at `MAX_LABEL`; None for everything else and for empty text."""
    if isinstance(value, str):
        return value[:MAX_LABEL].strip() or None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < 2**64 else None
    return str(value) if isinstance(value, float) else None


def text(value: object) -> str | None:
    """Any value as the text a person reads: text as it is, structured values as JSON; None for None and bytes."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bytes):
        return None
    return json_text(value)


def json_text(value: object) -> str:
    """A structured value as JSON; of values that JSON cannot have, their Python form."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    except (ValueError, TypeError, RecursionError):
        return str(value)[:MAX_LABEL]


def count(value: object) -> int | None:
    """A token count: a whole number that is not negative, also as a double or as text; None for everything else."""
    if type(value) is int:
        return value if 0 <= value <= MAX_COUNT else None
    found = number(value)
    return int(found) if found is not None and 0 <= found <= MAX_COUNT and found == int(found) else None


def number(value: object) -> float | None:
    """A finite number, also as text; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if len(value) > 64:
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int):
        return float(value) if abs(value) < 2**1000 else None
    return value if isinstance(value, float) and math.isfinite(value) else None


def amount(value: object) -> float | None:
    """A sum of money or a stretch of time: a finite number that is not negative."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def decode(value: object) -> Decoded:
    """Decode JSON text, up to three layers of it; structured values and plain words are themselves.

    Text counts as JSON where it starts with `{`, `[` or `"`. A value hidden by the sender stays as it is.
    """
    for _ in range(_MAX_DECODINGS):
        if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"') or not value:
            break
        if _nesting(value) > MAX_NESTING:
            return Decoded(value, failed=True)
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return Decoded(value, failed=True)
    return Decoded(value)


def items_of_cut(value: str) -> list[object]:
    """The whole items of a JSON list that was cut short, then what is left of the next as text; none where no item is
    whole.
    """
    if not value.startswith("[") or _nesting(value) > MAX_NESTING:
        return []
    items: list[object] = []
    at = 1
    while len(items) < _MOST_ITEMS:
        gap = _GAP.match(value, at)
        try:
            item, at = _DECODER.raw_decode(value, gap.end() if gap is not None else at)
        except (ValueError, RecursionError):
            break
        items.append(item)
    rest = value[at:].strip(", \r\n\t]")
    return [*items, rest] if items and rest else items


def dimension(vector: object) -> int | None:
    """How many numbers a vector has: an array, JSON text of one, or 32-bit floats in base64; None for anything else."""
    if isinstance(vector, str):
        if vector.lstrip()[:1] == "[":
            return vector.count(",") + 1 if vector.strip("[] \n") else 0
        bytes_ = len(vector) * 3 // 4 - vector[-2:].count("=")
        return bytes_ // 4 if bytes_ and bytes_ % 4 == 0 and not is_hidden(vector) else None
    return len(vector) if is_list(vector) else None


def strings(value: object) -> tuple[str, ...]:
    """A list of words: an array, JSON text of one, one as Python prints it, or words between commas."""
    decoded = decode(value).value
    if isinstance(decoded, str) and decoded[:2] in ("['", "('") and len(decoded) <= MAX_SMALL:
        decoded = decode(f"[{decoded[1:-1].rstrip(',')}]".replace("'", '"')).value
    if isinstance(decoded, str):
        return tuple(part.strip() for part in decoded.split(",") if part.strip())
    if not is_list(decoded):
        return ()
    return tuple(word for item in decoded if (word := label(item)))


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a value is an array (text and bytes are not)."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def mapping(value: object) -> Mapping[str, object]:
    """The value where it is a map with at least one entry, also as JSON text; else an empty map."""
    decoded = decode(value).value
    return decoded if isinstance(decoded, Mapping) else {}


def small_mapping(value: object) -> Mapping[str, object]:
    """The same for a value that is read on the way in: JSON text longer than `MAX_SMALL` is an empty map."""
    return {} if isinstance(value, str) and (len(value) > MAX_SMALL or "{" not in value) else mapping(value)


def python_mapping(value: object) -> Mapping[str, object]:
    """A map as Python prints it (`{'city': 'Oslo'}`), if it is short; an empty map for everything else."""
    if not isinstance(value, str) or len(value) > MAX_SMALL or not value.startswith("{'"):
        return {}
    if '"' not in value and "\\" not in value:
        # Most are JSON but for their quotes, and reading them as that takes a tenth of the time.
        found = decode(value.replace("'", '"')).value
        if isinstance(found, dict):
            return found
    try:
        found = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def unquoted(value: T) -> T | str:
    """Words out of the quotes that JSON puts around them; anything else is itself."""
    if isinstance(value, str) and value[:1] == '"' and value[-1:] == '"':
        try:
            decoded = json.loads(value)
        except ValueError:
            return value
        return decoded if isinstance(decoded, str) else value
    return value


def _nesting(value: str) -> int:
    """An upper bound of how deep JSON text nests; exact where it could be too deep."""
    if value.count("[") + value.count("{") <= MAX_NESTING:
        return 0
    depth = deepest = 0
    quoted = False
    pieces = value.replace("\\\\", "").replace('\\"', "").split('"')
    for piece in pieces:
        if not quoted and ("[" in piece or "{" in piece or "]" in piece or "}" in piece):
            for character in piece:
                if character in "[{":
                    depth += 1
                    deepest = max(deepest, depth)
                elif character in "]}":
                    depth -= 1
        quoted = not quoted
    return deepest


def _plain(value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)
