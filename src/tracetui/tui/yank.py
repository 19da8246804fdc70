"""Copying and paging: what leaves the screen as text, by OSC 52 so that it works over SSH."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from typing import TYPE_CHECKING

from textual.app import App

from tracetui.model.numbers import format_bytes
from tracetui.sanitise import sanitise

if TYPE_CHECKING:
    from tracetui.tui.screens.explorer import ExplorerScreen
    from tracetui.tui.screens.sessions import SessionsScreen


class YankActions(App[str]):
    """The actions `copy`, `copy_json` and `pager` of the application."""

    @property
    def explorer(self) -> ExplorerScreen:
        """The explorer's screen."""
        raise NotImplementedError

    @property
    def sessions(self) -> SessionsScreen | None:
        """The sessions' screen, while it is shown."""
        raise NotImplementedError

    def action_copy(self) -> None:
        """Copy the value under the cursor in inspector and conversation, else the id under the cursor."""
        if self.sessions is not None:
            self._yank(*self.sessions.copied())
            return
        explorer = self.explorer
        if explorer.level == "inspect":
            line = explorer.inspector.line
            self._yank(line.value or line.strip.text.strip() if line else "", "value")
        elif explorer.level == "trace":
            self._yank(explorer.spans.selected_span_id, "span id")
        else:
            trace = explorer.traces.selected
            self._yank(trace.trace_id if trace else "", "trace id")

    def action_copy_json(self) -> None:
        """Copy the span as JSON, in the list the trace."""
        from tracetui.model.objects import span_object, trace_object  # deferred: 10 ms of the first paint

        if self.sessions is not None:
            self._yank(*self.sessions.copied_json())
            return
        explorer = self.explorer
        opened = explorer.inspector.opened
        if explorer.level == "list":
            trace = explorer.traces.selected
            self._yank(json.dumps(trace_object(trace), ensure_ascii=False) if trace else "", "trace as JSON")
        elif opened is not None:
            counted = bool(opened.row and opened.row.counted)
            text = json.dumps(span_object(opened.normalised, counted=counted), ensure_ascii=False, indent=2)
            self._yank(text, "span as JSON")

    def _yank(self, text: str, what: str) -> None:
        if text:
            self.copy_to_clipboard(text)
            self.notify(f"Copied the {what} ({format_bytes(len(text.encode('utf-8', 'replace')))}).", markup=False)

    def action_pager(self) -> None:
        """Open the inspector's page, among sessions the turn under the cursor, in $PAGER; the receivers go on."""
        if self.sessions is not None:
            text, first = self.sessions.paged(), "Open a session first; the turn under the cursor then opens"
        else:
            inspector = self.explorer.inspector
            raw = sanitise(inspector.raw_json, keep_newlines=True) if inspector.shows_raw else ""
            text, first = raw or inspector.text, "Open a span first; its page then opens"
        if text:
            self._open_in_pager(text)
        else:
            self.notify(f"{first} in your pager.", markup=False)

    def _open_in_pager(self, text: str) -> None:
        pager = shlex.split(os.environ.get("PAGER") or "less")
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", errors="replace", suffix=".txt") as file:
            file.write(text)
            file.flush()
            try:
                with self.suspend():
                    subprocess.run([*pager, file.name], check=False)
            except OSError as error:
                self.notify(
                    f"{pager[0]} could not be started: {error.strerror}. Set $PAGER.", severity="error", markup=False
                )
