"""Pages to rows: the cells of a table's page, with what has overflowed into other pages."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from tracetui.store.sqlite.salvage.file import PageFile

INTERIOR, LEAF = 5, 13
"""First byte of a page of a table."""
INDEX_INTERIOR, INDEX_LEAF = 2, 10
"""First byte of a page of an index."""

Value: TypeAlias = int | float | str | bytes | None

_MOST_COLUMNS = 200
_FILE_HEADER = 100
"""Bytes at the begin of the first page that are not part of it as a page."""


class Row(NamedTuple):
    """A row of a table."""

    row_id: int
    values: list[Value]
    """Its columns in the order of the table, but for those that are not stored; a row id stands there as None."""


class Damaged(ValueError):
    """Bytes that are no row."""


def kind_of(page: bytes, number: int) -> int:
    """The first byte of a page; 0 where there is none."""
    at = _start(number)
    return page[at] if len(page) > at + 12 else 0


def rows(file: PageFile, page: bytes, number: int) -> Iterator[Row | Damaged]:
    """The rows of a leaf page of a table, and an error for each that cannot be read."""
    for at in _cells(page, number, header=8):
        try:
            yield _row(file, page, at)
        except (Damaged, IndexError, struct.error, UnicodeDecodeError) as error:
            yield error if isinstance(error, Damaged) else Damaged(type(error).__name__)


def children(page: bytes, number: int) -> Iterator[int]:
    """The pages below an interior page, as far as it can be read, in order."""
    for at in _cells(page, number, header=12):
        yield int.from_bytes(page[at : at + 4], "big")
    start = _start(number)
    yield int.from_bytes(page[start + 8 : start + 12], "big")


def _start(number: int) -> int:
    return _FILE_HEADER if number == 1 else 0


def _cells(page: bytes, number: int, *, header: int) -> Iterator[int]:
    start = _start(number)
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + header
    for at in range(first, min(first + 2 * count, len(page) - 1), 2):
        place = int.from_bytes(page[at : at + 2], "big")
        if first <= place < len(page):
            yield place


def _row(file: PageFile, page: bytes, at: int) -> Row:
    length, at = _varint(page, at)
    row_id, at = _varint(page, at)
    return Row(_signed(row_id), _values(_payload(file, page, at, length)))


def _payload(file: PageFile, page: bytes, at: int, length: int) -> bytes:
    usable = file.usable
    most = usable - 35
    if length <= most:
        if at + length > usable:
            raise Damaged("a row reaches past the end of its page")
        return page[at : at + length]
    least = (usable - 12) * 32 // 255 - 23
    local = least + (length - least) % (usable - 4)
    local = local if local <= most else least
    if length > file.count * file.size or at + local + 4 > len(page):
        raise Damaged("a row is longer than the file")
    parts, missing = [page[at : at + local]], length - local
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    while missing > 0:
        overflow = file.page(following)
        if len(overflow) < min(usable, missing + 4):
            raise Damaged("a part of a row is missing")
        parts.append(overflow[4 : 4 + min(missing, usable - 4)])
        missing -= len(parts[-1])
        following = int.from_bytes(overflow[:4], "big")
    return b"".join(parts)


def _values(payload: bytes) -> list[Value]:
    size, at = _varint(payload, 0)
    if size > len(payload):
        raise Damaged("a row's description is longer than the row")
    kinds: list[int] = []
    while at < size:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    if at != size or len(kinds) > _MOST_COLUMNS:
        raise Damaged("a row's description is not readable")
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, kind, at)
        values.append(value)
    if at != len(payload):
        raise Damaged("a row is longer than its columns")
    return values


_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer by its kind."""


def _value(payload: bytes, kind: int, at: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    size = _INTEGERS.get(kind) or (8 if kind == 7 else (kind - 12) // 2 if kind >= 12 else -1)
    data = payload[at : at + size]
    if size < 0 or len(data) != size:
        raise Damaged("a column is not readable")
    if kind < 7:
        return int.from_bytes(data, "big", signed=True), at + size
    if kind == 7:
        number: float = struct.unpack(">d", data)[0]
        return number, at + size
    return (data.decode() if kind % 2 else data), at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | data[at + 8], at + 9


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
