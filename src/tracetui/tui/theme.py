"""Colour roles: what each colour means, once. Widgets ask for a role and never name a colour."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct
from rich.style import Style
from textual.theme import Theme

DARK = "tracetui-dark"
LIGHT = "tracetui-light"
ANSI = "tracetui-ansi"


class Palette(Struct, frozen=True):
    """The colours of one theme, by role."""

    text: str
    dim: str
    faint: str
    accent: str
    background: str
    surface: str
    panel: str
    selection: str
    selection_blurred: str
    error: str
    warning: str
    ok: str
    running: str
    string: str
    number: str
    keyword: str
    kinds: Mapping[str, str]
    roles: Mapping[str, str]
    selected_text: str = ""
    """Colour of all text of a selected row, where the terminal's own colours might not stand out on the selection."""

    def style(self, role: str, *, bold: bool = False, underline: bool = False, italic: bool = False) -> Style:
        """The style of one of the plain roles above, by its name."""
        return _style(getattr(self, role), bold, underline, italic)

    def kind(self, kind: str) -> Style:
        """The style of a span kind's word."""
        return _style(self.kinds.get(kind, self.dim), False, False, False)

    def role(self, role: str) -> Style:
        """The style of a chat role's edge and label."""
        return _style(self.roles.get(role, self.dim), False, False, False)

    def on(self, role: str) -> Style:
        """A background."""
        return _background(getattr(self, role))


@lru_cache(maxsize=512)
def _style(color: str, bold: bool, underline: bool, italic: bool) -> Style:
    return Style(color=color, bold=bold or None, underline=underline or None, italic=italic or None)


@lru_cache(maxsize=64)
def _background(color: str) -> Style:
    return Style(bgcolor=color)


DARK_PALETTE = Palette(
    text="#d5d9e2",
    dim="#828b9c",
    faint="#4b5364",
    accent="#7aa2f7",
    background="#14161b",
    surface="#191c22",
    panel="#2a2f3a",
    selection="#27324d",
    selection_blurred="#20242d",
    error="#f7768e",
    warning="#e0af68",
    ok="#86c98b",
    running="#7dcfff",
    string="#a5c98a",
    number="#e0af68",
    keyword="#8fb2f5",
    kinds={
        "LLM": "#bb9af7",
        "AGENT": "#5fd3bc",
        "TOOL": "#e0af68",
        "CHAIN": "#8aa4d6",
        "RETRIEVER": "#9ece6a",
        "EMBEDDING": "#7dcfff",
        "RERANKER": "#b4d67f",
        "GUARDRAIL": "#f2a57c",
        "EVALUATOR": "#ec8fd0",
        "PROMPT": "#d7c27a",
    },
    roles={
        "system": "#8b93a5",
        "developer": "#8b93a5",
        "user": "#7aa2f7",
        "assistant": "#bb9af7",
        "tool": "#e0af68",
    },
)
LIGHT_PALETTE = Palette(
    text="#24282f",
    dim="#6b7280",
    faint="#b4b9c2",
    accent="#2f62d9",
    background="#fcfcfb",
    surface="#f5f5f3",
    panel="#dcdeda",
    selection="#dbe6fd",
    selection_blurred="#ececea",
    error="#c8304f",
    warning="#9a6400",
    ok="#2c7a3f",
    running="#0b7285",
    string="#3b7a1d",
    number="#9a5b00",
    keyword="#2f62d9",
    kinds={
        "LLM": "#7b3fd1",
        "AGENT": "#0a7d69",
        "TOOL": "#9a6400",
        "CHAIN": "#45619a",
        "RETRIEVER": "#44770f",
        "EMBEDDING": "#0b6fa8",
        "RERANKER": "#5c7a12",
        "GUARDRAIL": "#b4531c",
        "EVALUATOR": "#ad2f8c",
        "PROMPT": "#7a6410",
    },
    roles={
        "system": "#6b7280",
        "developer": "#6b7280",
        "user": "#2f62d9",
        "assistant": "#7b3fd1",
        "tool": "#9a6400",
    },
)
ANSI_PALETTE = Palette(
    text="default",
    dim="bright_black",
    faint="bright_black",
    accent="bright_blue",
    background="default",
    surface="default",
    panel="bright_black",
    selection="cyan",
    selection_blurred="white",
    error="red",
    warning="yellow",
    ok="green",
    running="cyan",
    string="green",
    number="yellow",
    keyword="cyan",
    kinds={
        "LLM": "magenta",
        "AGENT": "cyan",
        "TOOL": "yellow",
        "CHAIN": "blue",
        "RETRIEVER": "green",
        "EMBEDDING": "bright_cyan",
        "RERANKER": "bright_green",
        "GUARDRAIL": "bright_yellow",
        "EVALUATOR": "bright_magenta",
        "PROMPT": "bright_yellow",
    },
    selected_text="black",
    roles={
        "system": "bright_black",
        "developer": "bright_black",
        "user": "blue",
        "assistant": "magenta",
        "tool": "yellow",
    },
)


_ANSI_VARIABLES = {
    "ansi-background": "ansi_black",
    "ansi-foreground": "ansi_white",
    "border-blurred": "ansi_bright_black",
    "block-cursor-foreground": "ansi_black",
    "block-cursor-background": "ansi_white",
    "input-cursor-foreground": "ansi_bright_white",
    "input-cursor-text-style": "reverse",
    "screen-selection-background": "ansi_bright_blue",
    "screen-selection-foreground": "ansi_black",
}
"""What Textual's style sheets ask of a theme of terminal colours."""


def _theme(name: str, palette: Palette, *, dark: bool, ansi: bool = False) -> Theme:
    names = {"default": "ansi_default"} if ansi else {}

    def color(value: str) -> str:
        return names.get(value, f"ansi_{value}" if ansi else value)

    return Theme(
        name=name,
        primary=color(palette.accent),
        secondary=color(palette.keyword),
        accent=color(palette.accent),
        warning=color(palette.warning),
        error=color(palette.error),
        success=color(palette.ok),
        foreground=color(palette.text),
        background=color(palette.background),
        surface=color(palette.surface),
        panel=color(palette.panel),
        dark=dark,
        ansi=ansi,
        variables={
            "pane-border": color(palette.panel),
            "pane-border-focus": color(palette.accent),
            "dim": color(palette.dim),
            "input-cursor-background": color(palette.accent),
            "input-selection-background": color(palette.selection),
            **(_ANSI_VARIABLES if ansi else {}),
        },
    )


THEMES = (
    _theme(DARK, DARK_PALETTE, dark=True),
    _theme(LIGHT, LIGHT_PALETTE, dark=False),
    _theme(ANSI, ANSI_PALETTE, dark=True, ansi=True),
)
"""Our own themes; Textual's stay on offer beside them."""

_PALETTES = {DARK: DARK_PALETTE, LIGHT: LIGHT_PALETTE, ANSI: ANSI_PALETTE}


def palette_of(theme: Theme) -> Palette:
    """The palette of a theme: our own, or the nearest one of ours for a theme of Textual's."""
    return _PALETTES.get(theme.name) or (ANSI_PALETTE if theme.ansi else DARK_PALETTE if theme.dark else LIGHT_PALETTE)
