"""Every screen opens on every span of the corpus."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.support.corpus import SCENARIOS
from tests.ui.conftest import Until
from tracetui.runtime import Runtime
from tracetui.sanitise import sanitise
from tracetui.tui.app import TracetuiApp
from tracetui.tui.render.details import TABS
from tracetui.tui.widgets.inspector import Inspector
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.span_tree import SpanTree


def painted(pane: LineView) -> str:
    """What a pane paints, row by row."""
    return "\n".join(pane.render_line(y).text for y in range(pane.size.height))


def shows(inspector: Inspector, span_id: str) -> bool:
    """Whether the inspector shows this span."""
    return inspector.opened is not None and inspector.opened.normalised.span.span_id == span_id


def shows_trace(spans: SpanTree, trace_id: str) -> bool:
    """Whether the tree shows this trace."""
    return spans.trace is not None and spans.trace.trace_id == trace_id


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_tab_opens_on_every_span(
    scenario: str, explore: Callable[..., TracetuiApp], until: Until, runtime: Runtime
) -> None:
    app = explore(scenario)
    reader = runtime.open_reader()
    rows = reader.spans(limit=5_000)
    traces = reader.traces(limit=500)
    reader.close()
    if scenario == "plain-wide":
        rows = rows[:20] + [row for row in rows if row.is_error]  # the others are copies of one item
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.explorer.traces.total == len(traces))
        inspector, spans = app.explorer.inspector, app.explorer.spans
        app.explorer.go("inspect")
        await pilot.pause()
        for row in rows:
            inspector.open(row.trace_id, row.span_id)
            await until(pilot, partial(shows, inspector, row.span_id))
            for number, tab in enumerate(TABS):
                inspector.show_tab(number)
                text = painted(inspector)
                assert tab.short in text or tab.title in text
                assert text == sanitise(text, keep_newlines=True), f"{row.name!r} {tab.title}"
        for trace in traces:
            spans.open(trace.trace_id)
            await until(pilot, partial(shows_trace, spans, trace.trace_id))
            text = painted(spans)
            assert text == sanitise(text, keep_newlines=True)
            assert spans.row_count == trace.span_count
