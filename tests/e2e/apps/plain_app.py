"""A plain OpenTelemetry SDK app with a hand-written GenAI span, over HTTP/protobuf. Argument: the endpoint."""

import json
import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

provider = TracerProvider(resource=Resource.create({"service.name": "plain-service"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1])))
tracer = provider.get_tracer("plain.app")
with (
    tracer.start_as_current_span("GET /ask", kind=SpanKind.SERVER),
    tracer.start_as_current_span("chat gpt-4.1", kind=SpanKind.CLIENT) as span,
):
    span.set_attribute("gen_ai.operation.name", "chat")
    span.set_attribute("gen_ai.provider.name", "openai")
    span.set_attribute("gen_ai.request.model", "gpt-4.1")
    span.set_attribute("gen_ai.usage.input_tokens", 1234)
    span.set_attribute("gen_ai.usage.output_tokens", 56)
    asked = [{"role": "user", "parts": [{"type": "text", "content": "What is a span?"}]}]
    said = [{"role": "assistant", "parts": [{"type": "text", "content": "A named, timed piece of work."}]}]
    span.set_attribute("gen_ai.input.messages", json.dumps(asked))
    span.set_attribute("gen_ai.output.messages", json.dumps(said))
provider.shutdown()
