"""One style for numbers everywhere: counts, tokens, money, bytes."""

from __future__ import annotations


def format_count(number: int | None) -> str:
    """`612`, `1.9k`, `96k`, `2.1M`; empty when unknown."""
    if number is None:
        return ""
    if abs(number) < 1_000:
        return str(number)
    for size, unit in ((1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G")):
        scaled = number / size
        if abs(scaled) < 9.95:
            return f"{scaled:.1f}{unit}"
        if abs(scaled) < 999.5:
            return f"{scaled:.0f}{unit}"
    return f"{number / 1e12:.1f}T"


def many(count: int, noun: str) -> str:
    """A count with its noun: `1 span`, `2,048 spans`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def format_tokens(input_tokens: int | None, output_tokens: int | None) -> str:
    """Tokens in and out, `4.1k→612`; `–` for a side that is unknown; empty when both are."""
    if input_tokens is None and output_tokens is None:
        return ""
    return f"{format_count(input_tokens) or '–'}→{format_count(output_tokens) or '–'}"


def format_cost(dollars: float | None, source: str = "") -> str:
    """`$12.40`, `$0.0214`, `<$0.0001`; with a `~` where it was estimated, all or in part; empty when unknown."""
    if dollars is None:
        return ""
    mark = "~" if source in ("estimated", "mixed") else ""
    if dollars >= 1:
        return f"{mark}${dollars:,.2f}"
    if 0 < dollars < 0.00005:
        return f"{mark}<$.0001" if mark else "<$0.0001"  # as wide as the others
    return f"{mark}${dollars:.4f}"


def format_bytes(number: int) -> str:
    """`312 B`, `1.9 kB`, `1.2 GB` (powers of 1000)."""
    if number < 1_000:
        return f"{number} B"
    scaled = float(number)
    for unit in ("kB", "MB", "GB", "TB"):
        scaled /= 1_000
        if scaled < 9.95:
            return f"{scaled:.1f} {unit}"
        if scaled < 999.5:
            return f"{scaled:.0f} {unit}"
    return f"{scaled:.0f} TB"
