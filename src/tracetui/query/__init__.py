"""Text the user types, to conditions for the store."""

from tracetui.query.compile import compile_text

__all__ = ["compile_text"]
