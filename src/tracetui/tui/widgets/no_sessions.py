"""What the sessions screen shows when no trace names a session: what one is, and how apps send it."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from tracetui.tui.theme import Palette

WAYS = (
    ("OpenInference, Phoenix", 'with using_session("chat-42"): ...'),
    ("OpenTelemetry", 'span.set_attribute("gen_ai.conversation.id", "chat-42")'),
    ("Langfuse", 'with propagate_attributes(session_id="chat-42"): ...'),
    ("OpenLLMetry", 'Traceloop.set_association_properties({"session_id": "chat-42"})'),
    ("Vercel AI SDK", 'experimental_telemetry: { metadata: { sessionId: "chat-42" } }'),
    ("LangChain, LangGraph", 'config={"metadata": {"session_id": "chat-42"}}'),
)
"""Who sends a session id how."""


class NoSessions(Static, can_focus=False):
    """The empty state."""

    DEFAULT_CSS = """
    NoSessions { width: 1fr; height: 1fr; padding: 1 3; background: $background; color: $foreground;
                 border: round $pane-border; overflow: auto; }
    """

    _written: Content | None = None

    def show(self, palette: Palette, has_traces: bool) -> None:
        """Write the page; `has_traces` says whether there are traces that name none."""
        text = no_sessions_text(palette, has_traces)
        if text != self._written:
            self._written = text
            self.update(text)


def no_sessions_text(palette: Palette, has_traces: bool) -> Content:
    """The page as ready content."""
    dim, accent, code = palette.dim, palette.accent, palette.string
    first = "No trace here names a session. " if has_traces else "No traces yet. "
    lines = [
        Content.assemble((first, "bold"), ("A session joins the traces of one conversation by an id they share.", dim)),
        Content(""),
        Content.styled("How apps send it", accent),
    ]
    for who, how in WAYS:
        lines.append(Content.styled(f"  {who}", dim))
        lines.append(Content.styled(f"    {how}", code))
    lines += [
        Content(""),
        Content.styled("One span of each trace is enough. Sessions appear here as they arrive.", dim),
        Content(""),
        Content.assemble(("Esc", accent), ("  back to the traces    ", dim), ("?", accent), ("  keys", dim)),
    ]
    return Content("\n").join(lines)
