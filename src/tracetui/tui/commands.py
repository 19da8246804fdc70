"""Every command once: id, keys, title and help. Feeds the bindings, the palette, the footer, the help and the docs."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct
from textual.binding import Binding


class Command(Struct, frozen=True):
    """One thing a person can do."""

    id: str
    """Stable name, for the configuration file's `keymap`."""
    keys: str
    """Default keys, comma between them."""
    action: str
    """The action of the widget or screen that `pane` names."""
    title: str
    """Two or three words, for the footer and the palette."""
    help: str
    """One sentence, for the help screen and the docs."""
    pane: str
    """Where it works: `explorer` (everywhere), `list`, `tree`, `inspector`, `filter`, `sessions` or `conversation`."""
    footer: bool = False
    """Whether the footer shows it."""
    shown_keys: str = ""
    """How the keys read; the default is the first key's own name."""

    @property
    def key_label(self) -> str:
        """How the keys read in the footer and the help."""
        return self.shown_keys or pretty_keys(self.keys)


_KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "plus": "+",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "exclamation_mark": "!",
    "equals_sign": "=",
    "minus": "-",
    "f1": "F1",
    "f2": "F2",
    "f3": "F3",
    "f4": "F4",
    "shift+tab": "Shift+Tab",
    "ctrl+p": "Ctrl+P",
    "ctrl+c": "Ctrl+C",
    "ctrl+z": "Ctrl+Z",
}


def pretty_keys(keys: str) -> str:
    """`slash,ctrl+f` as a person reads it: `/ Ctrl+F`."""
    return " ".join(_KEY_NAMES.get(key.strip(), key.strip().replace("ctrl+", "Ctrl+")) for key in keys.split(","))


