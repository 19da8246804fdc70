"""The inspector's page of tokens: a bar of what they were, counts, cost, and how fast they came."""

from __future__ import annotations

from typing import NamedTuple

from tracetui.model.chat import CostLine, NormalisedSpan, TokenUsage
from tracetui.model.clock import format_duration
from tracetui.model.numbers import format_cost
from tracetui.model.usage import NO_USAGE, Usage, exceeds, reported
from tracetui.tui.render.document import DocumentBuilder
from tracetui.tui.render.lines import Run

_BAR_CELLS = 72
_NAME = 16
_NUMBER = 12


class Share(NamedTuple):
    """Tokens of one sort."""

    name: str
    tokens: int
    side: str
    """`input` or `output`."""
    role: str
    """Its colour."""
    glyph: str
    """Its shape in the bar, so that colour is not needed to tell it apart."""
    origin: str


def shares(tokens: TokenUsage) -> list[Share]:
    """The tokens apart: input as cached, written to the cache and neither, output as reasoning and said."""
    found: list[Share] = []
    read, written, thought = tokens.cache_read or 0, tokens.cache_write or 0, tokens.reasoning or 0
    if tokens.input is not None:
        read, written = min(read, tokens.input), min(written, max(0, tokens.input - read))
        found.append(Share("cached input", read, "input", "running", "░", "tokens.cache_read"))
        found.append(Share("cache write", written, "input", "warning", "▒", "tokens.cache_write"))
        fresh = tokens.input - read - written
        less = " − tokens.cache_read" * bool(read) + " − tokens.cache_write" * bool(written)
        origin = f"computed: tokens.input{less}" if less else "tokens.input"
        found.append(Share("uncached input" if read else "input", fresh, "input", "accent", "█", origin))
    if tokens.output is not None:
        thought = min(thought, tokens.output)
        found.append(Share("reasoning", thought, "output", "dim", "▓", "tokens.reasoning"))
        origin = "computed: tokens.output − tokens.reasoning" if thought else "tokens.output"
        found.append(Share("output", tokens.output - thought, "output", "ok", "█", origin))
    return [share for share in found if share.tokens or share.name in ("input", "uncached input", "output")]


def bar_cells(counts: list[int], width: int) -> list[int]:
    """How many cells of a bar each count gets: together exactly `width`, and at least one where there is any."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    cells = [max(1, round(count * width / total)) if count else 0 for count in counts]
    while sum(cells) > width and max(cells) > 1:
        cells[cells.index(max(cells))] -= 1
    cells[cells.index(max(cells))] += width - sum(cells)
    return cells


def tokens_page(page: DocumentBuilder, n: NormalisedSpan, below: Usage = NO_USAGE) -> None:
    """Tokens, cost and speed; where the spans below are counted in its stead, what they have."""
    _tokens(page, n.tokens)
    _counted(page, n, below)
    _cost(page, n)
    _speed(page, n)


def _tokens(page: DocumentBuilder, tokens: TokenUsage) -> None:
    if not tokens:
        return
    palette = page.palette
    parts = shares(tokens)
    width = min(_BAR_CELLS, page.width)
    total = sum(share.tokens for share in parts)
    page.heading("tokens", f"{tokens.total:,}" if tokens.total is not None else "", origin="tokens.total")
    if total:
        cells = bar_cells([share.tokens for share in parts], width)
        runs = tuple(
            (share.glyph * room, palette.style(share.role)) for share, room in zip(parts, cells, strict=True) if room
        )
        page.runs(runs, block="tokens.bar")
        page.blank()
    for share in parts:
        percent = f"{share.tokens / total:>7.0%}" if total else ""
        row: tuple[Run, ...] = (
            (f"{share.glyph} ", palette.style(share.role)),
            (f"{share.name:<{_NAME}}", palette.style("text")),
            (f"{share.tokens:>{_NUMBER},}", palette.style("text")),
            (percent, palette.style("dim")),
        )
        page.runs(row, block=f"tokens.{share.name}", value=str(share.tokens), origin=share.origin)
    for side, count in (("input", tokens.input), ("output", tokens.output)):
        several = sum(share.side == side for share in parts) > 1
        if several and count is not None:
            _sum(page, f"all {side}", f"{count:,}", f"tokens.{side}", str(count))
    if tokens.total is not None:
        _sum(page, "total", f"{tokens.total:,}", "tokens.total", str(tokens.total))


def _counted(page: DocumentBuilder, n: NormalisedSpan, below: Usage) -> None:
    """What is counted in the span's stead, and whether it reports more than that."""
    if below.input is None and below.output is None:
        return
    short = exceeds(reported(n), below)
    page.heading("counted instead", "the spans below; some calls were not traced" if short else "the spans below")
    for name, count in (("input", below.input), ("output", below.output)):
        if count is not None:
            _sum(page, name, f"{count:,}", "", str(count))


