"""The demo's recordings and their replay."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.factories import START, FixedClock
from tracetui.demo.captures import PLAYLIST, Recording, load_recordings
from tracetui.demo.replay import LONGEST_S, SHORTEST_S, FreshIds, Replayer, plan, play_length_s, send_all
from tracetui.errors import ReceiverError
from tracetui.otlp.wire import Signal
from tracetui.receivers.incoming import read_request


@pytest.fixture(scope="module")
def recordings() -> tuple[Recording, ...]:
    return load_recordings()


def items(bodies: list[tuple[bytes, str]]) -> list[dict[str, Any]]:
    """The span and log record objects of requests."""
    found = []
    for body, _ in bodies:
        request = json.loads(body)
        for resource in (*request.get("resourceSpans", ()), *request.get("resourceLogs", ())):
            for scope in (*resource.get("scopeSpans", ()), *resource.get("scopeLogs", ())):
                found += [*scope.get("spans", ()), *scope.get("logRecords", ())]
    return found


def test_every_scene_is_bundled_and_worth_watching(recordings: tuple[Recording, ...]) -> None:
    assert [recording.name for recording in recordings] == [scene.root for scene in PLAYLIST]
    assert any(recording.logs for recording in recordings)
    for recording in recordings:
        assert len(recording.spans) >= 2
        assert SHORTEST_S <= play_length_s(recording) <= LONGEST_S


def test_a_replay_keeps_the_shape_and_renews_ids_and_times(recordings: tuple[Recording, ...]) -> None:
    recording = next(recording for recording in recordings if recording.name == "POST /ask")
    steps = plan(recording, FreshIds(seed=1), START, length_s=2.0)
    played = items([(step.body, step.signal) for step in steps])
    spans = {span["name"]: span for span in played if "endTimeUnixNano" in span}
    old = {item.fields["spanId"]: item.fields for item in recording.spans}

    assert len(played) == len(recording.spans) + len(recording.logs)
    assert {span["traceId"] for span in played}.isdisjoint(span["traceId"] for span in old.values())
    assert len({span["traceId"] for span in played}) == 1
    assert min(int(span["startTimeUnixNano"]) for span in spans.values()) == START
    assert max(int(span["endTimeUnixNano"]) for span in spans.values()) == START + 2_000_000_000
    new_ids = {span["spanId"] for span in played if "endTimeUnixNano" in span}
    assert len(new_ids) == len(old)
    assert {log["spanId"] for log in played if "endTimeUnixNano" not in log} <= new_ids
    root = spans["POST /ask"]
    assert all(span["parentSpanId"] == root["spanId"] for name, span in spans.items() if name.startswith("chat"))


def test_spans_are_sent_when_they_end(recordings: tuple[Recording, ...]) -> None:
    steps = plan(recordings[0], FreshIds(), START, length_s=3.0)
    assert [step.due_unix_nano for step in steps] == sorted(step.due_unix_nano for step in steps)
    root = json.loads(steps[-1].body)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert "parentSpanId" not in root
    assert int(root["endTimeUnixNano"]) == steps[-1].due_unix_nano


def test_the_same_seed_plays_the_same_and_others_differ(recordings: tuple[Recording, ...]) -> None:
    first, again, other = (plan(recordings[0], FreshIds(seed), START, 1.0) for seed in (7, 7, 8))
    assert first == again != other


def test_all_are_sent_at_once_and_are_what_the_receivers_take() -> None:
    sent: list[tuple[bytes, str]] = []
    count = send_all(lambda body, signal: sent.append((body, signal)), clock=FixedClock(START), seed=1)
    assert count == len(PLAYLIST)
    read = [read_request(Signal(signal), body, is_json=True) for body, signal in sent]
    assert not any(incoming.rejected or incoming.warnings for incoming in read)
    spans = [span for incoming in read for span in incoming.batch.spans]
    assert len({span.trace_id for span in spans}) == len(PLAYLIST)
    assert max(span.end_time_unix_nano for span in spans) == START


def test_the_replayer_plays_until_it_is_stopped() -> None:
    heard = threading.Event()
    sent: list[tuple[bytes, str]] = []

    def send(body: bytes, signal: str) -> None:
        sent.append((body, signal))
        heard.set()

    replayer = Replayer(send)
    replayer.start()
    assert heard.wait(10)
    assert replayer.is_playing
    replayer.stop()
    assert replayer.wait(0), "it has fallen silent"
    assert items(sent)[0]["traceId"] not in {item.fields["traceId"] for item in load_recordings()[0].spans}


def test_the_replayer_falls_silent_when_its_time_is_over() -> None:
    class Leaping(FixedClock):
        """Every look at it is nine seconds later."""

        def now_nano(self) -> int:
            self.advance(9)
            return self.nano

    done: list[str] = []
    replayer = Replayer(lambda body, signal: done.append(signal), clock=Leaping(), play_s=60.0)
    replayer.start()
    assert replayer.wait(10)
    assert not replayer.is_playing
    assert done


def test_a_receiver_that_goes_away_ends_the_replay_quietly() -> None:
    def send(body: bytes, signal: str) -> None:
        raise ReceiverError("gone")

    replayer = Replayer(send)
    replayer.start()
    assert replayer.wait(10)
    assert not replayer.is_playing
