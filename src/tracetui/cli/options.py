"""Options that several commands share, each declared once.

A command asks for what it needs by a parameter such as `settings: GivenSettings`; `expanded` puts the options that make
it in the place of that parameter, which is how typer wants to see them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from tracetui.cli.listing import ListFormat, ListOptions
from tracetui.cli.words import QUERY_TERM_MARK
from tracetui.config import Settings, load
from tracetui.errors import UsageError

Query = Annotated[list[str] | None, typer.Argument(metavar="QUERY", help="What to look for; nothing means all.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
Csv = Annotated[bool, typer.Option("--csv", help="CSV with a header line.")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=0, metavar="N", help="At most this many, 100 unless given; 0 for all.")
]
Sort = Annotated[str, typer.Option("--sort", metavar="FIELD", help="The order: FIELD, FIELD:asc or FIELD:desc.")]
Since = Annotated[
    str, typer.Option("--since", metavar="TIME", help="Only what began since: 15m, 2h, 1d, today, 2026-11-22.")
]
Count = Annotated[bool, typer.Option("--count", help="Only say how many match.")]
Follow = Annotated[bool, typer.Option("--follow", help="Go on with new matches as they come, as JSON lines.")]
FailEmpty = Annotated[bool, typer.Option("--fail-empty", help="Exit with 3 when nothing matches.")]
Db = Annotated[Path | None, typer.Option("--db", metavar="PATH", help="The database file (TRACETUI_DB).")]
Grpc = Annotated[str | None, typer.Option("--grpc", metavar="ADDR", help="Where OTLP/gRPC listens, or off.")]
Http = Annotated[
    list[str] | None, typer.Option("--http", metavar="ADDR", help="Where OTLP/HTTP listens, or off; may be repeated.")
]
MaxSize = Annotated[
    str | None,
    typer.Option("--max-size", metavar="SIZE", help="Keep within a size, 2GB say; the oldest traces go. Or off."),
]
MaxAge = Annotated[
    str | None, typer.Option("--max-age", metavar="AGE", help="Keep traces so long, 30d say (m, h, d, w). Or off.")
]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")]


class Given:
    """In `Annotated`: the parameter is what this makes of options of its own."""

    def __init__(self, make: Callable[..., object]) -> None:
        self.make = make


def settings_of(db: Db = None, grpc: Grpc = None, http: Http = None, config: Config = None) -> Settings:
    """Settings out of the four options that every command has."""
    return load(config=config, db=db, grpc=grpc, http=tuple(http or ()))


def limited_settings_of(
    max_size: MaxSize = None,
    max_age: MaxAge = None,
    db: Db = None,
    grpc: Grpc = None,
    http: Http = None,
    config: Config = None,
) -> Settings:
    """Settings out of these four and the limits, for commands that keep them."""
    return load(config=config, db=db, grpc=grpc, http=tuple(http or ()), max_size=max_size, max_age=max_age)


def _listed(
    query: Query = None,
    as_json: Json = False,
    as_csv: Csv = False,
    sort: Sort = "",
    limit: Limit = None,
    since: Since = "",
    count: Count = False,
    fail_empty: FailEmpty = False,
) -> ListOptions:
    return ListOptions(joined(query), list_format(as_json, as_csv), sort, limit, since, count, fail_empty)


def _followed(follow: Follow = False) -> bool:
    return follow


GivenSettings = Annotated[Settings, Given(settings_of)]
GivenLimitedSettings = Annotated[Settings, Given(limited_settings_of)]
GivenList = Annotated[ListOptions, Given(_listed)]
GivenFollow = Annotated[bool, Given(_followed)]


def joined(query: list[str] | None) -> str:
    """The words of a query as one text."""
    return " ".join(query or ()).replace(QUERY_TERM_MARK, "")


def list_format(as_json: bool, as_csv: bool) -> ListFormat:
    """The format two flags ask for.

    Raises:
        UsageError: Both were given.
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other.", hint="Give one of them.")
    return ListFormat.JSON if as_json else ListFormat.CSV if as_csv else ListFormat.TABLE


def expanded(command: Callable[..., int]) -> Callable[..., None]:
    """A command with the options of what it is given in the place of those parameters; it ends with its exit code."""
    hints = get_type_hints(command, include_extras=True)
    made: dict[str, Given] = {}
    shown: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        given = _given(hints[name])
        if given is None:
            shown.append(parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))
        else:
            made[name] = given
            shown += _options(given.make)

    @wraps(command)
    def run(**values: Any) -> None:
        for name, given in made.items():
            wanted = [option.name for option in _options(given.make)]
            values[name] = given.make(**{option: values.pop(option) for option in wanted})
        raise typer.Exit(command(**values))

    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    run.__annotations__ = {option.name: option.annotation for option in shown}
    return run


def _given(annotation: object) -> Given | None:
    extras: tuple[object, ...] = getattr(annotation, "__metadata__", ())
    return next((extra for extra in extras if isinstance(extra, Given)), None)


def _options(make: Callable[..., object]) -> list[inspect.Parameter]:
    hints: Mapping[str, object] = get_type_hints(make, include_extras=True)
    return [
        option.replace(annotation=hints[option.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for option in inspect.signature(make).parameters.values()
    ]
