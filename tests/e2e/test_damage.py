"""The real program on a damaged database: it starts, says where the old one is, and brings back what can be read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.integration.receivers.http_client import send
from tests.integration.store.test_corrupt import damage_leaves, make_many
from tests.support.corpus import CORPUS
from tests.support.programs import Explorer, environment, free_port, run_app, run_cli, tracetui
from tests.unit.otlp.messages import make_request, make_span
from tracetui.config import Address


def damaged(db: Path, home: Path) -> bytes:
    """A database that is cut in half; returns its bytes."""
    done = run_cli("import", str(CORPUS / "oi-langchain" / "traces.pb"), "--db", str(db), home=home)
    assert done.returncode == 0
    db.write_bytes(db.read_bytes()[: db.stat().st_size // 2])
    return db.read_bytes()


def kept(folder: Path) -> Path:
    (found,) = (path for path in folder.glob("traces.db.damaged-*") if path.name.endswith(tuple("0123456789")))
    return found


def test_the_explorer_says_it_and_receives(tmp_path: Path) -> None:
    before = damaged(tmp_path / "traces.db", tmp_path)
    explorer = Explorer(tmp_path)
    with explorer as terminal:
        terminal.wait_until(
            lambda text: "was damaged" in text and "tracetui salvage" in re.sub(r"\s+", " ", text), "it"
        )
        run_app("plain_app.py", f"http://127.0.0.1:{explorer.http}/v1/traces", home=tmp_path)
        terminal.wait_for("GET /ask")
        assert kept(tmp_path).read_bytes() == before
        done = run_cli("salvage", str(kept(tmp_path)), "--db", str(explorer.db), home=tmp_path)
        assert "could not be read" in done.stderr
        assert kept(tmp_path).read_bytes() == before


def test_serve_says_it_before_it_is_ready(tmp_path: Path) -> None:
    db = tmp_path / "traces.db"
    before = damaged(db, tmp_path)
    words = tracetui("serve", "--db", str(db), "--grpc", "off", "--http", f"127.0.0.1:{free_port()}")
    with subprocess.Popen(words, env=environment(tmp_path), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(2)]
        process.terminate()
    assert re.search(r"was damaged, so it is kept as .*traces\.db\.damaged-\d{8}-\d{6}", lines[0])
    assert lines[1].startswith("ready")
    assert kept(tmp_path).read_bytes() == before
    doctor = run_cli("doctor", "--db", str(db), home=tmp_path)
    assert f"tracetui salvage {kept(tmp_path)}" in doctor.stdout


def test_serve_that_meets_damage_goes_on_with_a_new_file(tmp_path: Path) -> None:
    db, port = tmp_path / "traces.db", free_port()
    make_many(db)
    damage_leaves(db, "spans_by_parent")
    words = tracetui("serve", "--db", str(db), "--grpc", "off", "--http", f"127.0.0.1:{port}")
    with subprocess.Popen(words, env=environment(tmp_path), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("ready")
        body = make_request(make_span(77, trace_id=(200).to_bytes(16, "big"))).SerializeToString()
        assert send(Address("127.0.0.1", port), body).status == 503
        assert process.stderr.readline().endswith("is damaged; starting on it anew\n")
        assert "is kept as" in process.stderr.readline()
        assert process.stderr.readline().startswith("ready")
        assert send(Address("127.0.0.1", port), body).status == 200
        process.terminate()
        assert "stopped: 1 span and" in process.stderr.read()
    assert kept(tmp_path).stat().st_size > 100_000
