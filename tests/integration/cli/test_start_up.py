"""What each command brings along, seen from a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.integration.cli.conftest import Cli
from tests.support.programs import environment
from tracetui import __version__

PROBE = """
import json, sys
sys.argv = ["tracetui", *json.loads(sys.argv[1])]
from tracetui.__main__ import main
code = main()
heavy = ("textual", "typer", "rich", "grpc", "google", "opentelemetry", "sqlite_utils", "pydantic", "genai_prices")
print(json.dumps([code, [name for name in heavy if name in sys.modules]]), file=sys.stderr)
"""


def brought_along(cli: Cli, *arguments: str) -> set[str]:
    """The heavy packages a command has imported by its end."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(arguments)], input="", capture_output=True, text=True, check=True,
        env=environment(cli.home, TRACETUI_DB=str(cli.db)),
    )  # fmt: skip
    code, heavy = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(heavy)


def test_the_version_is_answered_without_anything(cli: Cli) -> None:
    assert brought_along(cli, "--version") == set()
    assert cli("--version").stdout == f"tracetui {__version__}\n"


@pytest.mark.parametrize("command", ["traces", "spans", "logs"])
def test_an_empty_listing_needs_only_the_option_parser(cli: Cli, command: str) -> None:
    assert cli("import", stdin=b"").returncode == 0
    assert brought_along(cli, command, "--json") == {"typer"}


@pytest.mark.parametrize(
    "arguments",
    [["traces"], ["spans", "--json"], ["logs", "--csv"], ["export"], ["env"], ["import", "-"], ["run", "--", "true"],
     ["show", "--help"], ["demo"]],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_no_command_but_the_explorer_imports_textual(stocked: Cli, cli: Cli, arguments: list[str]) -> None:
    program = cli if arguments[0] in ("import", "run", "demo") else stocked
    assert "textual" not in brought_along(program, *arguments)


def test_help_lists_every_command(cli: Cli) -> None:
    shown = cli("--help").stdout
    for command in ("serve", "run", "traces", "spans", "logs", "show", "export", "import", "reindex", "env", "demo"):
        assert f"\n  {command} " in shown
        assert cli(command, "--help").returncode == 0


COLLECTOR_PROBE = """
import gc, json, sys
sys.argv = ["tracetui", *json.loads(sys.argv[1])]
sys.stdin.isatty = sys.stdout.isatty = lambda: True
import tracetui.tui.launch
def run(runtime, query):
    print(gc.isenabled(), file=sys.stderr)
    runtime.open_store()
    runtime.stop()
    return 0
tracetui.tui.launch.run = run
from tracetui.__main__ import main
main()
print(gc.isenabled(), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--no-receive"], ["False", "False"]), (["--theme=tracetui-light"], ["False", "False"]), (["traces"], ["True"])],
    ids=["explorer", "explorer by the long way", "traces"],
)
def test_the_collector_rests_until_the_first_paint_and_for_no_other_command(
    cli: Cli, arguments: list[str], said: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTOR_PROBE, json.dumps(arguments)], input="", capture_output=True, text=True,
        check=True, env=environment(cli.home, TRACETUI_DB=str(cli.db)),
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if line in ("True", "False")] == said
