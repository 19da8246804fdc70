"""What a call to a model costs, where its sender does not say: tokens times list prices at the time of the call.

Prices come from the user's own table (`prices.toml`), else from the data that ship with `genai-prices`. That library
is imported by the first call that needs it, never before, and never asks the network for anything.
"""

from __future__ import annotations

from tracetui.pricing.book import BOOK, Estimate, PriceBook

__all__ = ["BOOK", "Estimate", "PriceBook"]
