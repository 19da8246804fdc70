"""Values with units: what `10k`, `1.5m`, `$0.01`, `-15m` and `2026-11-22` are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import NamedTuple

from tracetui.model.clock import NANOS_PER_SECOND, to_datetime

LONGEST = 40
"""Characters of the longest number: no count, sum or moment needs more."""

LATEST = 2**63 - 1
"""The latest moment that a database holds, in nanoseconds."""

_LATEST_YEAR = 2262

_DIGITS = r"(?:\d+(?:[_,]\d{3})*(?:\.\d+)?|\.\d+)"
_NUMBER = re.compile(rf"[+-]?{_DIGITS}(?:[eE][+-]?\d{{1,3}})?", re.ASCII)
_SCALES = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9}

_NANOS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": NANOS_PER_SECOND,
    "m": 60 * NANOS_PER_SECOND,
    "h": 3_600 * NANOS_PER_SECOND,
    "d": 86_400 * NANOS_PER_SECOND,
    "w": 7 * 86_400 * NANOS_PER_SECOND,
}
_DURATION_PART = re.compile(rf"({_DIGITS})(ns|us|µs|μs|ms|s|m|h|d|w)", re.ASCII)

_DATE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?"
    r"(Z|z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII,
)
_TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_UNIX_NANO = re.compile(r"\d{16,19}", re.ASCII)


class Stretch(NamedTuple):
    """A stretch of time: from the first nanosecond to the one after the last. A moment has the length 1."""

    start: int
    end: int


def number(text: str) -> int | float | None:
    """A number, with `k`, `M` or `G` behind it or not; None when it is none."""
    scale = text[-1:] if text[-1:] in _SCALES else ""
    found = _decimal(text.removesuffix(scale))
    return None if found is None or found.adjusted() > 300 else _plain(found * _SCALES[scale])


def money(text: str) -> int | float | None:
    """Dollars, with their sign before them or not."""
    return number(text.removeprefix("$"))


def duration(text: str) -> int | float | None:
    """A duration in nanoseconds: `250ms`, `1.5m`, `1h30m`; 0 needs no unit."""
    if len(text) > LONGEST:
        return None
    total, position = Decimal(0), 0
    while match := _DURATION_PART.match(text, position):
        total += Decimal(match[1].replace(",", "").replace("_", "")) * _NANOS[match[2]]
        position = match.end()
    if not position:
        return 0 if number(text) == 0 else None
    return _plain(total.to_integral_value()) if position == len(text) else None


def moment(text: str, now_nano: int) -> Stretch | None:
    """The stretch of time that a text names: a moment told from now, or a year, month, day, minute or second.

    What lies before 1970 or after 2262 ends there: no span has such a time.
    """
    if len(text) > LONGEST:
        return None
    named = _named(text, now_nano)
    return named and Stretch(*(min(max(at, 0), LATEST) for at in named))


def _named(text: str, now_nano: int) -> Stretch | None:
    if text.casefold() == "now":
        return Stretch(now_nano, now_nano + 1)
    if text[:1] in "+-" and text[:1] and (length := duration(text[1:])) is not None:
        at = now_nano + int(length) * (-1 if text[0] == "-" else 1)
        return Stretch(at, at + 1)
    if _UNIX_NANO.fullmatch(text):
        return Stretch(int(text), int(text) + 1)
    try:
        return _day(text.casefold(), now_nano) or _of_calendar(text) or _of_today(text, now_nano)
    except (ValueError, OverflowError, OSError):
        return None  # there is no such day


def _decimal(text: str) -> Decimal | None:
    if len(text) > LONGEST or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text.replace(",", "").replace("_", ""))


def _plain(value: Decimal) -> int | float:
    """As an integer where it is one that a database can hold."""
    if value == value.to_integral_value() and abs(value) < 2**63:
        return int(value)
    return float(value)


def _day(word: str, now_nano: int) -> Stretch | None:
    if word not in ("today", "yesterday"):
        return None
    day = _midnight(now_nano) - timedelta(days=word == "yesterday")
    return Stretch(_nano(day), _nano(day + timedelta(days=1)))


def _of_today(text: str, now_nano: int) -> Stretch | None:
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        return None
    start = _midnight(now_nano).replace(hour=int(match[1]), minute=int(match[2]), second=int(match[3] or 0))
    return Stretch(_nano(start), _nano(start) + (1 if match[3] else 60) * NANOS_PER_SECOND)


def _of_calendar(text: str) -> Stretch | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if int(year) > _LATEST_YEAR:
        return Stretch(LATEST, LATEST)
    of_day = int(hour or 0), int(minute or 0), int(second or 0)
    start = datetime(int(year), int(month or 1), int(day or 1), *of_day, tzinfo=_zone(zone) if zone else UTC)
    if not zone:
        start = start.replace(tzinfo=None)  # local time, whose offset depends on the day
    if fraction:
        at = _nano(start) + int(fraction.ljust(9, "0"))
        return Stretch(at, at + 10 ** (9 - len(fraction)))
    if second or minute:
        return Stretch(_nano(start), _nano(start) + (1 if second else 60) * NANOS_PER_SECOND)
    if day:
        return Stretch(_nano(start), _nano(start + timedelta(days=1)))
    if month:
        return Stretch(
            _nano(start), _nano(start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1))
        )
    return Stretch(_nano(start), _nano(start.replace(year=start.year + 1)))


def _zone(text: str) -> tzinfo:
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _midnight(now_nano: int) -> datetime:
    """The beginning of today in local time, without its offset: a day later is then midnight, however long today is."""
    now = to_datetime(now_nano)
    if now is None:
        raise ValueError("the clock stands beyond the calendar")
    return now.astimezone().replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)


def _nano(moment: datetime) -> int:
    """Nanoseconds since 1970 of a moment of whole seconds; local time where it names no zone."""
    return int(moment.timestamp()) * NANOS_PER_SECOND
