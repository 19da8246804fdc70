"""An app as `tracetui run` runs it: the plain SDK, told where to export by the environment alone."""

import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import StatusCode

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("apps")
with tracer.start_as_current_span("greet") as root, tracer.start_as_current_span("chat") as call:
    root.set_attribute("said", sys.stdin.readline().strip())
    call.set_attribute("gen_ai.operation.name", "chat")
    call.set_attribute("gen_ai.usage.input_tokens", 1200)
    call.set_attribute("gen_ai.usage.output_tokens", 34)
    call.set_status(StatusCode.ERROR, "too late")
provider.shutdown()
print("the app's own words")
sys.exit(5)
