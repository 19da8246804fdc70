"""What was turned away, by reason."""

from __future__ import annotations

from tests.factories import START, FixedClock
from tests.integration.receivers.ingest import HeldIngest
from tracetui.otlp.wire import Signal
from tracetui.receivers.export import ExportService
from tracetui.receivers.ledger import MAX_REASONS, Ledger, TurnedAway


def test_messages_that_differ_in_numbers_have_one_reason_and_the_last_is_the_example() -> None:
    clock = FixedClock()
    ledger = Ledger(clock)
    ledger.note("refused", "12 spans wait to be stored; the queue is full.")
    clock.advance(5)
    ledger.note("malformed", "The body is no JSON.")
    clock.advance(5)
    ledger.note("refused", "50,000 spans wait to be stored; the queue is full.")
    ledger.note("rejected", "3 refused: trace_id is all zero. (3 times)", 3)
    assert [entry[:3] for entry in ledger.entries()] == [
        ("refused", 2, "50,000 spans wait to be stored; the queue is full."),
        ("rejected", 3, "3 refused: trace_id is all zero. (3 times)"),
        ("malformed", 1, "The body is no JSON."),
    ]
    assert ledger.entries()[0].last_unix_nano == START + 10 * 10**9


def test_internal_errors_are_one_reason_whatever_their_number() -> None:
    ledger = Ledger(FixedClock())
    for number in ("0123abcd", "deadbeef"):
        ledger.note("refused", f"internal error {number}")
    assert [entry.times for entry in ledger.entries()] == [2]


def test_however_many_reasons_a_sender_invents_the_ledger_stays_small() -> None:
    ledger = Ledger(FixedClock())
    words = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(1_000)]
    for word in words:
        ledger.note("malformed", f"unknown {word}")
    assert len(ledger.entries()) == MAX_REASONS + 1
    assert sum(entry.times for entry in ledger.entries()) == 1_000


def test_every_outcome_is_noted(ingest: HeldIngest) -> None:
    service = ExportService(ingest)
    zero = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00","spanId":"00","name":"x"}]}]}]}'
    assert service.export(Signal.TRACES, zero, is_json=True).result().rejected == 1
    assert not service.export(Signal.TRACES, b"{", is_json=True).result().is_success
    rejected, malformed = sorted(service.turned_away(), key=lambda entry: entry.kind, reverse=True)
    assert isinstance(rejected, TurnedAway)
    assert (rejected.kind, rejected.times, malformed.kind, malformed.times) == ("rejected", 1, "malformed", 1)
    assert rejected.example.startswith("1 refused: ")
