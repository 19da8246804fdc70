"""Files of OTLP data: finds out what a file holds and gives its export requests one by one.

Read are OTLP/JSON (one object, or one per line as the Collector's file exporter and `tracetui export` write), an
encoded protobuf export request, a sequence of these with a length before each (4 bytes, big-endian: the file exporter's
`format: proto`), and each of them gzip'ed.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import chain
from typing import IO, cast

from msgspec import Struct

from tracetui.errors import DecodeError
from tracetui.otlp.json_request import REQUEST_KEYS, load_json, slice_json_object
from tracetui.otlp.wire import Signal, slice_request
from tracetui.receivers.incoming import Incoming, read_logs, read_spans

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LENGTH_SIZE = 4
"""Bytes of the length before each message of the file exporter's `format: proto`."""

_OWN = 1 << 40
"""Bytes that the JSON of a file may take in memory: no limit, it is the reader's own."""

JSON_SPACE = b" \t\r\n"
"""White space in JSON."""

_FIRST_TAG = 0x0A
_UNKNOWN = "It is neither OTLP/JSON nor a readable OTLP protobuf request."
_JSON_KEYS = ("resourceSpans", "resourceLogs", "resourceMetrics")
_READ = {Signal.TRACES: read_spans, Signal.LOGS: read_logs}


class FileFormat(StrEnum):
    """What a file may be said to hold."""

    JSON = "otlp-json"
    PROTO = "otlp-proto"


class Problem(Struct, frozen=True):
    """A part of a file that cannot be read; the parts around it can."""

    where: str
    """`line 3`, `message 2`, or empty for the file as a whole."""
    what: str
    """One sentence, without received values."""


def requests_in(file: IO[bytes], form: FileFormat | None = None) -> Iterator[Incoming | Problem]:
    """The export requests of a file, in order; what cannot be read is told in its place.

    Args:
        file: The file, open for reading; a pipe is enough.
        form: What it holds; None to find out.
    """
    try:
        stream = _peekable(file)
        if _begins(stream, GZIP_MAGIC):
            stream = _peekable(cast("IO[bytes]", gzip.GzipFile(fileobj=stream)))
        if _begins(stream, ZSTD_MAGIC):
            yield Problem("", "It is zstd-compressed, which is not read here; decompress it first (`zstd -d`).")
            return
        if (form or _detected(stream)) is FileFormat.JSON:
            yield from _json_requests(stream)
        else:
            yield from _protobuf_requests(stream.read())
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        yield Problem("", f"Its gzip data are damaged or cut off: {error}.")
    except OSError as error:
        yield Problem("", f"It cannot be read: {error.strerror or error}.")


def _peekable(file: IO[bytes]) -> io.BufferedReader:
    return file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", file))


def _begins(stream: io.BufferedReader, magic: bytes) -> bool:
    return stream.peek(len(magic)).startswith(magic)


def _detected(stream: io.BufferedReader) -> FileFormat:
    """JSON is text that begins with a bracket; a protobuf request has control characters within its first bytes."""
    start = stream.peek(64)[:64]
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip(JSON_SPACE)
    if start and not text:
        return FileFormat.JSON
    is_json = text[:1] in (b"{", b"[") and not any(byte < 0x20 and byte not in JSON_SPACE for byte in text)
    return FileFormat.JSON if is_json else FileFormat.PROTO


def _json_requests(stream: io.BufferedReader) -> Iterator[Incoming | Problem]:
    """One object per line where the first line is one, else one object in the whole file."""
    skipped, first = 0, stream.readline()
    while first and not first.strip():
        skipped, first = skipped + 1, stream.readline()
    if not first:
        return
    try:
        load_json(first, most_unfolded=_OWN)
    except DecodeError:
        rest = stream.read()
        lines = rest.splitlines(keepends=True)
        if not any(_is_object(line) for line in lines):
            yield from _json_value(b"\n" * skipped + first + rest, "")
            return
        yield from _json_lines(iter([first, *lines]), skipped)
        return
    yield from _json_lines(chain([first], stream), skipped)


def _json_lines(lines: Iterable[bytes], skipped: int) -> Iterator[Incoming | Problem]:
    for number, line in enumerate(lines, skipped + 1):
        if line.strip():
            yield from _json_value(line, f"line {number}")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(load_json(line, most_unfolded=_OWN), dict)
    except DecodeError:
        return False


def _json_value(text: bytes, where: str) -> Iterator[Incoming | Problem]:
    """The requests in one JSON value; `where` is empty for the whole file."""
    try:
        given = load_json(text, most_unfolded=_OWN)
    except DecodeError as error:
        cause = error.__cause__
        if isinstance(cause, json.JSONDecodeError):
            yield Problem(where or f"line {cause.lineno}", f"It is not JSON: {cause.msg}, column {cause.colno}.")
        else:
            yield Problem(where, str(error))
        return
    if not isinstance(given, dict) or (given and not any(key in given for key in _JSON_KEYS)):
        yield Problem(where, "It is JSON, but no OTLP request: it has neither resourceSpans nor resourceLogs.")
        return
    if "resourceMetrics" in given:
        yield Problem(where, "It holds metrics, which are not kept.")
    for signal, keys in REQUEST_KEYS.items():
        if keys.resources in given:
            try:
                yield _READ[signal](slice_json_object(signal, given))
            except DecodeError as error:
                yield Problem(where, str(error))


def _protobuf_requests(data: bytes) -> Iterator[Incoming | Problem]:
    if not data or data[0] == _FIRST_TAG:
        yield from _protobuf_request(data, "")
        return
    position, number = 0, 0
    while position < len(data):
        number += 1
        end = position + LENGTH_SIZE + int.from_bytes(data[position : position + LENGTH_SIZE], "big")
        if end > len(data) or len(data) - position < LENGTH_SIZE:
            yield Problem(f"message {number}", "It is cut off.") if number > 1 else Problem("", _UNKNOWN)
            return
        yield from _protobuf_request(data[position + LENGTH_SIZE : end], f"message {number}")
        position = end


def _protobuf_request(data: bytes, where: str) -> Iterator[Incoming | Problem]:
    """A request of spans or of log records, which have one shape and are told apart by what can be read in them."""
    try:
        spans = read_spans(slice_request(data))
        if spans.batch.spans or not spans.rejected:
            yield spans
            return
        logs = read_logs(slice_request(data))
        is_logs = not logs.rejected and any(record.time_unix_nano for record in logs.batch.logs)
        yield logs if is_logs else spans
    except DecodeError as error:
        yield Problem(where, f"{_UNKNOWN} {error}")
