"""The commands and their options. What a command does stands in a module of its own, imported when it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tracetui.cli.options import (
    Config,
    Db,
    FailEmpty,
    GivenFollow,
    GivenLimitedSettings,
    GivenList,
    GivenSettings,
    Grpc,
    Http,
    Json,
    MaxAge,
    MaxSize,
    Query,
    Since,
    expanded,
    joined,
    settings_of,
)
from tracetui.cli.words import COMMANDS, ExplorerWords

app = typer.Typer(
    name="tracetui",
    help="A terminal trace explorer for LLM applications, with its own OTLP receivers.\n\n"
    "`tracetui [QUERY]` opens the explorer; `tracetui COMMAND --help` explains a command.",
    epilog="--db PATH, --grpc ADDR, --http ADDR and --config FILE may stand before or after any command.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def command(
    name: str | None = None, *, words_end_options: bool = False
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Register a command, which returns its exit code.

    Args:
        name: What it is called; the function's name unless given.
        words_end_options: Whether everything from the first word on belongs to another program.
    """
    context = {"allow_interspersed_args": False} if words_end_options else None

    def register(run: Callable[..., int]) -> Callable[..., int]:
        app.command(name or run.__name__, context_settings=context)(expanded(run))
        return run

    return register


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", "-V", help="Show the version and exit.")] = False) -> None:
    if version:
        from tracetui import __version__
        from tracetui.cli.output import Output

        Output().line(f"tracetui {__version__}")
        raise typer.Exit


@command()
def explore(
    query: Query = None,
    no_receive: Annotated[bool, typer.Option("--no-receive", help="Only read; do not listen.")] = False,
    theme: Annotated[str | None, typer.Option("--theme", metavar="NAME", help="The colour theme.")] = None,
    max_size: MaxSize = None,
    max_age: MaxAge = None,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> int:
    """The explorer with receivers; the default."""
    from tracetui.cli.explore import explore

    listeners = (grpc, tuple(http or ()))
    return explore(ExplorerWords(joined(query), db, *listeners, config, theme, no_receive, max_size, max_age))


@command()
def serve(settings: GivenLimitedSettings) -> int:
    """Receivers only, no screen."""
    from tracetui.cli.serve import serve

    return serve(settings)


@command("run", words_end_options=True)
def run_app(
    words: Annotated[list[str], typer.Argument(metavar="-- CMD ARGS...", help="The app and its arguments.")],
    settings: GivenSettings,
) -> int:
    """Run an app that exports here."""
    from tracetui.cli.run import run

    return run(settings, words)


@command()
def traces(options: GivenList, follow: GivenFollow, settings: GivenSettings) -> int:
    """List traces, newest first."""
    from tracetui.cli import lists

    return lists.traces(settings, options, follow=follow)


@command()
def spans(options: GivenList, follow: GivenFollow, settings: GivenSettings) -> int:
    """List spans in order of arrival."""
    from tracetui.cli import lists

    return lists.spans(settings, options, follow=follow)


@command()
def logs(options: GivenList, follow: GivenFollow, settings: GivenSettings) -> int:
    """List log records, or those of matching spans."""
    from tracetui.cli import lists

    return lists.logs(settings, options, follow=follow)


@command()
def sessions(options: GivenList, settings: GivenSettings) -> int:
    """List sessions, the one active last first."""
    from tracetui.cli import sessions

    return sessions.sessions(settings, options)


@command()
def stats(
    options: GivenList,
    settings: GivenSettings,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="KEY", help="One line for each model, name, service, ...; may be repeated."),
    ] = None,
) -> int:
    """Counts, errors, tokens, cost and latency of spans, in groups."""
    from tracetui.cli.stats import stats

    return stats(settings, options, by or [])


@command()
def show(
    trace_or_span: Annotated[str, typer.Argument(metavar="ID", help="A trace, span or session id, or its beginning.")],
    settings: GivenSettings,
    as_json: Annotated[bool, typer.Option("--json", help="The trace with its spans, or the span, as JSON.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="For each field of a span: where it came from and how it was converted.")
    ] = False,
) -> int:
    """A trace as a tree, a span in full, or a session as a conversation."""
    from tracetui.cli.show import show

    return show(settings, trace_or_span, as_json=as_json, explained=explain)


@command()
def export(
    settings: GivenSettings,
    query: Query = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write; - is stdout.")] = "-",
    form: Annotated[str, typer.Option("--format", metavar="NAME", help="otlp-json (lossless) or jsonl.")] = "otlp-json",
    since: Since = "",
    limit: Annotated[int, typer.Option("--limit", min=0, metavar="N", help="At most this many spans.")] = 0,
    fail_empty: FailEmpty = False,
) -> int:
    """Write what is stored, for `import` to read again."""
    from tracetui.cli.export import export

    return export(settings, joined(query), output, form, since=since, limit=limit, fail_empty=fail_empty)


@command("import")
def import_files(
    settings: GivenSettings,
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE...", help="OTLP files; - is stdin.")] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="otlp-json or otlp-proto; found by itself when not given."),
    ] = None,
) -> int:
    """Read OTLP JSON or protobuf files, or stdin."""
    from tracetui.cli.importing import import_files

    return import_files(settings, files or [], form)


@command()
def env(
    settings: GivenSettings,
    shell: Annotated[str, typer.Option("--shell", metavar="NAME", help="sh, fish or powershell.")] = "sh",
) -> int:
    """Lines to paste so that apps export here."""
    from tracetui.cli.env import env

    return env(settings, shell)


@command()
def doctor(settings: GivenSettings, as_json: Json = False) -> int:
    """Whether everything is in order: files, ports, versions, this shell."""
    from tracetui.cli.doctor import doctor

    return doctor(settings, as_json=as_json)


@command()
def reindex(
    settings: GivenSettings,
    everything: Annotated[bool, typer.Option("--all", help="Also what is up to date: newer prices, say.")] = False,
) -> int:
    """Derive columns and totals of older spans anew."""
    from tracetui.cli.reindex import reindex

    return reindex(settings, everything=everything)


@command()
def prune(settings: GivenLimitedSettings) -> int:
    """Remove the oldest traces beyond a size or an age, but no pinned ones."""
    from tracetui.cli.removing import prune

    return prune(settings)


@command()
def delete(
    settings: GivenSettings,
    query: Query = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    pinned: Annotated[bool, typer.Option("--pinned", help="Pinned traces too.")] = False,
) -> int:
    """Remove the traces that match, after showing them; pinned ones only with --pinned."""
    from tracetui.cli.removing import delete

    return delete(settings, joined(query), confirmed=yes, pinned=pinned)


@command()
def salvage(
    settings: GivenSettings,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The damaged file; it is only read.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="NEW", help="A new file to store into, rather than the database."),
    ] = None,
) -> int:
    """Bring back what can be read of a damaged database."""
    from tracetui.cli.salvage import salvage

    return salvage(settings, file, output)


@command()
def demo(db: Db = None, grpc: Grpc = None, http: Http = None, config: Config = None) -> int:
    """The explorer on real traces, replayed live."""
    from tracetui.cli.demo import demo
    from tracetui.cli.diagnostics import note

    if db is not None:
        note(f"The demo uses a temporary database; {db} is left alone.")
    return demo(settings_of(db, grpc, http, config))


def keep_only(name: str) -> None:
    """Forget every command but one, before any is built: building all of them takes a fifth of the explorer's start.

    A word that is no command (`--help`) keeps them all.
    """
    if name in COMMANDS:
        app.registered_commands[:] = [info for info in app.registered_commands if info.name == name]
