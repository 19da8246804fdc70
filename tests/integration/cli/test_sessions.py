"""`sessions`, and `show` of a session, on a database of real traces."""

from __future__ import annotations

import csv
import io
import json

from tests.integration.cli.conftest import Cli


def test_sessions_are_objects_the_one_active_last_first(stocked: Cli) -> None:
    found = stocked.objects("sessions")
    lasts = [session["last_start_time_unix_nano"] for session in found]
    assert lasts == sorted(lasts, reverse=True)  # type: ignore[type-var]
    chat = next(session for session in found if session["session_id"] == "sess-7f3a-multi-turn")
    turns = [trace for trace in stocked.objects("traces") if trace.get("session_id") == chat["session_id"]]
    assert chat["trace_count"] == len(turns) == 2
    assert chat["tokens"] == {"input": 1440, "output": 73, "total": 1513}
    assert (chat["users"], chat["last_words"], chat["status"]) == (["user-42"], "thanks", "ok")


def test_csv_and_table_hold_the_same_sessions(stocked: Cli) -> None:
    names = [session["session_id"] for session in stocked.objects("sessions")]
    rows = list(csv.DictReader(io.StringIO(stocked("sessions", "--csv").stdout)))
    assert [row["session_id"] for row in rows] == names
    lines = stocked("sessions").stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == names


def test_sessions_in_another_order(stocked: Cli) -> None:
    turns = [session["trace_count"] for session in stocked.objects("sessions", "--sort", "turns")]
    assert turns == sorted(turns, reverse=True)  # type: ignore[type-var]
    assert [s["trace_count"] for s in stocked.objects("sessions", "--sort", "turns:asc")] == turns[::-1]
    wrong = stocked("sessions", "--sort", "mood")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "last, start, duration" in wrong.stderr


def test_a_query_finds_sessions_with_a_trace_that_matches(stocked: Cli) -> None:
    expected = {trace["session_id"] for trace in stocked.objects("traces", "tool:get_weather") if "session_id" in trace}
    found = [session["session_id"] for session in stocked.objects("sessions", "tool:get_weather")]
    assert set(found) == expected and len(found) == len(expected) > 0
    assert stocked.objects("sessions", "no-such-thing-anywhere") == []
    names = [
        str(session["session_id"]).casefold() for session in stocked.objects("sessions", "name:*", "--sort", "session")
    ]
    assert names == sorted(names)


def test_a_limit_says_how_many_there_are(stocked: Cli) -> None:
    everything = len(stocked.objects("sessions"))
    done = stocked("sessions", "--json", "--limit", "1")
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr.startswith(f"1 of {everything} sessions")


def test_a_session_reads_as_one_conversation(stocked: Cli) -> None:
    text = stocked("show", "sess-7f3a").stdout
    said = ["What's the weather in Zürich and São Paulo?", "In Zürich it is 7.5 °C", "thanks", "You are welcome!"]
    assert [text.count(words) for words in said] == [1, 1, 1, 1]
    assert [text.index(words) for words in said] == sorted(text.index(words) for words in said)
    assert text.count("→ get_weather") == 2
    assert text.count("You are a terse weather assistant.") == 1


def test_a_session_as_json_has_its_turns(stocked: Cli) -> None:
    session = json.loads(stocked("show", "sess-7f3a-multi-turn", "--json").stdout)
    first, second = session["turns"]
    assert (first["name"], second["name"]) == ("weather_turn_1", "weather_turn_2")
    assert second["user"] == [{"role": "user", "parts": [{"type": "text", "content": "thanks"}]}]
    assert [part["type"] for message in first["steps"] for part in message["parts"]] == [
        "tool_call",
        "tool_call",
        "tool_result",
        "tool_result",
    ]
    assert "steps" not in second


def test_the_beginning_of_several_sessions_names_them(stocked: Cli) -> None:
    done = stocked("show", "sess-")
    assert done.returncode == 1
    assert "sess-7f3a-multi-turn" in done.stderr and "sess-lc-1" in done.stderr


def test_no_session_says_so(cli: Cli, stocked: Cli) -> None:
    assert "hold" in cli("sessions").stderr
    done = stocked("show", "no-such-session")
    assert (done.returncode, done.stdout) == (1, "")
    assert "tracetui sessions" in done.stderr