def _sum(page: DocumentBuilder, name: str, text: str, origin: str, value: str) -> None:
    palette = page.palette
    row = ((f"  {name:<{_NAME}}", palette.style("dim")), (f"{text:>{_NUMBER}}", palette.style("text", bold=True)))
    page.runs(row, block=f"sum {name}", value=value, origin=origin)


def _cost(page: DocumentBuilder, n: NormalisedSpan) -> None:
    if n.cost is None:
        if n.tokens:
            page.heading("cost", "no price: nobody reported one, and the model is in no price list")
        return
    page.heading("cost", " · ".join(text for text in (n.cost.source, n.cost.prices) if text), origin="cost.total")
    for line in n.cost.lines:
        _line(page, line)
    for name, amount in (("input", n.cost.input), ("output", n.cost.output), ("total", n.cost.total)):
        if amount is not None and (name == "total" or not n.cost.lines):
            _sum(page, name, _dollars(amount), f"cost.{name}", repr(amount))


def _line(page: DocumentBuilder, line: CostLine) -> None:
    """How one line of an estimate was worked out: tokens times the price of a million."""
    palette = page.palette
    price = f"{line.per_million:.4f}".rstrip("0").rstrip(".")
    row = (
        (f"  {line.name:<{_NAME}}", palette.style("dim")),
        (f"{_dollars(line.amount):>{_NUMBER}}", palette.style("text")),
        (f"   {line.tokens:,} × ${price} a million", palette.style("dim")),
    )
    origin = f"computed: {line.tokens:,} tokens × ${price} a million"
    page.runs(row, block=f"cost {line.name}", value=repr(line.amount), origin=origin)


def _dollars(amount: float) -> str:
    """An amount with the digits that small ones need, so that a column of them adds up to the eye."""
    return f"${amount:,.6f}" if 0 < abs(amount) < 1 else format_cost(amount)


def _speed(page: DocumentBuilder, n: NormalisedSpan) -> None:
    rows = [(name, text, origin) for name, text, origin in speed(n) if text]
    if not rows:
        return
    page.heading("speed")
    for name, text, origin in rows:
        _sum(page, name, text, origin, text)


def speed(n: NormalisedSpan) -> list[tuple[str, str, str]]:
    """Name, text and origin of what is known of time: the whole call, the first token, and tokens a second after it."""
    nanos = n.span.duration_nano
    found = [("duration", format_duration(nanos) if nanos is not None else "", "end minus start of the span")]
    first = n.ttft_s
    found.append(("first token", format_duration(round(first * 1e9)) if first is not None else "", "ttft_s"))
    if nanos and n.tokens.output:
        seconds = nanos / 1e9 - (first or 0.0)
        per_second = n.tokens.output / seconds if seconds > 0 else None
        after = "after the first token" if first is not None else "of the whole call"
        if per_second is not None:
            text = f"{per_second:,.0f}/s" if per_second >= 10 else f"{per_second:.1f}/s"
            found.append(("output rate", text, f"computed: output tokens by the time {after}"))
    return found
