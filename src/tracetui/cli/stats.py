"""`tracetui stats`: spans in groups, with counts, errors, tokens, cost and latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracetui.cli import diagnostics
from tracetui.cli.listing import ListFormat, ListOptions, Orders, Sort
from tracetui.cli.lists import write_count
from tracetui.cli.output import Cell, Column, Output
from tracetui.cli.reading import conditions, open_reader
from tracetui.config import Settings
from tracetui.model.attributes import JSONValue
from tracetui.model.clock import format_duration
from tracetui.model.numbers import format_cost, format_count, format_tokens, many
from tracetui.query.names import named
from tracetui.store.records import SpanGroup, SpanGroups

_SORTED_BY: dict[str, Callable[[SpanGroup], int | float | None]] = {
    "spans": lambda group: group.spans,
    "errors": lambda group: group.errors,
    "tokens": lambda group: _total(group),
    "tokens.input": lambda group: group.input_tokens,
    "tokens.output": lambda group: group.output_tokens,
    "cost": lambda group: group.cost_total,
    "p50": lambda group: group.p50_nano,
    "p95": lambda group: group.p95_nano,
    "p99": lambda group: group.p99_nano,
}
"""What groups can be sorted by, beside what they are grouped by."""


def stats(settings: Settings, options: ListOptions, by: Sequence[str]) -> int:
    """Write one line for each group of the spans that match; without `by` one for all of them.

    Raises:
        UsageError: The query, a key or the order is wrong.
    """
    where = conditions(settings, options.query, options.since)
    keys = list(dict.fromkeys(key.strip() for key in by))
    operands = [named(key) for key in keys]
    orders = Orders(Sort("spans", descending=True), (*_SORTED_BY, *keys), keys)
    sort = orders.chosen(options.sort, "groups")
    output = Output()
    with open_reader(settings, searching=where is not None) as reader:
        found = reader.group_spans(where, operands) if reader is not None else SpanGroups((), 0)
    groups = _in_order(found.groups, sort, keys)
    shown = groups[: options.most]
    if options.count:
        write_count(output, options.form, len(groups))
    else:
        _write(output, options.form, shown, keys)
    output.flush()
    if not groups and options.form is ListFormat.TABLE and not options.count and not found.without:
        diagnostics.note("No spans match." if where is not None else "No spans yet.")
    if found.without:
        diagnostics.note(f"{many(found.without, 'span')} without {' and '.join(keys)} left out.")
    if len(shown) < len(groups) and not options.count:
        diagnostics.note(f"{len(shown):,} of {len(groups):,} groups; --limit N shows more, --limit 0 all.")
    return diagnostics.NOTHING_MATCHED if options.fail_empty and not groups else diagnostics.DONE


def _in_order(groups: Sequence[SpanGroup], sort: Sort, keys: Sequence[str]) -> list[SpanGroup]:
    """The groups in their order; those without the number last, and ties by name."""
    named_first = sorted(groups, key=lambda group: [value.casefold() for value in group.values])
    if sort.name in _SORTED_BY:
        number = _SORTED_BY[sort.name]
        known = [group for group in named_first if number(group) is not None]
        unknown = [group for group in named_first if number(group) is None]
        return sorted(known, key=lambda group: number(group) or 0, reverse=sort.descending) + unknown
    place = keys.index(sort.name)
    return sorted(named_first, key=lambda group: group.values[place].casefold(), reverse=sort.descending)


def _total(group: SpanGroup) -> int | None:
    if group.input_tokens is None and group.output_tokens is None:
        return None
    return (group.input_tokens or 0) + (group.output_tokens or 0)


def _write(output: Output, form: ListFormat, groups: Sequence[SpanGroup], keys: Sequence[str]) -> None:
    match form:
        case ListFormat.JSON:
            for group in groups:
                output.json(_object(group, keys))
        case ListFormat.CSV:
            output.csv([*keys, *(name for name, _ in _FIELDS)], (_record(group) for group in groups))
        case ListFormat.TABLE:
            columns = [Column(key, flexible=True) for key in keys] + list(_COLUMNS)
            output.table(columns, [[*group.values, *_cells(group)] for group in groups])


def _object(group: SpanGroup, keys: Sequence[str]) -> dict[str, JSONValue]:
    told: dict[str, JSONValue] = dict(zip(keys, group.values, strict=True))
    told |= {"spans": group.spans, "errors": group.errors}
    tokens: dict[str, JSONValue] = {
        name: number
        for name, number in (
            ("input", group.input_tokens),
            ("output", group.output_tokens),
            ("total", _total(group)),
        )
        if number is not None
    }
    if tokens:
        told["tokens"] = tokens
    if group.cost_total is not None:
        told["cost"] = {"total": group.cost_total, "source": group.cost_source}
    if group.p50_nano is not None:
        told["duration_nano"] = {"p50": group.p50_nano, "p95": group.p95_nano, "p99": group.p99_nano}
    return told


_FIELDS: Sequence[tuple[str, Callable[[SpanGroup], object]]] = (
    ("spans", lambda group: group.spans),
    ("errors", lambda group: group.errors),
    ("input_tokens", lambda group: group.input_tokens),
    ("output_tokens", lambda group: group.output_tokens),
    ("cost_total", lambda group: group.cost_total),
    ("cost_source", lambda group: group.cost_source),
    ("p50_nano", lambda group: group.p50_nano),
    ("p95_nano", lambda group: group.p95_nano),
    ("p99_nano", lambda group: group.p99_nano),
)


def _record(group: SpanGroup) -> list[object]:
    return [*group.values, *(value(group) for _, value in _FIELDS)]


_COLUMNS = (
    Column("spans", right=True),
    Column("errors", right=True, rank=1),
    Column("tokens", right=True, rank=2),
    Column("cost", right=True, rank=2),
    Column("p50", right=True, rank=3),
    Column("p95", right=True, rank=1),
    Column("p99", right=True, rank=4),
)


def _cells(group: SpanGroup) -> list[Cell]:
    latency = (group.p50_nano, group.p95_nano, group.p99_nano)
    return [
        format_count(group.spans),
        (format_count(group.errors) if group.errors else "", "error"),
        format_tokens(group.input_tokens, group.output_tokens),
        format_cost(group.cost_total, group.cost_source),
        *("" if nano is None else format_duration(nano) for nano in latency),
    ]
