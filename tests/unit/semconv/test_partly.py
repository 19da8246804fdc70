"""A part of a span's reading equals that of the whole, for every span of the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.corpus import fill, offline
from tests.support.searching import read_all
from tracetui.runtime import Runtime
from tracetui.semconv import PartlyRead

SCENARIOS = sorted(path.name for path in (Path(__file__).parents[2] / "corpus").iterdir() if path.is_dir())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_part_equals_that_of_the_whole(tmp_path: Path, scenario: str) -> None:
    with Runtime(offline(tmp_path / "a.db")) as runtime:
        fill(runtime, scenario)
        for n in read_all(runtime.open_reader()):
            part = PartlyRead(n.span, n.logs)
            for name in ("output_messages", "input_messages", "input", "output", "finish_reasons", "documents", "tags"):
                assert getattr(part, name) == getattr(n, name), name
            assert (part.errors, part.ttft_s) == (n.errors, n.ttft_s)