COMMANDS: tuple[Command, ...] = (
    Command("help", "question_mark", "help", "Help", "Show the keys of the pane in focus.", "explorer", True),
    Command("filter", "slash", "app.filter", "Filter", "Find traces and spans: type a query.", "explorer", True),
    Command("palette", "ctrl+p", "palette", "Commands", "Search all commands.", "explorer", False),
    Command("follow", "f", "follow", "Follow", "Follow the newest trace, or stop following.", "explorer", True),
    Command("sessions", "c", "app.sessions", "Sessions", "Show the sessions, or the traces again.", "explorer", True),
    Command("next-pane", "tab", "next_pane", "Next pane", "Move to the next pane.", "explorer"),
    Command("previous-pane", "shift+tab", "previous_pane", "Previous pane", "Move to the pane before.", "explorer"),
    Command("back", "escape", "back", "Back", "Leave the inspector, leave the trace, remove the filter.", "explorer"),
    Command(
        "only-errors",
        "exclamation_mark,f2",
        "toggle_term('only-errors')",
        "errors",
        "Only what failed, or all.",
        "explorer",
    ),
    Command("only-llm", "L,f3", "toggle_term('only-llm')", "LLM", "Only LLM calls, or all.", "explorer"),
    Command("recent", "R,f4", "toggle_term('recent')", "15 min", "Only the last 15 minutes, or all.", "explorer"),
    Command(
        "filter-value",
        "equals_sign",
        "narrow_by(False)",
        "Filter by this",
        "Filter by what is under the cursor: the value, in a trace the span's name, in the list the trace's.",
        "explorer",
    ),
    Command(
        "exclude-value", "minus", "narrow_by(True)", "Exclude this", "Leave out what is under the cursor.", "explorer"
    ),
    Command("same-session", "C", "narrow_same('session')", "Same session", "Filter by the same session.", "explorer"),
    Command("same-tool", "U", "narrow_same('tool')", "Same tool", "Filter by the same tool.", "explorer"),
    Command("zoom", "plus,z", "zoom", "Zoom", "Give the pane in focus the whole screen, or give it back.", "explorer"),
    Command("wider", "greater_than_sign", "resize(5)", "Wider", "Make the pane in focus larger.", "explorer"),
    Command("narrower", "less_than_sign", "resize(-5)", "Narrower", "Make the pane in focus smaller.", "explorer"),
    Command("copy", "y", "app.copy", "Copy", "Copy the value or the id under the cursor (works over SSH).", "explorer"),
    Command("copy-json", "Y", "app.copy_json", "Copy JSON", "Copy the span or the trace as JSON.", "explorer"),
    Command(
        "pager",
        "o",
        "app.pager",
        "Open in pager",
        "Open what the inspector shows, or a session's turn under the cursor, in $PAGER.",
        "explorer",
    ),
    Command("undo", "u", "app.undo", "Undo", "Bring back the trace that was removed last.", "explorer"),
    Command(
        "take-over",
        "W",
        "app.take_over",
        "Take over",
        "Receive and write in the place of a process that has ended (a viewer only).",
        "explorer",
    ),
    Command("time", "t", "toggle_time", "Time format", "Switch between clock times and ages.", "explorer"),
    Command("theme", "T", "app.next_theme", "Theme", "Switch to the next of our themes.", "explorer"),
    Command("demo", "d", "app.demo", "Demo", "Replay the bundled traces (while the database is empty).", "explorer"),
    Command("suspend", "ctrl+z", "app.suspend_process", "Suspend", "Go to the background (a viewer only).", "explorer"),
    Command(
        "quit",
        "q,ctrl+c",
        "app.quit",
        "Quit",
        "Leave; everything acknowledged is stored.",
        "explorer",
        True,
        shown_keys="q",
    ),
    Command(
        "status",
        "i",
        "app.status",
        "Status",
        "Show whether everything is in order: receivers, rates, what was turned away, the database, this shell.",
        "explorer",
        True,
    ),
    Command("open-trace", "enter", "screen.open_trace", "Open", "Open the trace.", "list", True),
    Command("sort", "s", "next_sort", "Sort", "Sort by the next column.", "list", True),
    Command("sort-reverse", "S", "reverse_sort", "Reverse", "Turn the order round.", "list"),
    Command(
        "pin", "p", "app.pin_trace", "Pin", "Keep the trace whatever the limits of size and age, or no longer.", "list"
    ),
    Command(
        "remove", "x", "app.remove_trace", "Remove", "Remove the trace; for some seconds u brings it back.", "list"
    ),
    Command("open-session", "enter", "screen.open_session", "Read", "Read the conversation.", "sessions", True),
    Command("sort-sessions", "s", "next_sort", "Sort", "Sort by the next column.", "sessions", True),
    Command("sort-sessions-reverse", "S", "reverse_sort", "Reverse", "Turn the order round.", "sessions"),
    Command("open-turn", "enter", "screen.open_turn", "Open trace", "Open the turn's trace.", "conversation", True),
    Command(
        "toggle-steps",
        "space",
        "toggle_block",
        "Unfold",
        "Unfold or fold what the line stands for; on a turn's head, what happened in between.",
        "conversation",
        True,
    ),
    Command("next-turn", "J,right,l", "step_turn(1)", "Next turn", "Go to the next turn.", "conversation", True),
    Command("previous-turn", "K,left,h", "step_turn(-1)", "Previous turn", "Go to the turn before.", "conversation"),
    Command(
        "fold-steps",
        "left_square_bracket",
        "fold_steps(True)",
        "Fold all",
        "Fold what happened in between, in every turn.",
        "conversation",
    ),
    Command(
        "unfold-steps",
        "right_square_bracket",
        "fold_steps(False)",
        "Unfold all",
        "Unfold what happened in between, in every turn.",
        "conversation",
    ),
    Command("open-span", "enter", "screen.open_span", "Inspect", "Read the span.", "tree", True),
    Command("toggle-fold", "space", "toggle_fold", "Fold", "Fold or unfold the span's children.", "tree", True),
    Command("fold", "left,h", "fold", "Fold", "Fold the span, or go to its parent.", "tree"),
    Command("unfold", "right,l", "unfold", "Unfold", "Unfold the span, or go to its first child.", "tree"),
    Command("fold-all", "left_square_bracket", "fold_all", "Fold all", "Fold everything below the roots.", "tree"),
    Command("unfold-all", "right_square_bracket", "unfold_all", "Unfold all", "Unfold everything.", "tree"),
    Command("next-error", "e", "find_error(1)", "Next error", "Go to the next span that failed.", "tree", True),
    Command("previous-error", "E", "find_error(-1)", "Previous error", "Go to the span before that failed.", "tree"),
    Command("next-llm", "m", "find_kind('LLM', 1)", "Next LLM call", "Go to the next LLM call.", "tree"),
    Command("previous-llm", "M", "find_kind('LLM', -1)", "Previous LLM call", "Go to the LLM call before.", "tree"),
    Command("next-match", "n", "find_match(1)", "Next match", "Go to the next span that matches.", "tree"),
    Command("previous-match", "N", "find_match(-1)", "Match before", "Go to the match before.", "tree"),
    Command(
        "only-matches",
        "H",
        "hide_others",
        "Only matches",
        "Hide what neither matches nor holds a match, or show it.",
        "tree",
    ),
    Command(
        "toggle-block",
        "enter,space",
        "toggle_block",
        "Unfold",
        "Unfold or fold what the line stands for.",
        "inspector",
        True,
    ),
    Command(
        "next-tab",
        "right,l",
        "next_tab(1)",
        "Next tab",
        "Show the next tab that has something.",
        "inspector",
        True,
        shown_keys="→ l",
    ),
    Command(
        "previous-tab", "left,h", "next_tab(-1)", "Previous tab", "Show the tab before that has something.", "inspector"
    ),
    Command(
        "explain",
        "w",
        "explain",
        "Where from",
        "Show from which attribute, event or log the value under the cursor came, and how it was converted.",
        "inspector",
        True,
    ),
    Command("next-span", "J", "step_span(1)", "Next span", "Read the next span of the trace.", "inspector"),
    Command("previous-span", "K", "step_span(-1)", "Previous span", "Read the span before.", "inspector"),
    Command(
        "leave-filter",
        "enter",
        "screen.filter_accept",
        "Keep it",
        "Keep the filter and go to what it found; take the chosen suggestion.",
        "filter",
        True,
    ),
    Command(
        "clear-filter",
        "escape",
        "screen.filter_escape",
        "Clear",
        "Close the suggestions; else remove the filter and go back to where you were.",
        "filter",
        True,
    ),
    Command(
        "complete", "tab", "screen.filter_complete", "Complete", "Take a suggestion, or ask for one.", "filter", True
    ),
    Command(
        "suggestion-below",
        "down",
        "screen.filter_choose(1)",
        "Suggestion below",
        "Choose the suggestion below; among earlier queries the next; else go to what was found.",
        "filter",
    ),
    Command(
        "suggestion-above",
        "up",
        "screen.filter_choose(-1)",
        "Query before",
        "Choose the suggestion above; in a field that was not changed, the query typed before.",
        "filter",
        True,
    ),
    Command(
        "filter-help",
        "f1,ctrl+underscore",
        "screen.filter_help",
        "Language",
        "Show what a query can say (? does too, in an empty field).",
        "filter",
        True,
        shown_keys="F1 Ctrl+/",
    ),
    *(
        Command(f"tab-{number}", str(number), f"show_tab({number - 1})", title, f"Show the {title} tab.", "explorer")
        for number, title in enumerate(
            ("Chat", "Input/Output", "Tools", "Documents", "Attributes", "Events", "Logs", "Raw", "Tokens"), start=1
        )
    ),
)
"""All of them, in the order the help shows them."""

