"""A part of a span's reading equals that of the whole, for every span of the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.corpus import SCENARIOS, fill, offline
from tests.support.searching import read
from tracetui.runtime import Runtime
from tracetui.semconv import PartlyRead
from tracetui.store.api import all_spans
from tracetui.store.sqlite import SqliteReader


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_part_equals_that_of_the_whole(tmp_path: Path, scenario: str) -> None:
    runtime = Runtime(offline(tmp_path / "a.db"))
    runtime.open_store()
    fill(runtime, scenario)
    runtime.stop()
    reader = SqliteReader(tmp_path / "a.db")
    for stored in all_spans(reader):
        n = read(reader, stored)
        part = PartlyRead(n.span, n.logs)
        for name in ("output_messages", "input_messages", "input", "output", "finish_reasons", "documents", "tags"):
            assert getattr(part, name) == getattr(n, name), name
        assert (part.errors, part.ttft_s) == (n.errors, n.ttft_s)
    reader.close()
