"""docs/RELIABILITY.md and docs/contract.md name only tests that exist, and a test for every row."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/RELIABILITY.md", "docs/contract.md")
TEXT = {page: (ROOT / page).read_text("utf-8") for page in PAGES}
NAMED = sorted({named for text in TEXT.values() for named in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)})


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_promise_has_its_test(path: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_row_names_a_test(page: str) -> None:
    rows = [line for line in TEXT[page].splitlines() if line.startswith("|") and not line.startswith("|---")]
    heads = ("| Promise |", "| Row |")
    assert [row for row in rows if not row.startswith(heads) and "`tests/" not in row] == []


def test_there_are_promises() -> None:
    assert len(NAMED) > 100
    assert re.findall(r"^## (\d+)\.", TEXT["docs/contract.md"], re.MULTILINE) == [str(n) for n in range(1, 13)]
