"""`import` and `export`: nothing is lost on the way, and a bad file says so."""

from __future__ import annotations

import gzip
import json
import signal
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Cli, Server
from tests.support.corpus import CORPUS
from tracetui.store.api import all_logs, all_spans
from tracetui.store.records import ResourceRecord, ScopeRecord
from tracetui.store.sqlite import SqliteReader

CAPTURES = sorted(CORPUS.glob("*/*.pb"))
TRACES = CORPUS / "otel-openai-default" / "traces.pb"
LOGS = CORPUS / "otel-openai-default" / "logs.pb"


Bytes = tuple[bytes, ResourceRecord, ScopeRecord]
"""What is stored of a span or log record, as it came."""


def contents(db: Path) -> tuple[dict[tuple[str, str], Bytes], list[Bytes]]:
    """Every span by its identity, and every log record, each as the bytes it was stored as."""
    reader = SqliteReader(db)
    try:
        spans = {
            (stored.row.trace_id, stored.row.span_id): (stored.data, stored.resource, stored.scope)
            for stored in all_spans(reader)
        }
        logs = sorted((stored.data, stored.resource, stored.scope) for stored in all_logs(reader))
    finally:
        reader.close()
    return spans, logs


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A database of the whole corpus."""
    cli = Cli(tmp_path_factory.mktemp("corpus"))
    done = cli("import", *(str(path) for path in CAPTURES))
    assert done.returncode == 0, done.stderr
    return cli


def test_what_was_imported_is_what_was_sent(corpus: Cli) -> None:
    spans, logs = contents(corpus.db)
    files = b"".join(path.read_bytes() for path in CAPTURES)
    assert len(spans) > 2_500
    assert len(logs) > 90
    assert all(stored[0] in files for stored in (*spans.values(), *logs))


def test_export_and_import_give_equal_bytes(corpus: Cli, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    assert corpus("export", "-o", str(file)).returncode == 0
    assert all("resourceSpans" in line or "resourceLogs" in line for line in file.read_text("utf-8").splitlines())
    done = cli("import", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    assert contents(cli.db) == contents(corpus.db)


def test_export_to_stdout_and_import_from_stdin(stocked: Cli, cli: Cli) -> None:
    exported = stocked("export").stdout
    assert cli("import", "-", stdin=exported.encode()).returncode == 0
    assert contents(cli.db) == contents(stocked.db)


def test_a_second_import_changes_nothing(cli: Cli) -> None:
    first = cli("import", str(TRACES), str(LOGS))
    before = contents(cli.db)
    again = cli("import", str(TRACES), str(LOGS))
    assert first.stderr == "9 spans, 16 log records stored.\n"
    assert again.stderr == "0 spans, 0 log records stored, 25 unchanged.\n"
    assert contents(cli.db) == before


def test_a_json_body_and_its_protobuf_twin_are_the_same(cli: Cli) -> None:
    folder = CORPUS / "otlp-json"
    first = cli("import", str(folder / "traces.pb"))
    again = cli("import", *(str(path) for path in sorted(folder.glob("0*.json"))))
    assert first.stderr.startswith("12 spans")
    assert again.stderr == "0 spans, 0 log records stored, 12 unchanged.\n"


def test_a_compressed_file_is_read(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "traces.pb.gz"
    file.write_bytes(gzip.compress(TRACES.read_bytes()))
    assert cli("import", str(file)).stderr == "9 spans, 0 log records stored.\n"


def test_while_a_server_writes_the_import_goes_through_it(cli: Cli, server: Server) -> None:
    first = cli("import", str(TRACES), str(LOGS))
    again = cli("import", str(TRACES), str(LOGS))
    assert (first.returncode, first.stderr) == (0, "9 spans, 16 log records stored.\n")
    assert (again.returncode, again.stderr) == (0, "0 spans, 0 log records stored, 25 unchanged.\n")
    assert server.end(signal.SIGTERM) == 0
    spans, logs = contents(cli.db)
    sent = TRACES.read_bytes() + LOGS.read_bytes()
    assert (len(spans), len(logs)) == (9, 16)
    assert all(stored[0] in sent for stored in (*spans.values(), *logs))


def test_a_bad_file_is_named_and_the_others_are_kept(cli: Cli, tmp_path: Path) -> None:
    text, cut, missing = tmp_path / "notes.txt", tmp_path / "cut.jsonl", tmp_path / "missing.json"
    text.write_text("nothing to see")
    cut.write_text('{"resourceSpans": []}\n{"resourceSpans": [\n')
    done = cli("import", str(text), str(cut), str(missing), str(TRACES))
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"{text}: It is neither OTLP/JSON nor")
    assert lines[1].startswith(f"{cut}: line 2: It is not JSON")
    assert lines[2] == f"{missing}: It cannot be read: No such file or directory."
    assert lines[3] == "9 spans, 0 log records stored."


def test_a_span_that_is_refused_is_counted_with_its_reason(cli: Cli) -> None:
    good = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "good"}
    spans = [good, good | {"traceId": "00"}, good | {"spanId": "12" * 8, "kind": "SERVER"}]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    done = cli("import", stdin=body)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "1 span, 0 log records stored, 2 rejected."
    assert "stdin: 2 rejected: " in done.stderr


def test_a_query_exports_what_matches_with_its_logs(stocked: Cli, cli: Cli) -> None:
    exported = stocked("export", 'name:"chat gpt-4o-mini"').stdout
    assert cli("import", stdin=exported.encode()).returncode == 0
    spans, logs = contents(cli.db)
    assert {value["name"] for value in cli.objects("spans")} == {"chat gpt-4o-mini"}
    assert len(spans) == len(stocked.objects("spans", 'name:"chat gpt-4o-mini"'))
    assert 0 < len(logs) < 16
    assert stocked("export", "no-such-thing", "--fail-empty").returncode == 3
    limited = stocked("export", 'name:"chat gpt-4o-mini"', "--limit", "1", "--format", "jsonl").stdout
    assert len(limited.splitlines()) == 1


def test_jsonl_holds_the_span_objects(stocked: Cli, tmp_path: Path) -> None:
    file = tmp_path / "spans.jsonl"
    done = stocked("export", "--format", "jsonl", "-o", str(file))
    assert done.stderr == f"Wrote {len(stocked.objects('spans'))} spans and 0 log records to {file}.\n"
    assert [json.loads(line) for line in file.read_text("utf-8").splitlines()] == stocked.objects("spans")


def test_the_database_is_not_overwritten_by_its_export(stocked: Cli) -> None:
    before = stocked.db.read_bytes()
    done = stocked("export", "-o", str(stocked.db))
    assert done.returncode == 2
    assert "is the database itself" in done.stderr
    assert stocked.db.read_bytes() == before


def test_an_export_that_fails_leaves_the_old_file(stocked: Cli, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("old")
    cli.db.write_bytes(b"not a database at all")
    assert cli("export", "-o", str(file)).returncode == 1
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    assert stocked("export", "-o", str(tmp_path / "no" / "folder.jsonl")).returncode == 1


def test_many_small_requests_are_stored_a_thousand_at_a_time(cli: Cli) -> None:
    span = {"spanId": "cd" * 8, "name": "one"}
    lines = [
        json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span | {"traceId": f"{number:032x}"}]}]}]})
        for number in range(1, 2_501)
    ]
    assert cli("import", stdin="\n".join(lines).encode()).stderr == "2,500 spans, 0 log records stored.\n"
