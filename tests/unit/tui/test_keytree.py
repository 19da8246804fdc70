from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracetui.tui.render.keytree import KeyBranch, key_tree


def drawn(branches: list[KeyBranch], level: int = 0) -> list[str]:
    lines: list[str] = []
    for branch in branches:
        lines.append("  " * level + branch.name + ("" if branch.key is None else " *"))
        lines += drawn(branch.children, level + 1)
    return lines


def test_what_repeats_is_written_once_and_numbers_sort_by_value() -> None:
    keys = [f"docs.{n}.document.{leaf}" for n in (10, 2) for leaf in ("id", "score", "content")] + ["a.b", "a.c", "z"]
    assert drawn(key_tree(keys)) == [
        "a.b *", "a.c *",
        "docs",
        "  2.document", "    content *", "    id *", "    score *",
        "  10.document", "    content *", "    id *", "    score *",
        "z *",
    ]  # fmt: skip


def test_a_key_that_is_also_a_beginning_keeps_its_value() -> None:
    assert drawn(key_tree(["input", "input.value", "input.mime"])) == ["input *", "  mime *", "  value *"]


@given(st.lists(st.text(st.sampled_from("ab.0"), max_size=12), unique=True, max_size=12))
def test_every_key_stands_in_the_tree_once(keys: list[str]) -> None:
    found: list[str] = []

    def collect(branches: list[KeyBranch]) -> None:
        for branch in branches:
            if branch.key is not None:
                found.append(branch.key)
            collect(branch.children)

    collect(key_tree(keys))
    assert sorted(found) == sorted(keys)
