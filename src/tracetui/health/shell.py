"""The environment of a shell: what apps started in it would do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from tracetui.health.findings import NOTE, OK, PROBLEM, Finding

_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "PHOENIX_COLLECTOR_ENDPOINT",
)
_SILENCERS = {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "none", "OTEL_TRACES_SAMPLER": "always_off"}


def environment(environ: Mapping[str, str], ports: Collection[int]) -> Iterator[Finding]:
    """Whether apps of this shell export to one of these ports of this machine."""
    named = [(name, environ[name]) for name in _ENDPOINTS if environ.get(name)]
    for name, value in named:
        if _points_to(value, ports):
            yield Finding("environment", OK, f"{name} points here")
        else:
            yield Finding(
                "environment",
                PROBLEM,
                f"{name} points elsewhere: {value[:200]}",
                "Apps of this shell do not export here; `tracetui env` writes the lines that do.",
            )
    if not named:
        yield Finding(
            "environment",
            NOTE,
            "no OTEL_EXPORTER_OTLP_ENDPOINT in this shell",
            "Exporters send to localhost:4317 or 4318 then, where tracetui listens; `tracetui env` says it outright.",
        )
    for name, silent in _SILENCERS.items():
        if environ.get(name, "").strip().lower() == silent:
            yield Finding("environment", PROBLEM, f"{name}={silent}: apps of this shell send nothing", f"unset {name}")


def _points_to(value: str, ports: Collection[int]) -> bool:
    try:
        place = urlsplit(value if "//" in value else f"//{value}")
        return place.port in ports and (place.hostname or "") in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        return False
