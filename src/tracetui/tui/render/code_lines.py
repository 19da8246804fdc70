"""Program text as lines, coloured by Pygments where the language is known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.style import Style

from tracetui.sanitise import sanitise
from tracetui.tui.render.lines import Run
from tracetui.tui.theme import Palette

if TYPE_CHECKING:
    from pygments.lexer import Lexer

MAX_CODE = 16 * 1024
"""Characters of one block that are coloured: a lexer is a set of regular expressions, and the text is not ours."""

MAX_LINE = 1_000
"""Characters of a line past which a block stays plain."""

_LANGUAGES = frozenset(
    "bash c c++ cpp cs csharp css diff dockerfile elixir go graphql haskell html http ini java javascript js json jsx"
    " kotlin lua make makefile perl php powershell py python python3 r rb ruby rs rust scala sh shell sql swift toml ts"
    " tsx typescript xml yaml yml zsh".split()
)
"""Languages that are coloured. Others stay plain: an unknown name would make Pygments search installed plug-ins."""


def code_rows(code: str, language: str, palette: Palette) -> Iterator[tuple[Run, ...]]:
    """The lines of a block of code.

    Args:
        code: Received text.
        language: Its language as the text names it; empty or unknown for plain.
        palette: The colours.
    """
    background = palette.on("surface")
    lines = code.split("\n")
    lexer = _lexer(language.lower()) if len(code) <= MAX_CODE and max(map(len, lines)) <= MAX_LINE else None
    if lexer is None:
        style = palette.style("text") + background
        for line in lines:
            yield ((sanitise(line), style),)
        return
    row: list[Run] = []
    for kind, text in lexer.get_tokens(code):
        style = _style(str(kind), palette) + background
        for number, piece in enumerate(text.split("\n")):
            if number:
                yield tuple(row)
                row = []
            if piece:
                row.append((sanitise(piece), style))
    if row:
        yield tuple(row)


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    if language not in _LANGUAGES:
        return None
    # deferred: Pygments takes 20 ms to import, and most messages hold no code
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _style(kind: str, palette: Palette) -> Style:
    """The style of a Pygments token type, by the beginning of its name."""
    name = kind.removeprefix("Token.")
    if name.startswith("Comment"):
        return palette.style("dim", italic=True)
    if name.startswith(("Literal.String", "Generic.Inserted")):
        return palette.style("string")
    if name.startswith("Generic.Deleted"):
        return palette.style("error")
    if name.startswith(("Literal.Number", "Keyword.Constant", "Literal.Date")):
        return palette.style("number")
    if name.startswith(("Keyword", "Name.Tag", "Operator.Word", "Name.Builtin")):
        return palette.style("keyword")
    if name.startswith(("Name.Function", "Name.Class", "Name.Decorator", "Generic.Heading", "Generic.Subheading")):
        return palette.style("accent")
    return palette.style("dim" if name.startswith("Punctuation") else "text")
