"""What an app is told by `tracetui run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracetui.cli.endpoints import Endpoints
from tracetui.cli.run import child_environment, service_name
from tracetui.config import Access, Address

HERE = Endpoints(http=(Address("127.0.0.1", 4318), Address("127.0.0.1", 6006)), grpc=Address("127.0.0.1", 4317))


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python app.py", "app"),
        ("python3.12 -u src/chat/server.py --port 80", "server"),
        ("python -m shop.api --reload", "shop.api"),
        ("uv run python -m bot", "bot"),
        ("uv run rag.py", "rag"),
        ("node dist/index.js", "index"),
        ("./my-agent --fast", "my-agent"),
        ("env DEBUG=1 /usr/bin/travel-app", "travel-app"),
        ("python -c print(1)", "python"),
        ("python", "python"),
    ],
)
def test_the_service_is_named_after_the_app(command: str, name: str) -> None:
    assert service_name(command.split()) == name


def test_both_otel_and_phoenix_are_pointed_here() -> None:
    child = child_environment({"PATH": "/bin"}, HERE, ["python", "app.py"])
    assert child["PATH"] == "/bin"
    assert child["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4318"
    assert child["OTEL_EXPORTER_OTLP_PROTOCOL"] == "http/protobuf"
    assert child["PHOENIX_COLLECTOR_ENDPOINT"] == "http://127.0.0.1:4318"
    assert child["PHOENIX_GRPC_PORT"] == "4317"
    assert child["OTEL_SERVICE_NAME"] == "app"
    assert child["OTEL_TRACES_EXPORTER"] == "otlp"
    assert int(child["OTEL_BSP_SCHEDULE_DELAY"]) < 5000


def test_what_the_user_chose_stays() -> None:
    chosen = {"OTEL_SERVICE_NAME": "mine", "OTEL_TRACES_EXPORTER": "console", "OTEL_BSP_SCHEDULE_DELAY": "9"}
    child = child_environment(chosen, HERE, ["app"])
    assert {name: child[name] for name in chosen} == chosen


def test_a_service_name_among_the_resource_attributes_is_enough() -> None:
    child = child_environment({"OTEL_RESOURCE_ATTRIBUTES": "team=a,service.name=mine"}, HERE, ["app"])
    assert "OTEL_SERVICE_NAME" not in child


def test_endpoints_for_one_signal_do_not_lead_elsewhere() -> None:
    before = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://elsewhere/v1/traces", "OTEL_EXPORTER_OTLP_ENDPOINT": "x"}
    child = child_environment(before, HERE, ["app"])
    assert "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" not in child
    assert child["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4318"


def test_a_proxy_is_not_asked_for_loopback() -> None:
    child = child_environment({"HTTPS_PROXY": "http://proxy:1", "no_proxy": "corp"}, HERE, ["app"])
    assert child["no_proxy"] == "corp,127.0.0.1"
    assert child["NO_PROXY"] == "127.0.0.1"


def test_without_http_the_sdk_is_told_grpc() -> None:
    assert Endpoints(grpc=Address("127.0.0.1", 9)).environment() == {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "PHOENIX_COLLECTOR_ENDPOINT": "http://127.0.0.1:9",
        "PHOENIX_GRPC_PORT": "9",
    }


def test_an_app_is_given_the_token_and_the_certificate() -> None:
    access = Access(token="s3cret+/=", tls_cert=Path("/tls/cert.pem"), tls_key=Path("/tls/key.pem"))
    here = Endpoints(http=(Address("127.0.0.1", 9),), access=access)
    assert here.environment() == {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "PHOENIX_COLLECTOR_ENDPOINT": "https://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20s3cret%2B/%3D",
        "PHOENIX_API_KEY": "s3cret+/=",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "/tls/cert.pem",
    }
