"""The inspector's page of the conversation: what was sent, what is new in it, what came back, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style

from tracetui.model.chat import ChatMessage, NormalisedSpan, TextPart, ToolCall, ToolResult
from tracetui.model.conversation import (
    Change,
    Place,
    Stretch,
    Surroundings,
    ToolRun,
    compare,
    difference,
    pair_results,
)
from tracetui.model.numbers import format_bytes, format_count
from tracetui.sanitise import one_line
from tracetui.tui.render.document import MEASURE, DocumentBuilder, size_of
from tracetui.tui.render.lines import Run
from tracetui.tui.render.parts import Spot, write_call, write_part
from tracetui.tui.render.row import label
from tracetui.tui.render.stack_lines import Frame, squeezed, stack_parts

STEP_MESSAGES = 200
"""Messages of a conversation that are laid out at once."""

SHORT_SYSTEM = 240
"""Characters up to which a system prompt is not folded."""

_ORDINARY_ENDS = frozenset(
    "stop end_turn tool_calls tool_use tool-calls function_call stop_sequence completed complete eos".split()
)
_INSTRUCTIONS = ("system", "developer")


def chat_page(page: DocumentBuilder, n: NormalisedSpan, around: Surroundings) -> None:
    """The conversation: what went in, what came out."""
    error_blocks(page, n)
    given = n.input_messages
    if n.system and not any(message.role in _INSTRUCTIONS for message in given):
        _Conversation(page, n, (ChatMessage("system", (TextPart(n.system),)),), {}).message(0, "system", "system")
    talk = _Conversation(page, n, (*given, *n.output_messages), around.runs)
    talk.given(len(given), around)
    for number in range(len(n.output_messages)):
        choice = f"choice {number + 1} of {len(n.output_messages)}" if len(n.output_messages) > 1 else ""
        talk.message(
            len(given) + number,
            f"out{number}",
            "output_messages",
            note=choice,
        )
    if not n.output_messages and given and n.output:
        _Conversation(page, n, (ChatMessage("assistant", (TextPart(n.output),)),), {}).message(0, "output", "output")
    for problem in n.problems:
        page.problem(problem)


class _Conversation:
    """Writes messages, each tool result at its call."""

    def __init__(
        self,
        page: DocumentBuilder,
        n: NormalisedSpan,
        messages: tuple[ChatMessage, ...],
        runs: Mapping[Place, ToolRun],
    ) -> None:
        self.page = page
        self.n = n
        self.messages = messages
        self.runs = runs
        self.pairs = pair_results(messages)
        self.calls = {result: call for call, result in self.pairs.items()}

    def given(self, count: int, around: Surroundings) -> None:
        """The messages that were sent: those of the call before behind one line, the rest in full."""
        given = self.messages[:count]
        stretches = compare(around.previous.messages, given) if around.previous else ()
        hidden: set[int] = set()
        shown = STEP_MESSAGES * self.page.extent("messages")
        for stretch in stretches or ((Stretch(Change.NEW, 0, count),) if count else ()):
            if stretch.dropped:
                many = "1 message" if stretch.dropped == 1 else f"{stretch.dropped} messages"
                self.page.label_row(f"≠ {many} of the call before left out here", self.page.palette.style("warning"))
                self.page.blank()
            if stretch.change is Change.SAME and not self._earlier(stretch, count):
                hidden.update(range(stretch.start, stretch.stop))
                continue
            for index in range(stretch.start, stretch.stop):
                if index >= shown:
                    self.page.more(f"{count - index:,} more messages", block="messages")
                    self.page.blank()
                    return
                if not self._stands_at_its_call(index, hidden):
                    self.message(index, f"in{index}", "input_messages", before=stretch.before)
            if stretch.change is Change.SAME:
                self.page.label_row("new in this call", self.page.palette.style("dim", italic=True))

    def _earlier(self, stretch: Stretch, count: int) -> bool:
        """The line that stands for messages of the call before; whether it is open."""
        many = stretch.stop - stretch.start
        if many == 1 and self.messages[stretch.start].role in _INSTRUCTIONS and count > 1:
            return True  # a system prompt folds by itself
        about = _share_of_tokens(self.n, self.messages[:count], stretch)
        title = f"{many} earlier message{'' if many == 1 else 's'}"
        is_open = self.page.fold(title, block=f"earlier{stretch.start}", size=about)
        self.page.blank()
        return is_open

    def _stands_at_its_call(self, index: int, hidden: set[int]) -> bool:
        """Whether a message is nothing but results that are shown at their calls."""
        parts = self.messages[index].parts
        return bool(parts) and all(
            (call := self.calls.get(Place(index, number))) is not None and call.message not in hidden
            for number in range(len(parts))
        )

    def message(
        self,
        index: int,
        block: str,
        origin: str,
        *,
        note: str = "",
        before: ChatMessage | None = None,
    ) -> None:
        """One message: its role, its parts, and what was answered to its calls."""
        page, message = self.page, self.messages[index]
        edge = page.palette.role(message.role)
        self._label(message, edge, block, origin, note)
        if before is not None:
            _changed(page, before, message, edge, block)
        for number, part in enumerate(message.parts):
            spot = Spot(f"{block}.{number}", edge, origin)
            place = Place(index, number)
            if isinstance(part, ToolCall):
                write_call(page, part, spot, self._answer(place))
            elif isinstance(part, TextPart) and message.role in _INSTRUCTIONS:
                _instructions(page, part.content, spot)
            else:
                write_part(page, part, spot)
        if not message.parts:
            page.label_row("(empty)", page.palette.style("dim", italic=True), edge=edge, block=block)
        page.blank()

    def _answer(self, place: Place) -> ToolResult | ToolRun | None:
        if (found := self.pairs.get(place)) is not None:
            part = self.messages[found.message].parts[found.part]
            return part if isinstance(part, ToolResult) else None
        return self.runs.get(place)

    def _label(self, message: ChatMessage, edge: Style, block: str, origin: str, note: str) -> None:
        page, palette = self.page, self.page.palette
        runs: list[Run] = [(label(message.role) or "(no role)", edge + Style(bold=True))]
        runs += [(f"  {label(text)}", palette.style("dim")) for text in (message.name, note) if text]
        if message.finish_reason:
            ordinary = message.finish_reason.rpartition(".")[2].lower() in _ORDINARY_ENDS
            runs.append((f"  {label(message.finish_reason)}", palette.style("faint" if ordinary else "warning")))
        page.runs(tuple(runs), edge=edge, value=message.text, block=block, origin=origin)


def _share_of_tokens(n: NormalisedSpan, messages: tuple[ChatMessage, ...], stretch: Stretch) -> str:
    """About how many input tokens a stretch of messages has, by its share of the characters; its size where unknown."""
    sizes = [len(message.text) + 8 * len(message.parts) for message in messages]
    part, whole = sum(sizes[stretch.start : stretch.stop]), sum(sizes)
    if n.tokens.input and whole:
        return f"≈{format_count(round(n.tokens.input * part / whole))} tokens"
    return format_bytes(part)


def _instructions(page: DocumentBuilder, content: str, spot: Spot) -> None:
    """A system prompt: in full when short, else behind a line with its beginning."""
    if len(content) <= SHORT_SYSTEM and content.count("\n") < 3:
        page.prose(content, edge=spot.edge, block=spot.block, origin=spot.origin)
    elif page.fold(
        "",
        block=f"{spot.block}.fold",
        edge=spot.edge,
        size=size_of(content),
        preview=content[:400].replace("\n", " "),
        value=content,
        origin=spot.origin,
    ):
        page.prose(content, edge=spot.edge, block=spot.block, origin=spot.origin)


def _changed(page: DocumentBuilder, before: ChatMessage, now: ChatMessage, edge: Style, block: str) -> None:
    """That a message differs from the one in its place in the call before, and where."""
    palette = page.palette
    page.runs((("≠ changed since the call before", palette.style("warning")),), edge=edge, block=f"{block}.changed")
    lead, old, new, tail = difference(before.text[:65_536], now.text[:65_536])
    if old == new:
        return
    for mark, text, role in (("-", old, "error"), ("+", new, "ok")):
        room = max(8, min(page.width, MEASURE) - len(lead) - len(tail) - 10)
        cut = text if len(text) <= room else text[: room - 1] + "…"
        shown: tuple[Run, ...] = (
            (f"  {mark} ", palette.style(role)),
            (one_line(f"…{lead}|")[:-1] if lead else "", palette.style("dim")),
            (label(cut), palette.style(role, bold=True)),
            (one_line(f"|{tail}…")[1:] if tail else "", palette.style("dim")),
        )
        page.runs(shown, edge=edge, block=f"{block}.changed", value=text)


def error_blocks(page: DocumentBuilder, n: NormalisedSpan) -> None:
    """What went wrong, first thing on the page: its type, its message, and where."""
    palette = page.palette
    edge = palette.style("error")
    for number, error in enumerate(n.errors):
        block = f"error{number}"
        page.label_row(
            f"✖ {error.type or 'error'}", palette.style("error", bold=True), edge=edge, block=f"{block}.type"
        )
        if error.message:
            style = palette.style("text")
            page.body(
                error.message, style=style, edge=edge, block=block, measure=MEASURE, origin="span status or event"
            )
        if error.stacktrace and page.fold(
            "stack trace",
            edge=edge,
            block=f"stack{number}",
            size=size_of(error.stacktrace),
            value=error.stacktrace,
            at_first=True,
        ):
            _stack(page, error.stacktrace, edge, f"stack{number}")
        page.blank()


MAX_STACK = 64 * 1024
"""Characters of a stack trace that are read for frames."""


def _stack(page: DocumentBuilder, text: str, edge: Style, block: str) -> None:
    """Frames: the user's own bright, those of libraries behind one line."""
    palette = page.palette
    styles = {
        Frame.OWN: palette.style("text"),
        Frame.LIBRARY: palette.style("dim"),
        Frame.ERROR: palette.style("error"),
        Frame.OTHER: palette.style("dim"),
    }
    for number, part in enumerate(stack_parts(text[:MAX_STACK].splitlines())):
        inner = f"{block}.{number}"
        if part.frame is Frame.LIBRARY and part.places > 2:
            if page.fold(f"{part.places} library frames", block=inner, edge=edge, value="\n".join(part.lines)):
                frames = "\n".join(squeezed(part.lines))
                page.body(frames, style=styles[part.frame], edge=edge, block=f"{inner}.body", indent=2)
            continue
        for at, line in enumerate(squeezed(part.lines)):
            page.body(line, style=styles[part.frame], edge=edge, indent=2, block=f"{inner}.{at}")
    if len(text) > MAX_STACK:
        page.body(text[MAX_STACK:], style=palette.style("dim"), edge=edge, indent=2, block=f"{block}.rest")
