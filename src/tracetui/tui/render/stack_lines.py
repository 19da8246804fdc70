"""Stack traces: which frames are the user's own, which a library's. Python, JavaScript, Java and Go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto

from msgspec import Struct


class Frame(Enum):
    """What a line of a stack trace is."""

    OWN = auto()
    """A place in the user's own code."""
    LIBRARY = auto()
    """A place in a library or in the language's own runtime."""
    ERROR = auto()
    """The error and its message, or the cause."""
    OTHER = auto()


class StackPart(Struct, frozen=True):
    """Neighbouring lines of a stack trace of one sort."""

    frame: Frame
    lines: tuple[str, ...]
    places: int = 1
    """Frames in it."""


MAX_LINE = 600
"""Characters of a line that is looked at; the patterns below may take the square of it."""

_PLACES = (
    re.compile(r'^\s*File "(?P<file>[^"]*)", line \d+'),  # Python
    re.compile(
        r"^\s*at .*?\(?(?P<file>(?:file://|node:|https?://|webpack:|/|[A-Za-z]:\\|[\w@.-]+/)[^()\s]*):\d+:\d+\)?$"
    ),
    re.compile(
        r"^\s*at (?P<file>[\w$.<>/]+)\((?:[\w$-]+\.(?:java|kt|scala|groovy):\d+|Native Method|Unknown Source)\)"
    ),
    re.compile(r"^\t(?P<file>\S+\.go):\d+"),  # Go: the line below its function
    re.compile(r"^\s*at (?P<file>node:internal|native|<anonymous>)"),
    re.compile(r"^\s*at (?:async )?[\w$.<> \[\]]+ \((?P<file><anonymous>|native)\)"),
)
_LIBRARY = re.compile(
    r"site-packages|dist-packages|/lib/python\d|\\lib\\|<frozen |<string>|node_modules|node:|internal/|webpack:"
    r"|<anonymous>|^native$|/usr/(?:local/)?(?:lib/)?go/|/go/pkg/mod/|/libexec/src/|\.pyenv/|/opt/hostedtoolcache/"
    r"|^(?:java|javax|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|jakarta|org\.(?:apache|springframework|junit|gradle"
    r"|hibernate|eclipse)|io\.(?:netty|opentelemetry|grpc|micrometer)|reactor|okhttp3|com\.(?:google|fasterxml))\."
)
_PYTHON_HEAD = "Traceback (most recent call last)"
_GO_FUNCTION = re.compile(r"^(?:created by )?[\w./*()@-]+\(.*\)(?: in goroutine \d+)?$|^created by \S+")
_ERROR = re.compile(
    r"^(?:Caused by: |Suppressed: |Uncaught |panic: |fatal error: )"
    r"|^(?:[\w$]+\.)+[A-Z]\w*(?:: .*)?$|^[A-Z]\w*: "
    r"|^(?:Exception in thread .*|[\w$.]*(?:Error|Exception|Warning|Interrupt|Exit|Fault|Iteration)\b(?::.*|$))"
)


def stack_parts(lines: Sequence[str]) -> Iterator[StackPart]:
    """The lines of a stack trace, joined into frames and neighbouring frames of one sort into parts.

    Empty lines belong to what stands above them: LangSmith puts two below each frame.
    """
    frame, collected, places = Frame.OTHER, list[str](), 0
    for sort, group in _frames(lines):
        if sort is not frame and collected:
            yield StackPart(frame, tuple(collected), places)
            collected, places = [], 0
        frame = sort
        collected.extend(group)
        places += sort in (Frame.OWN, Frame.LIBRARY)
    if collected:
        yield StackPart(frame, tuple(collected), places)


def squeezed(lines: Sequence[str]) -> Iterator[str]:
    """The lines with one empty line where several follow one another."""
    was_empty = False
    for line in lines:
        is_empty = not line.strip()
        if not (is_empty and was_empty):
            yield line
        was_empty = is_empty


def _frames(lines: Sequence[str]) -> Iterator[tuple[Frame, list[str]]]:
    """Each frame with the lines that belong to it: Python's source below the place, Go's function above it."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if at + 1 < len(lines) and lines[at + 1].startswith("\t") and _GO_FUNCTION.match(line[:MAX_LINE]):
            sort, group = _sort(lines[at + 1]), [line, lines[at + 1]]
        else:
            sort, group = _sort(line), [line]
        at += len(group)
        if sort in (Frame.OWN, Frame.LIBRARY) and line.lstrip().startswith('File "'):
            indent = len(line) - len(line.lstrip())
            while at < len(lines) and lines[at].strip() and len(lines[at]) - len(lines[at].lstrip()) > indent:
                group.append(lines[at])
                at += 1
        while at < len(lines) and not lines[at].strip():
            group.append(lines[at])
            at += 1
        yield sort, group


def _sort(line: str) -> Frame:
    if len(line) > MAX_LINE:
        return Frame.OTHER
    for pattern in _PLACES:
        if (match := pattern.match(line)) is not None:
            return Frame.LIBRARY if _LIBRARY.search(match["file"]) else Frame.OWN
    return Frame.ERROR if _ERROR.match(line) and _PYTHON_HEAD not in line else Frame.OTHER
