"""An OTLP/JSON export request to the same slices that its protobuf twin gives.

What is wrong within a span or log record rejects that one; what is wrong outside any, or with the JSON itself, is an
error of the whole request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from tracetui.errors import InvalidSpan, MalformedRequest, RequestTooLarge
from tracetui.otlp.json_parse import JSONObject, JSONParser, list_items, objects
from tracetui.otlp.objects import LOG_RECORD, RESOURCE, SCOPE, SPAN, ObjectKind
from tracetui.otlp.wire import MAX_ITEMS, Signal, SlicedRequest, SlicedResource, SlicedScope, too_many

MAX_JSON_DEPTH = 400
"""Brackets within brackets; a map of 40 levels, the deepest value that is kept, needs about 170."""

MAX_NUMBER_LENGTH = 1_000
"""Digits of one JSON number."""

MAX_UNFOLDED = 128 * 1024 * 1024
"""Bytes that a JSON request may take in memory once it is decoded, its texts not counted; they are bounded with it."""

_UNFOLDED = {b"{": 240, b"[": 64, b",": 48}
"""Bytes that an object with a member, a list, and one more value take in memory, roughly."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_WHOLE = re.compile(rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
"""Up to the end, or to a string that goes on there."""
_PIECE = 64 * 1024
_BRACKETS = b"[]{}"
_NOT_BRACKETS = bytes(set(range(256)) - set(_BRACKETS))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class RequestKeys(NamedTuple):
    """The names of one signal's parts in OTLP/JSON."""

    resources: str
    scopes: str
    items: str
    kind: ObjectKind


REQUEST_KEYS = {
    Signal.TRACES: RequestKeys("resourceSpans", "scopeSpans", "spans", SPAN),
    Signal.LOGS: RequestKeys("resourceLogs", "scopeLogs", "logRecords", LOG_RECORD),
}
"""The names for each signal that is kept."""


def slice_json_request(signal: Signal, body: bytes, *, max_items: int = MAX_ITEMS) -> SlicedRequest:
    """Cut an OTLP/JSON request of traces or logs into slices.

    Raises:
        MalformedRequest: It is no JSON, or something outside any span is not as it must be.
        RequestTooLarge: It holds more than `max_items` items.
    """
    given = load_json(body)
    if not isinstance(given, dict):
        raise MalformedRequest("The body is JSON but no object.", hint="An empty request is {}.")
    return slice_json_object(signal, given, max_items=max_items)


def slice_json_object(signal: Signal, given: JSONObject, *, max_items: int = MAX_ITEMS) -> SlicedRequest:
    """Cut a request that is already decoded JSON; otherwise as `slice_json_request`."""
    try:
        return _Slicer(REQUEST_KEYS[signal], max_items).slice(given)
    except InvalidSpan as error:
        raise MalformedRequest(error.message, hint=error.hint) from error