MOVES: tuple[Command, ...] = (
    Command("down", "down,j", "move(1)", "Down", "One row down.", "rows"),
    Command("up", "up,k", "move(-1)", "Up", "One row up.", "rows"),
    Command("page-down", "pagedown,ctrl+d,ctrl+f", "move_page(1)", "Page down", "One page down.", "rows"),
    Command("page-up", "pageup,ctrl+u,ctrl+b", "move_page(-1)", "Page up", "One page up.", "rows"),
    Command("first", "home,g", "move_end(-1)", "First", "To the first row.", "rows"),
    Command("last", "end,G", "move_end(1)", "Last", "To the last row.", "rows"),
)
"""Moves that every pane of rows has."""


TOGGLES = tuple(command for command in COMMANDS if command.action.startswith("toggle_term("))
"""The quick toggles of the filter."""

EVERYWHERE = frozenset(
    "help filter palette follow sessions next-pane previous-pane back copy copy-json pager undo time theme suspend"
    " quit status take-over".split()
)
"""Commands of the explorer that the sessions screen has too, by id."""


def bindings(pane: str, *, only: Collection[str] = ()) -> list[Binding]:
    """Textual bindings of a pane's commands, or of those of them with certain ids.

    All have priority: they are done one after the other as the keys arrive, so that a key typed ahead reaches the pane
    that the key before it leads to. Without priority a key goes to whatever has the focus at the moment it is read.
    """
    source: Iterable[Command] = MOVES if pane == "rows" else COMMANDS
    return [
        Binding(command.keys, command.action, command.title, show=False, id=command.id, priority=True)
        for command in source
        if command.pane == pane and (not only or command.id in only)
    ]


def commands_of(pane: str, *, only: Collection[str] = ()) -> list[Command]:
    """A pane's own commands, in order, or those of them with certain ids."""
    return [command for command in COMMANDS if command.pane == pane and (not only or command.id in only)]
