"""Real senders: the OpenTelemetry exporters, Phoenix's `register`, the Langfuse and LangSmith SDKs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.integration.receivers.ingest import HeldIngest
from tracetui.config import Address

PLAIN = """
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from {exporter} import OTLPSpanExporter
provider = TracerProvider(resource=Resource({{"service.name": "shop"}}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("lib", "1.0")
with tracer.start_as_current_span("parent"):
    with tracer.start_as_current_span("child", attributes={{"n": 1, "list": ["a", "b"]}}) as span:
        span.add_event("happened", {{"x": 1.5}})
assert provider.force_flush()
provider.shutdown()
"""
GRPC = PLAIN.format(exporter="opentelemetry.exporter.otlp.proto.grpc.trace_exporter")
HTTP = PLAIN.format(exporter="opentelemetry.exporter.otlp.proto.http.trace_exporter")

LOGS = """
import logging
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.exporter.otlp.proto.{protocol}._log_exporter import OTLPLogExporter
provider = LoggerProvider()
provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
logging.getLogger().addHandler(LoggingHandler(logger_provider=provider))
logging.getLogger("app").warning("it is %s", "late")
assert provider.force_flush()
provider.shutdown()
"""

METRICS = """
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.exporter.otlp.proto.{protocol}.metric_exporter import OTLPMetricExporter
provider = MeterProvider(metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())])
provider.get_meter("m").create_counter("c").add(1)
assert provider.force_flush()
provider.shutdown()
"""

PHOENIX = """
from phoenix.otel import register
provider = register(project_name="travel", endpoint={endpoint!r}, protocol={protocol!r}, batch={batch}, verbose=False)
with provider.get_tracer("app").start_as_current_span("agent", attributes={{"openinference.span.kind": "AGENT"}}):
    pass
assert provider.force_flush()
provider.shutdown()
"""

LANGFUSE = """
from langfuse import Langfuse
client = Langfuse(public_key="pk", secret_key="sk", {host}="{endpoint}")
with client.start_as_current_observation(name="answer", as_type="generation", model="gpt-4o-mini", input="hi") as it:
    it.update(output="hello")
client.flush()
client.shutdown()
"""

LANGSMITH = """
from langsmith import Client, traceable
client = Client(api_key="lsv2", api_url="{endpoint}")
@traceable(run_type="llm", name="answer", client=client)
def answer(question):
    return "hello"
answer("hi")
client.flush()
from opentelemetry import trace
trace.get_tracer_provider().force_flush()
trace.get_tracer_provider().shutdown()
"""


def run(code: str, **environ: str) -> str:
    """Run an app as a user would, alone in a process; it must succeed."""
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    env |= {"NO_PROXY": "*", "OTEL_METRICS_EXPORTER": "none"} | environ
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=env, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(params=["", "gzip"])
def compression(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    yield {"OTEL_EXPORTER_OTLP_COMPRESSION": request.param} if request.param else {}


def assert_family(ingest: HeldIngest) -> None:
    """Parent and child have arrived as they were recorded."""
    child, parent = sorted(ingest.spans, key=lambda span: span.name)
    assert (child.name, parent.name, parent.parent_span_id) == ("child", "parent", "")
    assert (child.trace_id, child.parent_span_id) == (parent.trace_id, parent.span_id)
    (batch,) = ingest.batches
    assert (batch.resources[0].service, batch.scopes[0].name, batch.scopes[0].version) == ("shop", "lib", "1.0")
    assert child.end_time_unix_nano >= child.start_time_unix_nano > 1_700_000_000_000_000_000
    assert ingest.message("child").events[0].name == "happened"


def test_opentelemetry_over_grpc(grpc_address: Address, ingest: HeldIngest, compression: dict[str, str]) -> None:
    assert (
        run(GRPC, OTEL_EXPORTER_OTLP_ENDPOINT=grpc_address.url, OTEL_EXPORTER_OTLP_INSECURE="true", **compression) == ""
    )
    assert_family(ingest)


def test_opentelemetry_over_http(http_address: Address, ingest: HeldIngest, compression: dict[str, str]) -> None:
    assert run(HTTP, OTEL_EXPORTER_OTLP_ENDPOINT=http_address.url, **compression) == ""
    assert_family(ingest)


def test_opentelemetry_over_http_with_deflate_to_localhost(http_address: Address, ingest: HeldIngest) -> None:
    run(
        HTTP,
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://localhost:{http_address.port}",
        OTEL_EXPORTER_OTLP_COMPRESSION="deflate",
    )
    assert_family(ingest)


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_opentelemetry_logs(grpc_address: Address, http_address: Address, ingest: HeldIngest, protocol: str) -> None:
    endpoint = grpc_address.url if protocol == "grpc" else http_address.url
    run(LOGS.format(protocol=protocol), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_INSECURE="true")
    assert [log.body_text for log in ingest.logs] == ["it is late"]


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_opentelemetry_metrics_are_no_error(grpc_address: Address, http_address: Address, protocol: str) -> None:
    endpoint = grpc_address.url if protocol == "grpc" else http_address.url
    run(METRICS.format(protocol=protocol), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_INSECURE="true")


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_phoenix_register(
    grpc_address: Address, http_address: Address, ingest: HeldIngest, protocol: str, batch: bool
) -> None:
    endpoint = grpc_address.url if protocol == "grpc" else f"{http_address.url}/v1/traces"
    run(PHOENIX.format(endpoint=endpoint, protocol=protocol, batch=batch))
    (span,) = ingest.spans
    assert (span.name, span.kind) == ("agent", "AGENT")
    assert ingest.batches[0].resources[0].project == "travel"


@pytest.mark.parametrize("host", ["host", "base_url"])
def test_langfuse_by_its_host_setting(http_address: Address, ingest: HeldIngest, host: str) -> None:
    run(LANGFUSE.format(host=host, endpoint=http_address.url))
    (span,) = ingest.spans
    assert (span.name, ingest.batches[0].scopes[0].name) == ("answer", "langfuse-sdk")


def test_langfuse_by_its_environment(http_address: Address, ingest: HeldIngest) -> None:
    run(
        "from langfuse import get_client, observe\n@observe()\ndef job(): return 1\njob()\nget_client().flush()\n",
        LANGFUSE_HOST=http_address.url,
        LANGFUSE_PUBLIC_KEY="pk",
        LANGFUSE_SECRET_KEY="sk",
    )
    assert ingest.names == ["job"]


def test_langsmith_by_its_endpoint_setting(http_address: Address, ingest: HeldIngest) -> None:
    run(
        LANGSMITH.format(endpoint=http_address.url),
        LANGSMITH_OTEL_ENABLED="true",
        LANGSMITH_TRACING="true",
        LANGSMITH_OTEL_ONLY="true",
        LANGSMITH_ENDPOINT=http_address.url,
        LANGSMITH_API_KEY="lsv2",
    )
    assert ingest.names == ["answer"]
