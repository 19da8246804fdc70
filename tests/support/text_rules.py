"""Finds, in source code, text that may reach a terminal past the sanitiser: by its form, without running anything.

A widget takes a `str` for markup, so it is given ready `Content` or plain words written in the code; segments are made
in `tui/render/row.py` alone, and the command line writes through `cli/output.py` and `cli/diagnostics.py` alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

TAKE_TEXT = frozenset({"Static", "Label", "Button", "Checkbox", "RadioButton", "Option", "Digits", "Link", "Markdown",
                       "Collapsible", "Tab", "TabPane", "Toast", "Placeholder"})  # fmt: skip
"""Widgets whose first argument is shown, as markup where it is a `str`."""

SHOWN = frozenset(
    {"border_title", "border_subtitle", "tooltip", "title", "sub_title", "label", "renderable", "content"}
)
"""Attributes of widgets that are shown so."""

MAKE_MARKUP = frozenset({"from_markup", "render_markup", "to_content", "set_markup", "print_markup"})

MAKE_SEGMENTS = frozenset({"Segment", "Text", "from_ansi"})

ACT = frozenset({"copy_to_clipboard", "open_url", "bell"})

WRITERS = frozenset({"print", "echo", "secho", "Console", "print_json"})


class Found(NamedTuple):
    """A place that breaks a rule."""

    line: int
    rule: str


def broken_rules(source: str, path: str, known: frozenset[str] = frozenset()) -> list[Found]:
    """The places of a module that break a rule.

    Args:
        source: The module.
        path: Where it stands below the package, which tells what rules hold.
        known: Functions of other modules that give content.
    """
    tree = ast.parse(source)
    rules = [_no_markup(tree)]
    if path.startswith("tui/"):
        rules.append(_raw_text(tree, known))
        if path != "tui/render/row.py":
            rules.append(_segments(tree))
        if path != "tui/yank.py":
            rules.append(_calls(tree, ACT, "the clipboard and the bell are yank.py's alone"))
    if path not in ("cli/output.py", "cli/diagnostics.py"):
        rules.append(_calls(tree, WRITERS, "stdout and stderr are written by output.py and diagnostics.py alone"))
        rules.append(_stream_writes(tree))
    return sorted(found for rule in rules for found in rule)


def _name(node: ast.expr) -> str:
    """What is called, without what it is called on."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _calls(tree: ast.Module, names: frozenset[str], rule: str) -> Iterator[Found]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in names:
            yield Found(node.lineno, rule)


def _no_markup(tree: ast.Module) -> Iterator[Found]:
    return _calls(tree, MAKE_MARKUP, "received text is never markup")


def _stream_writes(tree: ast.Module) -> Iterator[Found]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in ("write", "writelines"):
            on = ast.unparse(node.func)
            if "stdout" in on or "stderr" in on or on == "os.write":
                yield Found(node.lineno, "stdout and stderr are written by output.py and diagnostics.py alone")


def _segments(tree: ast.Module) -> Iterator[Found]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in MAKE_SEGMENTS:
            if not (node.args and isinstance(node.args[0], ast.Constant)):
                yield Found(node.lineno, "segments of other text are made in render/row.py alone")


def _raw_text(tree: ast.Module, known: frozenset[str]) -> Iterator[Found]:
    safe = _names_of_content(tree, known)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in TAKE_TEXT:
            shown = [*node.args[:1], *(word.value for word in node.keywords if word.arg in SHOWN)]
            yield from _unsafe(shown, safe, f"{_name(node.func)} takes ready content")
        elif isinstance(node, ast.Call) and _name(node.func) == "update" and _is_widget(node.func):
            yield from _unsafe(node.args[:1], safe, "a widget is updated with ready content")
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Attribute) and target.attr in SHOWN for target in targets):
                yield from _unsafe([node.value], safe, "titles and tooltips are ready content")


def _is_widget(function: ast.expr) -> bool:
    """Whether `update` is called on a widget, as far as can be seen."""
    if not isinstance(function, ast.Attribute):
        return False
    on = function.value
    return (isinstance(on, ast.Name) and on.id == "self") or "query_one" in ast.unparse(on)


def _unsafe(values: list[ast.expr], safe: frozenset[str], rule: str) -> Iterator[Found]:
    for value in values:
        if not _is_safe(value, safe):
            yield Found(value.lineno, rule)


def _is_safe(value: ast.expr, safe: frozenset[str]) -> bool:
    """Whether a value is ready content, or words written in the code that no markup could be."""
    match value:
        case ast.Constant(value=str(text)):
            return "[" not in text
        case ast.Constant():
            return True
        case ast.IfExp(body=first, orelse=second):
            return _is_safe(first, safe) and _is_safe(second, safe)
        case ast.Call(func=function):
            return "Content" in ast.unparse(function).split("(")[0] or _name(function) in safe or _joins(function)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in safe
        case _:
            return False


def _joins(function: ast.expr) -> bool:
    """Whether this is a method of content just made."""
    return isinstance(function, ast.Attribute) and ast.unparse(function.value).startswith("Content(")


def functions_of_content(source: str) -> frozenset[str]:
    """The functions of a module that give content."""
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.returns is not None and _is_content(node.returns)
    )


def _names_of_content(tree: ast.Module, known: frozenset[str]) -> frozenset[str]:
    """Functions that return content, and variables that are said, or seen, to hold it."""
    found = set(known | functions_of_content(ast.unparse(tree)))
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None and _is_content(node.annotation):
            found.add(node.arg)
        elif isinstance(node, ast.AnnAssign) and _is_content(node.annotation):
            found.add(_name(node.target))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_safe(node.value, frozenset(found)):
            found |= {_name(target) for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(found - {""})


def _is_content(annotation: ast.expr) -> bool:
    return ast.unparse(annotation).strip("'\"").removesuffix(" | None") == "Content"
