"""Requests that are nearly right: real ones, changed at random, each made again by its seed and number."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from tests.support.corpus import SCENARIOS, requests
from tracetui.otlp.encode import ExportItem, json_requests
from tracetui.otlp.wire import Signal, slice_request

MOST_SPANS = 3
"""Spans of the request that a body is made of; more would only take longer."""

LARGEST = 24 * 1024
"""Bytes of it at most."""


MOST = 1024 * 1024
"""Bytes of a body; what is repeated within what was repeated would grow for ever."""


class Body(NamedTuple):
    """A request to send."""

    signal: Signal
    data: bytes
    is_json: bool = False
    encoding: str = ""


@cache
def seeds() -> tuple[Body, ...]:
    """Small parts of every capture, as protobuf and as JSON."""
    found: list[Body] = []
    for scenario in SCENARIOS:
        for signal, body in requests(scenario):
            for resource in slice_request(body).resources[:4]:
                for scope in resource.scopes[:3]:
                    items = [item for item in scope.items[:MOST_SPANS] if len(item) < LARGEST // MOST_SPANS]
                    if not items:
                        continue
                    whole = [
                        ExportItem(item, resource.data, resource.schema_url, scope.data, scope.schema_url)
                        for item in items
                    ]
                    (as_json,) = json_requests(signal, whole)
                    found.append(Body(signal, json.dumps(as_json).encode(), is_json=True))
                    found.append(Body(signal, _request(resource.data, scope.data, items)))
    return tuple(found)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _request(resource: bytes, scope: bytes, items: list[bytes]) -> bytes:
    scopes = _field(2, _field(1, scope) + b"".join(_field(2, item) for item in items))
    return _field(1, _field(1, resource) + scopes)


_ODD_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFF, 0x0A, 0x12, 0x1A, 0x22, 0x2A, 0x32, 0x0B, 0x0C, 0x4A, 0x5B)
_ODD_RUNS = (b"\xff" * 10, b"\x80" * 9 + b"\x01", b"\x00" * 40, b"\xff\xff\xff\xff\x0f", b"\x0a\xff\xff\xff\xff\x07",
             b"\xed\xa0\x80", b"\xc0\xaf", b"\x0b" * 60, b"\x2a\x02\x0a\x00" * 30)  # fmt: skip


def _flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] = rng.choice(_ODD_BYTES)


def _insert(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice(_ODD_RUNS)


def _cut(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice((1, 2, 8, 64, len(data)))]


def _repeat(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = data[at : at + rng.choice((1, 4, 32, 256))] * rng.choice((1, 2, 20))


def _splice(data: bytearray, rng: random.Random) -> None:
    other = rng.choice(seeds()).data
    at = rng.randrange(len(data))
    start = rng.randrange(len(other))
    data[at : at + rng.randrange(64)] = other[start : start + rng.randrange(1, 512)]


_BYTE_CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _set, _insert, _cut, _repeat, _splice)

_ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 2**63, 2**64, -(2**63) - 1, 1e308, 0.5, "", "0", "-5", "NaN", "zz", "\ud800", "\x00\x1b[2J", [], {},
    [[]], [{}], {"values": []}, {"stringValue": "x", "intValue": 1}, {"arrayValue": {"values": [{}]}}, "9" * 30,
    {"bytesValue": "%%%"}, {"kvlistValue": {"values": [{"key": "k"}, {}]}}, "\U0001f600" * 20,
)  # fmt: skip


def _changed_json(value: Any, rng: random.Random) -> Any:
    """The value with one of its parts, at any depth, replaced, dropped or repeated."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        match rng.randrange(8):
            case 0:
                return {name: part for name, part in value.items() if name != key}
            case 1:
                return {**value, key.swapcase(): value[key]}
            case _:
                return {**value, key: _changed_json(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        if rng.randrange(6) == 0:
            return value + value[at : at + 1] * rng.choice((1, 30))
        return [*value[:at], _changed_json(value[at], rng), *value[at + 1 :]]
    return rng.choice(_ODD_VALUES)


def mutated(seed: int, number: int) -> Body:
    """The body of this number."""
    rng = random.Random(f"{seed}/{number}")
    body = rng.choice(seeds())
    data = bytearray(body.data)
    if body.is_json and rng.random() < 0.7:
        value = json.loads(body.data)
        for _ in range(rng.choice((1, 1, 2, 5))):
            value = _changed_json(value, rng)
        data = bytearray(json.dumps(value).encode())
    else:
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            if data:
                rng.choice(_BYTE_CHANGES)(data, rng)
    return _compressed(body._replace(data=bytes(data[:MOST])), rng)


def _compressed(body: Body, rng: random.Random) -> Body:
    """The body as it is, or compressed, and then perhaps damaged."""
    match rng.randrange(6):
        case 0:
            data, encoding = gzip.compress(body.data, 1), "gzip"
        case 1:
            data, encoding = zlib.compress(body.data, 1), "deflate"
        case 2 if rng.random() < 0.3:
            half = len(body.data) // 2
            data, encoding = gzip.compress(body.data[:half], 1) + gzip.compress(body.data[half:], 1), "gzip"
        case _:
            return body
    if rng.random() < 0.4:
        damaged = bytearray(data)
        rng.choice(_BYTE_CHANGES)(damaged, rng)
        data = bytes(damaged)
    return body._replace(data=data, encoding=encoding)


def bodies(seed: int, first: int, count: int) -> Iterator[tuple[int, Body]]:
    """So many bodies with their numbers."""
    return ((number, mutated(seed, number)) for number in range(first, first + count))
