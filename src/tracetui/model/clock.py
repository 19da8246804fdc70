"""Integer-nanosecond time: the clock that tests replace, and printing durations and moments."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

NANOS_PER_SECOND = 1_000_000_000


class Clock(Protocol):
    """The seam through which all code asks for the time."""

    def now_nano(self) -> int:
        """Wall-clock time in nanoseconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_nano(self) -> int:
        """Wall-clock time in nanoseconds since the Unix epoch."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()


def format_duration(duration_nano: int | None) -> str:
    """A duration in one unit style: `0µs`, `312µs`, `4.1ms`, `850ms`, `6.42s`, `3m 12s`, `2h 05m`; `?` when unknown."""
    if duration_nano is None:
        return "?"
    if duration_nano < 0:
        return "-" + format_duration(-duration_nano)
    if duration_nano < 999_500:
        return f"{duration_nano / 1_000:.0f}µs"
    if duration_nano < 9_950_000:
        return f"{duration_nano / 1_000_000:.1f}ms"
    if duration_nano < 999_500_000:
        return f"{duration_nano / 1_000_000:.0f}ms"
    if duration_nano < 59_995_000_000:
        return f"{duration_nano / NANOS_PER_SECOND:.2f}s"
    seconds = round(duration_nano / NANOS_PER_SECOND)
    if seconds < 3600:
        return f"{seconds // 60}m {seconds % 60:02d}s"
    minutes = seconds // 60
    if minutes < 24 * 60:
        return f"{minutes // 60}h {minutes % 60:02d}m"
    return f"{minutes // 1440}d {minutes % 1440 // 60:02d}h"


def format_moment(time_unix_nano: int, *, date: bool = False, fraction: bool = False) -> str:
    """A moment in local time: `12:04:31`, with `date` `2026-11-22 12:04:31`, with `fraction` `12:04:31.250`."""
    moment = to_datetime(time_unix_nano)
    if moment is None:
        return "?"
    moment = moment.astimezone()
    text = moment.strftime("%Y-%m-%d %H:%M:%S" if date else "%H:%M:%S")
    return text + f".{time_unix_nano // 1_000_000 % 1000:03d}" if fraction else text


def format_when(time_unix_nano: int, now_nano: int, *, fraction: bool = False) -> str:
    """A clock time today, a weekday and time this week, else the date: `12:04:31`, `Sun 15:32`, `22 Nov`, `Nov 2025`.

    With `fraction` the time of any day is told to the millisecond: `Sun 15:32:16.250`, `2026-11-22 15:32:16.250`.
    """
    when, now = to_datetime(time_unix_nano), to_datetime(now_nano)
    if when is None or now is None or time_unix_nano <= 0:
        return "?"
    when, now = when.astimezone(), now.astimezone()
    if when.date() == now.date():
        return format_moment(time_unix_nano, fraction=fraction)
    if abs((now.date() - when.date()).days) < 7:
        return f"{when:%a} {format_moment(time_unix_nano, fraction=True)}" if fraction else when.strftime("%a %H:%M")
    if fraction:
        return format_moment(time_unix_nano, date=True, fraction=True)
    return when.strftime("%d %b") if now.year == when.year else when.strftime("%b %Y")


def format_age(time_unix_nano: int, now_nano: int) -> str:
    """How long ago, in one unit: `now`, `12s ago`, `3m ago`, `5h ago`, `2d ago`, `3y ago`; of what is yet to come, as a
    clock that is wrong has it, `in 3m`.
    """
    seconds = abs(now_nano - time_unix_nano) // NANOS_PER_SECOND
    if seconds < 2:
        return "now"
    text = _in_one_unit(seconds)
    return f"{text} ago" if time_unix_nano < now_nano else f"in {text}"


def _in_one_unit(seconds: int) -> str:
    if seconds >= 1000 * 86_400:
        return f"{seconds // (365 * 86_400)}y"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def to_datetime(time_unix_nano: int) -> datetime | None:
    """The moment as an aware UTC datetime, or None where the calendar has no such day."""
    try:
        return datetime.fromtimestamp(time_unix_nano / NANOS_PER_SECOND, UTC)
    except (OverflowError, OSError, ValueError):
        return None
