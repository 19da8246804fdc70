"""tracetui: a terminal trace explorer for LLM applications."""

__version__ = "0.1.0"
