"""What an empty database shows: where to send spans, lines to paste, and what to press."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from tracetui.receivers.status import ReceiverState, ReceiverStatus
from tracetui.sanitise import one_line
from tracetui.tui.theme import Palette


class Welcome(Static):
    """The screen of a new user."""

    DEFAULT_CSS = """
    Welcome { width: 1fr; height: 1fr; padding: 1 3; background: $background; color: $foreground;
              border: round $pane-border; overflow: auto; }
    """

    _written: Content | None = None

    def show(self, statuses: Sequence[ReceiverStatus], role: str, palette: Palette, *, database: str = "") -> None:
        """Write the page for these listeners; `database` is the option that names the file, if it needs one."""
        text = welcome_text(statuses, role, palette, database)
        if text != self._written:
            self._written = text
            self.update(text)


def welcome_text(statuses: Sequence[ReceiverStatus], role: str, palette: Palette, database: str = "") -> Content:
    """The page as ready content."""
    dim, accent, code = palette.dim, palette.accent, palette.string
    lines: list[Content] = []

    def line(*parts: tuple[str, str]) -> None:
        lines.append(Content.assemble(*((text, style) for text, style in parts)))

    line(("No traces yet. ", "bold"), ("Point an app here, and its spans appear as they arrive.", dim))
    line(("", ""))
    listening = [status for status in statuses if status.state is ReceiverState.LISTENING]
    for status in statuses:
        if status.state is ReceiverState.FAILED:
            line(("✖ ", palette.error), (one_line(status.error, 500), palette.error))
    if role:
        line((role, palette.warning))
    http = next((status for status in listening if status.protocol == "http"), None)
    grpc = next((status for status in listening if status.protocol == "grpc"), None)
    if http is None and any(status.state is ReceiverState.STARTING for status in statuses):
        line(("◌ opening the receivers …", palette.running))
    if http is not None:
        url = http.address.url
        line(("An app that is instrumented already", accent))
        line(("  export OTEL_EXPORTER_OTLP_ENDPOINT=" + url, code))
        line(("  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", code))
        line(("", ""))
        line(("Any command, with the environment set for it", accent))
        line((f"  tracetui run {database}-- python app.py", code))
        line(("", ""))
        line(("Phoenix and OpenInference, in Python", accent))
        line(("  from phoenix.otel import register", code))
        line((f'  register(endpoint="{url}/v1/traces", auto_instrument=True)', code))
        line(("", ""))
    if grpc is not None:
        line(("OTLP/gRPC  ", accent), (str(grpc.address), code))
    if http is not None:
        addresses = ", ".join(str(status.address) for status in listening if status.protocol == "http")
        line(("OTLP/HTTP  ", accent), (addresses, code), ("  protobuf or JSON", dim))
        line(("", ""))
    line(
        ("d", accent),
        ("  see it with a small set of real traces    ", dim),
        ("?", accent),
        ("  keys    ", dim),
        ("q", accent),
        ("  quit", dim),
    )
    return Content("\n").join(lines)
