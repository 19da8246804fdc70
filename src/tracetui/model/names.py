"""OTLP's numbers in words, and a length of time: apart from the messages, which the first paint does without."""

from __future__ import annotations

SPAN_KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
"""Names of OTLP's span kinds by number."""

STATUS_CODES = ("UNSET", "OK", "ERROR")
"""Names of OTLP's status codes by number."""


def span_kind_name(number: int) -> str:
    """The name of an OTLP span kind; 0 reads as INTERNAL, an unknown number as itself."""
    if number == 0:
        return "INTERNAL"
    return SPAN_KINDS[number] if 0 <= number < len(SPAN_KINDS) else str(number)


def status_code_name(number: int) -> str:
    """The name of an OTLP status code; an unknown number reads as itself."""
    return STATUS_CODES[number] if 0 <= number < len(STATUS_CODES) else str(number)


def span_duration(start_time_unix_nano: int, end_time_unix_nano: int) -> int | None:
    """Nanoseconds from start to end; None where either is missing or the end comes first."""
    if start_time_unix_nano <= 0 or end_time_unix_nano < start_time_unix_nano:
        return None
    return end_time_unix_nano - start_time_unix_nano


UNKNOWN_SERVICE = "unknown_service"
"""The service's name that an SDK makes up for want of one, or what it is before a colon (OpenTelemetry, resources)."""


def source_of(service: str, project: str) -> str:
    """Who sent it, in one name: the service, or the project where the SDK made the service's name up."""
    made_up = not service or service.partition(":")[0] == UNKNOWN_SERVICE
    return project if project and made_up else service