def load_json(body: bytes, *, most_unfolded: int = MAX_UNFOLDED) -> Any:
    """Decode strict JSON from outside: depth, numbers and memory bounded, NaN and Infinity refused.

    Args:
        body: UTF-8.
        most_unfolded: Bytes that it may take in memory, roughly, its texts not counted.

    Raises:
        MalformedRequest: It is not JSON, or over a bound.
        RequestTooLarge: It is small as text and huge in memory.
    """
    _check_shape(body, most_unfolded)
    try:
        return json.loads(
            body.decode("utf-8-sig"), parse_int=_parse_int, parse_float=_parse_float, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not UTF-8 at byte {error.start}.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise MalformedRequest(f"The body is not JSON: {error.msg}, {where}.") from error
    except RecursionError as error:
        raise _too_deep() from error


def _check_shape(body: bytes, most_unfolded: int) -> None:
    """Bound depth and memory before anything is decoded: three bytes of text may become seventy."""
    if body.count(b"[") + body.count(b"{") <= MAX_JSON_DEPTH and len(body) <= most_unfolded // 64:
        return
    left, depth = most_unfolded, 0
    for bare in _outside_strings(body):
        left -= sum(bare.count(mark) * size for mark, size in _UNFOLDED.items())
        if left < 0:
            raise RequestTooLarge(
                f"The JSON would take more than {most_unfolded >> 20} MiB in memory.",
                hint="Lower the exporter's batch size, or send protobuf.",
            )
        for step in map(_STEP.__getitem__, bare.translate(None, _NOT_BRACKETS)):
            depth += step
            if depth > MAX_JSON_DEPTH:
                raise _too_deep()


def _outside_strings(body: bytes) -> Iterator[bytes]:
    """What stands between the strings, a piece at a time: all at once would be an object for each string."""
    at = 0
    while at < len(body):
        piece = body[at : at + _PIECE]
        whole = _WHOLE.match(piece)
        assert whole is not None
        if whole.end():
            yield _STRING.sub(b"", piece[: whole.end()])
            at += whole.end()
        else:  # it begins with a string that ends beyond it
            longer = _STRING.match(body, at)
            assert longer is not None
            at = longer.end()


def _too_deep() -> MalformedRequest:
    return MalformedRequest(f"The JSON is nested deeper than {MAX_JSON_DEPTH} levels.", hint="Send it flatter.")


def _parse_int(text: str) -> int:
    _check_length(text)
    return int(text)


def _parse_float(text: str) -> float:
    _check_length(text)
    return float(text)


def _check_length(text: str) -> None:
    if len(text) > MAX_NUMBER_LENGTH:
        raise MalformedRequest(f"A number has more than {MAX_NUMBER_LENGTH:,} digits.")


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedRequest(f"The body is not JSON: bare {name}.", hint=f'Write "{name}", in quotes.')


class _Slicer:
    """One walk over one decoded request."""

    def __init__(self, keys: RequestKeys, max_items: int) -> None:
        self._keys = keys
        self._left = max_items
        self._request = SlicedRequest([])

    def slice(self, given: JSONObject) -> SlicedRequest:
        """The whole request."""
        for resource in objects(given, self._keys.resources):
            sliced = self._resource(resource)
            if sliced.scopes:
                self._request.resources.append(sliced)
        return self._request

    def _resource(self, given: JSONObject) -> SlicedResource:
        scopes = [self._scope(scope) for scope in objects(given, self._keys.scopes)]
        return SlicedResource(*self._owner(RESOURCE, given, "resource"), [scope for scope in scopes if scope.items])

    def _scope(self, given: JSONObject) -> SlicedScope:
        data, schema_url = self._owner(SCOPE, given, "scope")
        items = list_items(given, self._keys.items)
        self._left -= len(items)
        if self._left < 0:
            raise too_many()
        slices = (self._item(item) for item in items)
        return SlicedScope(data, schema_url, [data for data in slices if data is not None])

    def _owner(self, kind: ObjectKind, given: JSONObject, key: str) -> tuple[bytes, str]:
        """The slice of a resource or scope, and the schema URL beside it."""
        parser = JSONParser()
        owner = given.get(key)
        if owner is not None and not isinstance(owner, dict):
            raise InvalidSpan(f"The JSON field {key} is not an object.")
        data = kind.from_json(parser, owner or {})
        schema_url = parser.text(given, "schemaUrl")
        self._request.warnings.extend(parser.warnings)
        return data, schema_url

    def _item(self, given: object) -> bytes | None:
        """The slice of a span or log record; None where it is rejected."""
        parser = JSONParser()
        try:
            if not isinstance(given, dict):
                raise InvalidSpan(f"An item of {self._keys.items} is not an object.")
            data = self._keys.kind.from_json(parser, given)
        except InvalidSpan as error:
            self._request.rejected.append(error)
            return None
        self._request.warnings.extend(parser.warnings)
        return data
