"""`traces`, `spans` and `logs` on a database of real traces."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from contextlib import closing

import pytest

from tests.integration.cli.conftest import Cli, find
from tests.support.corpus import CORPUS


def test_traces_are_objects_newest_first(stocked: Cli) -> None:
    traces = stocked.objects("traces")
    starts = [trace.get("start_time_unix_nano", 0) for trace in traces]
    assert starts == sorted(starts, reverse=True)  # type: ignore[type-var]
    turn = find(traces, lambda trace: trace["name"] == "weather_turn_1")
    assert (turn["span_count"], turn["llm_count"], turn["tool_count"], turn["error_count"]) == (5, 2, 2, 0)
    assert turn["tokens"] == {"input": 910, "output": 65, "total": 975}
    assert turn["complete"] is True


def test_spans_are_objects_with_everything(stocked: Cli) -> None:
    spans = stocked.objects("spans", "weather_turn_1 CHAIN") or stocked.objects("spans")
    every = stocked.objects("spans")
    assert len({(span["trace_id"], span["span_id"]) for span in every}) == len(every)
    assert len(spans) <= len(every)
    call = find(every, lambda span: span["kind"] == "LLM" and "tool_defs" in span)
    assert {"model", "tokens", "input_messages", "output_messages", "attributes", "resource", "scope"} <= set(call)
    assert None not in call.values()


def test_logs_are_objects_of_their_spans(stocked: Cli) -> None:
    logs = stocked.objects("logs")
    span_ids = {span["span_id"] for span in stocked.objects("spans")}
    assert len(logs) == 16
    assert all(log["span_id"] in span_ids for log in logs)
    assert find(logs, lambda log: log.get("event_name") == "gen_ai.user.message")["body"]


def test_logs_of_a_query_are_those_of_matching_spans(stocked: Cli) -> None:
    assert 0 < len(stocked.objects("logs", "chat gpt-4o-mini")) < 16
    assert stocked.objects("logs", "weather_turn_1") == []


@pytest.mark.parametrize("command", ["traces", "spans", "logs"])
def test_a_limit_says_how_many_there_are(stocked: Cli, command: str) -> None:
    everything = len(stocked.objects(command))
    done = stocked(command, "--json", "--limit", "3")
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr.startswith(f"3 of {everything:,} ")
    whole = stocked(command, "--json", "--limit", str(everything))
    assert whole.stderr == ""


def test_what_is_counted_only_by_reading_it_all_is_not_counted_unasked(stocked: Cli) -> None:
    for command in ("logs", "sessions"):
        everything = len(stocked.objects(command, "name:*"))
        noun = {"logs": "log records"}.get(command, command)
        done = stocked(command, "name:*", "--limit", "1", "--json")
        assert done.stderr == f"1 {noun}, and more match; --limit N shows more, --limit 0 all.\n"
        assert stocked(command, "name:*", "--limit", str(everything), "--json").stderr == ""


@pytest.mark.parametrize("command", ["traces", "spans", "logs"])
def test_csv_holds_the_same_rows(stocked: Cli, command: str) -> None:
    rows = list(csv.DictReader(io.StringIO(stocked(command, "--csv", "--limit", "0").stdout)))
    objects = stocked.objects(command)
    assert [row["trace_id"] for row in rows] == [value["trace_id"] for value in objects]
    if command == "spans":
        assert [row["name"] for row in rows] == [value["name"] for value in objects]
        assert {row["counted"] for row in rows} == {"true", "false"}


def test_a_piped_table_has_whole_ids_and_straight_columns(stocked: Cli) -> None:
    lines = stocked("traces", "--limit", "5").stdout.splitlines()
    assert len(lines) == 6
    assert all(re.fullmatch(r"[0-9a-f]{32}", line.split("  ")[0]) for line in lines[1:])
    assert "\x1b" not in "".join(lines)
    place = lines[0].index("time")
    assert all(line[place - 2 : place] == "  " and line[place] == "2" for line in lines[1:])


def test_a_query_narrows_the_list(stocked: Cli) -> None:
    assert {trace["name"] for trace in stocked.objects("traces", "rag_chain")} == {"rag_chain"}


def test_nothing_found_is_said_and_may_be_a_failure(stocked: Cli) -> None:
    done = stocked("traces", "no-such-thing-anywhere")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "No traces match.\n")
    assert stocked("spans", "no-such-thing-anywhere", "--fail-empty").returncode == 3
    assert stocked("spans", "weather_turn_1", "--fail-empty").returncode == 0


def test_a_database_that_is_not_there_yet_is_empty(cli: Cli) -> None:
    done = cli("spans", "--json")
    assert (done.returncode, done.stdout) == (0, "")
    assert str(cli.db) in done.stderr
    assert not cli.db.exists()


def test_options_may_stand_before_the_command(stocked: Cli, cli: Cli) -> None:
    done = cli("--db", str(stocked.db), "spans", "--json", "--limit", "1")
    assert len(done.stdout.splitlines()) == 1


def test_a_reader_that_has_enough_is_no_failure(stocked: Cli) -> None:
    with stocked.start("spans", "--json", "--limit", "0") as started:
        started.out()
        assert started.process.stdout is not None
        started.process.stdout.close()
        assert started.end() == 0
        assert started.err() == ""


@pytest.mark.parametrize(
    ("command", "field", "key"),
    [
        ("traces", "duration", "duration_nano"),
        ("traces", "spans", "span_count"),
        ("spans", "duration", "duration_nano"),
        ("spans", "start", "start_time_unix_nano"),
        ("logs", "time", "observed_time_unix_nano"),
    ],
)
def test_a_list_in_another_order(stocked: Cli, command: str, field: str, key: str) -> None:
    values = [int(str(value.get(key, -1))) for value in stocked.objects(command, "--sort", field)]
    assert values == sorted(values, reverse=True) and len(set(values)) > 3
    turned = [int(str(value.get(key, -1))) for value in stocked.objects(command, "--sort", f"{field}:asc")]
    assert turned == [*(value for value in values[::-1] if value >= 0), *(value for value in values if value < 0)]
    done = stocked(command, "--sort", field, "--limit", "3", "--json")
    assert len(done.stdout.splitlines()) == 3 and "3 of " in done.stderr


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("field", ["tokens", "cost"])
@pytest.mark.parametrize("command", ["traces", "spans", "sessions"])
def test_what_has_none_comes_last_in_both_directions(stocked: Cli, command: str, field: str, direction: str) -> None:
    found = stocked.objects(command, "--sort", f"{field}:{direction}")
    known = [field in value for value in found]
    assert known == sorted(known, reverse=True) and known[0]
    assert command == "sessions" or not known[-1]
    said = [value[field] for value in found if field in value]
    totals = [
        told["total"] if field == "cost" else told.get("input", 0) + told.get("output", 0)
        for told in said
        if isinstance(told, dict)
    ]
    assert totals == sorted(totals, reverse=direction == "desc") and len(set(totals)) > 1


def test_names_begin_with_a(stocked: Cli) -> None:
    names = [str(value["name"]).casefold() for value in stocked.objects("spans", "--sort", "name")]
    assert names == sorted(names)


def test_an_order_that_is_none_is_named_with_those_that_are(stocked: Cli) -> None:
    for words in (["spans", "--sort", "mood"], ["spans", "--sort", "start:up"]):
        done = stocked(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "By arrival, start, duration" in done.stderr


@pytest.mark.parametrize("command", ["traces", "spans", "logs", "sessions"])
def test_a_count_is_a_number_alone(stocked: Cli, command: str) -> None:
    everything = len(stocked.objects(command))
    done = stocked(command, "--count")
    assert (done.stdout, done.stderr) == (f"{everything}\n", "")
    assert stocked(command, "kind:LLM", "--count", "--json").stdout == (
        f'{{"count": {len(stocked.objects(command, "kind:LLM"))}}}\n'
    )
    assert stocked(command, "no-such-thing-anywhere", "--count", "--fail-empty").returncode == 3


def test_what_began_since(stocked: Cli) -> None:
    starts = sorted(int(str(value.get("start_time_unix_nano", 0))) for value in stocked.objects("spans"))
    middle = starts[len(starts) // 2]
    found = stocked.objects("spans", "--since", str(middle))
    assert len(found) == sum(start >= middle for start in starts)
    traces = {value["trace_id"] for value in found}
    assert {value["trace_id"] for value in stocked.objects("traces", "--since", str(middle))} == traces
    assert {value["name"] for value in stocked.objects("spans", "--since", "1s")} == {"from the year 2100"}
    assert stocked("spans", "--since", "soon").returncode == 2


def test_a_wrong_query_is_shown_with_its_place(stocked: Cli) -> None:
    done = stocked("spans", "kind:LLM", "modle:x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[1:] == ["  kind:LLM modle:x", "           ^^^^^"]


def test_terms_of_one_span_and_of_its_trace(stocked: Cli) -> None:
    spans = stocked.objects("spans")
    llm = [span for span in spans if span["kind"] == "LLM"]
    found = stocked.objects("spans", "kind:LLM")
    assert [span["span_id"] for span in found] == [span["span_id"] for span in llm]
    parents = {span["span_id"]: span for span in spans}
    below = [
        span["span_id"]
        for span in spans
        if (parent := parents.get(span.get("parent_span_id", ""))) is not None and parent["kind"] == "AGENT"
    ]
    assert below and [span["span_id"] for span in stocked.objects("spans", "{kind:AGENT} > {}")] == below


def test_a_saved_query_is_called_by_its_name(cli: Cli, stocked: Cli) -> None:
    filters = cli.home / "config" / "tracetui" / "filters.toml"
    filters.parent.mkdir(parents=True)
    filters.write_text('calls = "kind:LLM"\n')
    named = cli("--db", str(stocked.db), "spans", "@calls", "--count")
    assert named.stdout == stocked("spans", "kind:LLM", "--count").stdout
    assert "There is no saved filter" in cli("--db", str(stocked.db), "spans", "@nothing").stderr


def test_a_search_says_what_its_index_lacks(cli: Cli) -> None:
    assert cli("import", str(CORPUS / "oi-openai-http" / "traces.pb")).returncode == 0
    with closing(sqlite3.connect(cli.db)) as database, database:
        database.execute("INSERT INTO span_terms (span_terms) VALUES ('delete-all')")
        database.execute("UPDATE search_index SET backlog = through")
    said = cli("spans", "kind:LLM", "--count").stderr
    assert re.match(r"Only 0 of \d+ spans can be searched yet\. .*`tracetui reindex`", said)
    assert cli("spans", "--count").stderr == "", "a list without a query does not search"
    assert cli("reindex").returncode == 0
    found = cli("spans", "kind:LLM", "--count")
    assert int(found.stdout) > 0 and found.stderr == ""
