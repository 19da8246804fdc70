"""The `tracetui` command: answers `--version` at once, hands everything else to `cli.main`."""

from __future__ import annotations

import gc
import sys

from tracetui import __version__


def main() -> int:
    """Run the command line of this process and return its exit code."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        from tracetui.cli.output import Output

        Output().line(f"tracetui {__version__}")
        return 0
    # until the explorer's first paint, for other commands until their modules are there: nothing of the imports is
    # garbage, and looking for some costs a tenth of the start
    gc.disable()
    try:
        from tracetui.cli.main import run_command_line  # deferred: typer alone takes longer than --version may
    except KeyboardInterrupt:
        return 130
    return run_command_line(arguments)


if __name__ == "__main__":
    sys.exit(main())
