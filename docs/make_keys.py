"""Write docs/keys.md from the command registry."""

from __future__ import annotations

from pathlib import Path

from tracetui.tui.commands import COMMANDS, MOVES, Command

PANES = (
    ("explorer", "Everywhere"),
    ("filter", "Filter, while it is typed"),
    ("list", "Trace list"),
    ("tree", "Trace"),
    ("inspector", "Inspector"),
    ("sessions", "Session list"),
    ("conversation", "Conversation of a session"),
    ("rows", "Moving, in every pane"),
)


def keys_page() -> str:
    """The page as Markdown."""
    parts = [
        "# Keys\n",
        "Written by `docs/make_keys.py` from the command registry. Each command can be given other keys in the",
        "configuration file, by its id:\n",
        "```toml\n[keymap]\nfilter = \"slash,ctrl+f\"\n```",
    ]  # fmt: skip
    for pane, title in PANES:
        commands = [command for command in (*COMMANDS, *MOVES) if command.pane == pane]
        parts += [f"\n## {title}\n", "| Key | Does | Id |", "|---|---|---|", *map(_line, commands)]
    return "\n".join(parts) + "\n"


def _line(command: Command) -> str:
    return f"| {command.key_label} | {command.help} | `{command.id}` |"


if __name__ == "__main__":
    Path(__file__).with_name("keys.md").write_text(keys_page(), encoding="utf-8")
