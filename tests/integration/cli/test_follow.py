"""`--follow`: what is committed while it runs is written, and only that."""

from __future__ import annotations

import json
import signal

import pytest

from tests.integration.cli.conftest import Cli, Started
from tests.integration.cli.test_late import TRACE, send, span


def started_on(cli: Cli, command: str, *words: str) -> Started:
    return cli.start(command, *words, "--follow", "--since", "2020")


def next_object(started: Started) -> dict[str, object]:
    value = json.loads(started.out())
    assert isinstance(value, dict)
    return value


def test_new_spans_come_as_they_are_committed(cli: Cli) -> None:
    send(cli, "Spans", "spans", [span(1)])
    with started_on(cli, "spans") as started:
        assert next_object(started)["name"] == "span 1"
        send(cli, "Spans", "spans", [span(2, 1)])
        send(cli, "Spans", "spans", [span(2, 1), span(3, 1)])
        assert [next_object(started)["name"] for _ in range(2)] == ["span 2", "span 3"]
        assert started.end(signal.SIGINT) == 0


def test_what_was_there_is_left_out_unless_it_is_asked_for(cli: Cli) -> None:
    send(cli, "Spans", "spans", [span(1)])
    with cli.start("spans", "--follow", "--limit", "1") as started, started_on(cli, "spans") as ready:
        ready.out()  # the other was started before this one, and reads no more
        number = 2
        while started.process.poll() is None:
            send(cli, "Spans", "spans", [span(number)])
            number += 1
        assert started.end() == 0
        assert next_object(started)["name"] != "span 1"


def test_a_database_that_is_not_there_is_waited_for(cli: Cli) -> None:
    with cli.start("spans", "--follow") as started:
        assert started.err() == f"Waiting for {cli.db}, which holds no database yet.\n"
        send(cli, "Spans", "spans", [span(1)])
        assert next_object(started)["name"] == "span 1"
        assert started.end(signal.SIGTERM) == 0


def test_a_span_is_written_again_when_another_version_took_its_place(cli: Cli) -> None:
    send(cli, "Spans", "spans", [span(1, end=False)])
    with started_on(cli, "spans") as started:
        assert "duration_nano" not in next_object(started)
        send(cli, "Spans", "spans", [span(1)])
        assert next_object(started)["duration_nano"] == 99


def test_a_trace_is_written_whenever_it_has_changed(cli: Cli) -> None:
    send(cli, "Spans", "spans", [span(2, 1)])
    with started_on(cli, "traces") as started:
        assert (first := next_object(started))["complete"] is False
        send(cli, "Spans", "spans", [span(1)])
        again = next_object(started)
        assert (again["trace_id"], again["complete"], again["span_count"]) == (first["trace_id"], True, 2)


def test_a_structure_matches_once_the_span_above_has_come(cli: Cli) -> None:
    send(cli, "Spans", "spans", [span(9)])
    with started_on(cli, "spans", "{name:'span 1'} >> {} OR name:'span 9'".replace("'", '"')) as started:
        assert next_object(started)["name"] == "span 9"
        send(cli, "Spans", "spans", [span(2, 1)])
        send(cli, "Spans", "spans", [span(1)])
        assert next_object(started)["name"] == "span 2"


def test_log_records_of_matching_spans_in_either_order(cli: Cli) -> None:
    def record(number: int) -> dict[str, object]:
        return {
            "timeUnixNano": "1700000000000000000",
            "traceId": TRACE,
            "spanId": f"{number:016x}",
            "body": {"stringValue": f"record {number}"},
        }

    send(cli, "Spans", "spans", [span(1)])
    send(cli, "Logs", "logRecords", [record(1)])
    with started_on(cli, "logs", "name:span*") as started:
        assert next_object(started)["body"] == "record 1"
        send(cli, "Logs", "logRecords", [record(2)])
        send(cli, "Spans", "spans", [span(2)])
        assert next_object(started)["body"] == "record 2"


def test_it_ends_when_nobody_reads(cli: Cli) -> None:
    send(cli, "Spans", "spans", [span(1)])
    with started_on(cli, "spans") as started:
        started.out()
        assert started.process.stdout is not None
        started.process.stdout.close()
        assert started.end() == 0, "without another line to write"
        assert started.err() == ""


@pytest.mark.parametrize("option", [["--sort", "start"], ["--count"], ["--csv"]])
def test_options_that_exclude_each_other(cli: Cli, option: list[str]) -> None:
    done = cli("spans", "--follow", *option)
    assert done.returncode == 2
    assert f"--follow and {option[0]} exclude each other" in done.stderr
