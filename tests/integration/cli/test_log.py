"""What is written beside the data: never a received value, never the token."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import grpc

from tests.integration.cli.conftest import Cli, Server
from tests.integration.receivers.http_client import JSON, Reply, send
from tests.integration.receivers.ingest import bytes_call
from tests.support.fuzz import Body, mutated
from tests.support.hostile import Hostile
from tracetui.config import Address
from tracetui.otlp.wire import Signal

TOKEN, SECRET = "s3cr3t-t0ken-of-the-test", "NOBODY-MAY-READ-THIS"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def marked(body: bytes) -> bytes:
    """A body whose texts hold the secret, the same length as before."""
    return body.replace(b"gpt-4o-mini", SECRET[:11].encode()).replace(b"weather", SECRET[:7].encode())


def attacks(address: Address, token: str) -> list[Reply]:
    """Requests of every kind that is refused or rejected, each full of the secret."""
    good, secret = {"Authorization": f"Bearer {token}"}, SECRET
    whole = Hostile([secret]).traces()
    span = {"traceId": secret, "name": secret, "attributes": [{"key": secret, "value": {"intValue": secret}}]}
    broken = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    return [
        send(address, whole, **good),
        send(address, whole, Authorization=f"Bearer {secret}"),
        send(address, whole, Authorization=f"Bearer {token}", x_api_key=secret),
        send(address, whole[:-9], **good),
        send(address, broken.encode(), content_type=JSON, **good),
        send(address, broken.encode()[:-4], content_type=JSON, **good),
        send(address, f'{{"{secret}": {secret}}}'.encode(), content_type=JSON, **good),
        send(address, f'{{"resourceSpans": "{secret}"}}'.encode(), content_type=JSON, **good),
        send(address, whole, path=f"/{secret}", **good),
        send(address, whole, content_type=f"text/{secret}", **good),
        send(address, whole, Content_Encoding=secret, **good),
        send(address, secret.encode() * 10, Content_Encoding="gzip", **good),
        send(address, whole, Host=f"{secret}.example", **good),
        send(address, whole, Origin=f"https://{secret}.example", **good),
        send(address, whole, X_Other=secret, method="GET", **good),
    ]


def test_neither_values_nor_the_token_are_logged_or_answered(cli: Cli) -> None:
    config = cli.home / "config" / "tracetui"
    config.mkdir(parents=True)
    (config / "token").write_text(TOKEN)
    (config / "token").chmod(0o600)
    (config / "config.toml").write_text(f"[access]\ntoken_file = {str(config / 'token')!r}\n")
    with Server(cli) as server:
        address = Address("127.0.0.1", server.http)
        replies = attacks(address, TOKEN)
        for number in range(150):
            body = mutated(11, number)
            replies.append(_send(address, body))
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc}") as channel:
            for value in (TOKEN, SECRET):
                for message in (Hostile([SECRET]).traces(), SECRET.encode()):
                    try:
                        bytes_call(channel, EXPORT)(message, metadata=(("x-api-key", value),), timeout=20)
                    except grpc.RpcError as refused:
                        assert SECRET not in str(refused.details()) and TOKEN not in str(refused.details())
        assert server.end(signal.SIGTERM) == 0
        assert server.process.stderr is not None
        said = server.process.stderr.read()
    assert {reply.status for reply in replies[:15]} == {200, 400, 401, 403, 404, 405, 415}
    log = Path(f"{cli.db}.log")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    written = log.read_bytes() + said + b"".join(reply.body for reply in replies)
    assert SECRET.encode() not in written and TOKEN.encode() not in written


def _send(address: Address, body: Body) -> Reply:
    headers = {"Content_Encoding": body.encoding} if body.encoding else {}
    path = "/v1/traces" if body.signal is Signal.TRACES else "/v1/logs"
    kind = JSON if body.is_json else "application/x-protobuf"
    return send(address, marked(body.data), path=path, content_type=kind, x_api_key=TOKEN, **headers)


def test_an_exception_is_logged_without_its_message(cli: Cli) -> None:
    code = (
        "import logging, pathlib, sys\n"
        "from tracetui.logs import open_log\n"
        f"open_log(pathlib.Path({str(cli.db)!r}))\n"
        "try:\n"
        f"    raise ValueError({SECRET!r})\n"
        "except ValueError:\n"
        "    logging.getLogger('x').exception('it failed')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    written = Path(f"{cli.db}.log").read_text("utf-8")
    assert "it failed" in written and "ValueError, raised at" in written
    assert SECRET not in written and done.stderr == b""
