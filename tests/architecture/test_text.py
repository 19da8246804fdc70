"""No text reaches a widget, or a standard stream, but through what makes it safe."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.text_rules import broken_rules, functions_of_content

PACKAGE = Path(__file__).parents[2] / "src" / "tracetui"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def test_every_module_keeps_the_rules() -> None:
    known = frozenset().union(*(functions_of_content((PACKAGE / path).read_text("utf-8")) for path in MODULES))
    broken = {
        f"{path}:{found.line}": found.rule
        for path in MODULES
        for found in broken_rules((PACKAGE / path).read_text("utf-8"), path, known)
    }
    assert broken == {}


@pytest.mark.parametrize(
    "source",
    [
        "Static(span.name)",
        "yield Static(f'{name}')",
        "Label(text, id='x')",
        "widgets.Static('[red]x')",
        "Option(name)",
        "Static(renderable=name)",
        "def f(name: str): Static(name)",
        "box.border_title = name",
        "self.border_subtitle = f'{count} spans'",
        "self.tooltip = span.name",
        "self.title = trace.name",
        "self.sub_title: str = name",
        "self.update(name)",
        "self.query_one(Static).update(text)",
        "Static(name if name else Content(''))",
        "Content.from_markup(name)",
        "Text.from_markup(name)",
        "Segment(name, style)",
        "Text(name)",
        "self.app.copy_to_clipboard(name)",
        "self.app.bell()",
        "print(name)",
    ],
)
def test_raw_text_to_a_widget_is_found(source: str) -> None:
    assert len(broken_rules(source, "tui/widgets/bad.py")) == 1


@pytest.mark.parametrize(
    "source",
    [
        "Static(Content(sanitise(name)))",
        "Static('plain words', id='x')",
        "Static()",
        "box.border_title = Content(one_line(name))",
        "box.border_title = None",
        "self.query_one(Static).update(Content(''))",
        "Static(Content('\\n').join(lines))",
        "Static(Content.styled(safe, 'bold'))",
        "def page() -> Content: ...\nStatic(page())",
        "def show(text: Content) -> None: Static(text)",
        "text = Content('x')\nself.update(text)",
        "self._found.update(names)",
        "Segment.apply_style(strip)",
        "Segment('▐', style)",
        "file.write(text)",
    ],
)
def test_what_is_ready_passes(source: str) -> None:
    assert broken_rules(source, "tui/widgets/good.py") == []


@pytest.mark.parametrize(
    "source",
    ["print(x)", "typer.echo(x)", "click.secho(x)", "sys.stdout.write(x)", "sys.stderr.write(x)", "os.write(1, x)",
     "Console().print_json(x)"],
)  # fmt: skip
def test_the_streams_are_written_in_two_places_alone(source: str) -> None:
    for path in ("cli/show.py", "runtime.py", "tui/app.py"):
        assert broken_rules(source, path)
    assert broken_rules(source, "cli/output.py") == broken_rules(source, "cli/diagnostics.py") == []
