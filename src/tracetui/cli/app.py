"""The commands and their options. What a command does stands in a module of its own, imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracetui.cli.words import COMMANDS, QUERY_TERM_MARK, ExplorerWords
from tracetui.config import Settings, load

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

Query = Annotated[list[str] | None, typer.Argument(metavar="QUERY", help="What to look for; nothing means all.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
Csv = Annotated[bool, typer.Option("--csv", help="CSV with a header line.")]
Limit = Annotated[int, typer.Option("--limit", min=0, metavar="N", help="At most this many; 0 for all.")]
FailEmpty = Annotated[bool, typer.Option("--fail-empty", help="Exit with 3 when nothing matches.")]
Db = Annotated[Path | None, typer.Option("--db", metavar="PATH", help="The database file (TRACETUI_DB).")]
Grpc = Annotated[str | None, typer.Option("--grpc", metavar="ADDR", help="Where OTLP/gRPC listens, or off.")]
Http = Annotated[
    list[str] | None, typer.Option("--http", metavar="ADDR", help="Where OTLP/HTTP listens, or off; may be repeated.")
]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", "-V", help="Show the version and exit.")] = False) -> None:
    if version:
        from tracetui import __version__
        from tracetui.cli.output import Output

        Output().line(f"tracetui {__version__}")
        raise typer.Exit


@app.command()
def explore(
    query: Query = None,
    no_receive: Annotated[bool, typer.Option("--no-receive", help="Only read; do not listen.")] = False,
    theme: Annotated[str | None, typer.Option("--theme", metavar="NAME", help="The colour theme.")] = None,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """The explorer with receivers; the default."""
    from tracetui.cli.explore import explore as run

    raise typer.Exit(run(ExplorerWords(_joined(query), db, grpc, tuple(http or ()), config, theme, no_receive)))


@app.command()
def serve(db: Db = None, grpc: Grpc = None, http: Http = None, config: Config = None) -> None:
    """Receivers only, no screen."""
    from tracetui.cli.serve import serve as run

    raise typer.Exit(run(_settings(db, grpc, http, config)))


@app.command(name="run", context_settings={"allow_interspersed_args": False})
def run_app(
    command: Annotated[list[str], typer.Argument(metavar="-- CMD ARGS...", help="The app and its arguments.")],
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """Run an app that exports here."""
    from tracetui.cli.run import run

    raise typer.Exit(run(_settings(db, grpc, http, config), command))


@app.command()
def traces(
    query: Query = None,
    as_json: Json = False,
    as_csv: Csv = False,
    limit: Limit = 100,
    fail_empty: FailEmpty = False,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """List traces, newest first."""
    from tracetui.cli import lists

    options = lists.ListOptions(_joined(query), lists.list_format(as_json, as_csv), limit, fail_empty)
    raise typer.Exit(lists.traces(_settings(db, grpc, http, config), options))


@app.command()
def spans(
    query: Query = None,
    as_json: Json = False,
    as_csv: Csv = False,
    limit: Limit = 100,
    fail_empty: FailEmpty = False,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """List spans in order of arrival."""
    from tracetui.cli import lists

    options = lists.ListOptions(_joined(query), lists.list_format(as_json, as_csv), limit, fail_empty)
    raise typer.Exit(lists.spans(_settings(db, grpc, http, config), options))


@app.command()
def logs(
    query: Query = None,
    as_json: Json = False,
    as_csv: Csv = False,
    limit: Limit = 100,
    fail_empty: FailEmpty = False,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """List log records, or those of matching spans."""
    from tracetui.cli import lists

    options = lists.ListOptions(_joined(query), lists.list_format(as_json, as_csv), limit, fail_empty)
    raise typer.Exit(lists.logs(_settings(db, grpc, http, config), options))


@app.command()
def sessions(
    as_json: Json = False,
    as_csv: Csv = False,
    limit: Limit = 100,
    sort: Annotated[str, typer.Option("--sort", metavar="NAME", help="last, start, turns, tokens, cost, ...")] = "last",
    ascending: Annotated[bool, typer.Option("--asc", help="The smallest first.")] = False,
    fail_empty: FailEmpty = False,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """List sessions, the one active last first."""
    from tracetui.cli import lists
    from tracetui.cli import sessions as sessions_list

    options = lists.ListOptions("", lists.list_format(as_json, as_csv), limit, fail_empty)
    order = sessions_list.session_sort(sort, ascending)
    raise typer.Exit(sessions_list.sessions(_settings(db, grpc, http, config), options, order))


@app.command()
def show(
    trace_or_span: Annotated[str, typer.Argument(metavar="ID", help="A trace, span or session id, or its beginning.")],
    as_json: Annotated[bool, typer.Option("--json", help="The trace with its spans, or the span, as JSON.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="For each field of a span: where it came from and how it was converted.")
    ] = False,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """A trace as a tree, a span in full, or a session as a conversation."""
    from tracetui.cli.show import show as run

    raise typer.Exit(run(_settings(db, grpc, http, config), trace_or_span, as_json=as_json, explained=explain))


@app.command()
def export(
    query: Query = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write; - is stdout.")] = "-",
    form: Annotated[str, typer.Option("--format", metavar="NAME", help="otlp-json (lossless) or jsonl.")] = "otlp-json",
    fail_empty: FailEmpty = False,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """Write what is stored, for `import` to read again."""
    from tracetui.cli.export import export as run

    raise typer.Exit(run(_settings(db, grpc, http, config), _joined(query), output, form, fail_empty=fail_empty))


@app.command(name="import")
def import_files(
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE...", help="OTLP files; - is stdin.")] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="otlp-json or otlp-proto; found by itself when not given."),
    ] = None,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """Read OTLP JSON or protobuf files, or stdin."""
    from tracetui.cli.importing import import_files as run

    raise typer.Exit(run(_settings(db, grpc, http, config), files or [], form))


@app.command()
def env(
    shell: Annotated[str, typer.Option("--shell", metavar="NAME", help="sh, fish or powershell.")] = "sh",
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """Lines to paste so that apps export here."""
    from tracetui.cli.env import env as run

    raise typer.Exit(run(_settings(db, grpc, http, config), shell))


@app.command()
def doctor(as_json: Json = False, db: Db = None, grpc: Grpc = None, http: Http = None, config: Config = None) -> None:
    """Whether everything is in order: files, ports, versions, this shell."""
    from tracetui.cli.doctor import doctor as run

    raise typer.Exit(run(_settings(db, grpc, http, config), as_json=as_json))


@app.command()
def reindex(
    everything: Annotated[bool, typer.Option("--all", help="Also what is up to date: newer prices, say.")] = False,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """Derive columns and totals of older spans anew."""
    from tracetui.cli.reindex import reindex as run

    raise typer.Exit(run(_settings(db, grpc, http, config), everything=everything))


@app.command()
def prune(
    max_size: Annotated[str | None, typer.Option("--max-size", metavar="SIZE", help="2GB, 500MB, ...")] = None,
    max_age: Annotated[str | None, typer.Option("--max-age", metavar="AGE", help="30d, 12h, 2w, ...")] = None,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """Remove the oldest traces beyond a size or an age."""
    from tracetui.cli.removing import prune as run
    from tracetui.cli.removing import with_limits

    raise typer.Exit(run(with_limits(_settings(db, grpc, http, config), max_size, max_age)))


@app.command()
def delete(
    query: Query = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> None:
    """Remove the traces that match, after showing them."""
    from tracetui.cli.removing import delete as run

    raise typer.Exit(run(_settings(db, grpc, http, config), _joined(query), confirmed=yes))


@app.command()
def demo(db: Db = None, grpc: Grpc = None, http: Http = None, config: Config = None) -> None:
    """The explorer on real traces, replayed live."""
    from tracetui.cli.demo import demo as run
    from tracetui.cli.diagnostics import note

    if db is not None:
        note(f"The demo uses a temporary database; {db} is left alone.")
    raise typer.Exit(run(_settings(db, grpc, http, config)))


def _settings(db: Path | None, grpc: str | None, http: list[str] | None, config: Path | None) -> Settings:
    return load(config=config, db=db, grpc=grpc, http=tuple(http or ()))


def _joined(query: list[str] | None) -> str:
    """The words of a query as one text."""
    return " ".join(query or ()).replace(QUERY_TERM_MARK, "")


def keep_only(name: str) -> None:
    """Forget every command but one, before any is built: building all twelve takes a fifth of the explorer's start.

    A word that is no command (`--help`) keeps them all.
    """
    if name in COMMANDS:
        kept = [info for info in app.registered_commands if name in (info.name, getattr(info.callback, "__name__", ""))]
        app.registered_commands[:] = kept
