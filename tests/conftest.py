"""Shared by all tests: the developer's machine stays out."""

from __future__ import annotations

import os
import signal
import time
import zlib

import pytest
from hypothesis import HealthCheck, settings

# hundreds of tests start the real program; compiled anew each time it would take four times as long
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell; the programs would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _no_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    """No setting of the developer's reaches a test, nor prices, nor what was typed before; local time is UTC."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-configuration"))
    own = f"state-{zlib.crc32(request.node.nodeid.encode()):08x}"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / own))
    for name in list(os.environ):
        if name.startswith(("OTEL_", "PHOENIX_", "TRACETUI_", "LANGSMITH_", "LANGFUSE_")) or name in (
            "NO_COLOR", "COLORTERM", "FORCE_COLOR",
        ):  # fmt: skip
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
