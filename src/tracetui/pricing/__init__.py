"""What a call to a model costs, where its sender does not say: tokens times list prices at the time of the call.

Prices come from the user's own table (`prices.toml`), else from the data that ship with `genai-prices`. That library
is imported by the first call that needs it, never before, and never asks the network for anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.pricing.user_table import USER_TABLE

if TYPE_CHECKING:
    from tracetui.pricing.book import BOOK, Estimate, PriceBook

__all__ = ["BOOK", "USER_TABLE", "Estimate", "PriceBook"]


def __getattr__(name: str) -> object:
    # deferred: the book needs the model of conversations, a tenth of what Textual takes to import
    if name in __all__:
        from tracetui.pricing import book

        return getattr(book, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
