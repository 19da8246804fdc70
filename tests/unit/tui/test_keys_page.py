from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_of_keys_is_what_the_registry_says() -> None:
    written = runpy.run_path(str(DOCS / "make_keys.py"))["keys_page"]()
    assert (DOCS / "keys.md").read_text(encoding="utf-8") == written, "run `make docs`"
