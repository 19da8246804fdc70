"""A real app as a user would write it: phoenix.otel.register, OpenInference's OpenAI instrumentation, the OpenAI SDK.

Arguments: the endpoint, and optionally the protocol. OPENAI_BASE_URL names the model server.
"""

import contextlib
import json
import sys

import openai
from openinference.instrumentation.openai import OpenAIInstrumentor
from phoenix.otel import register

endpoint, protocol = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
provider = register(project_name="holiday", endpoint=endpoint, protocol=protocol, batch=True, verbose=False)
OpenAIInstrumentor().instrument(tracer_provider=provider)
tracer = provider.get_tracer("holiday.app")
client = openai.OpenAI(api_key="sk-fake", max_retries=0)
tool = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "unit": {"type": "string"}}},
    },
}

with tracer.start_as_current_span("plan_holiday", openinference_span_kind="agent") as span:
    span.set_input("Where is it warm?")
    messages = [
        {"role": "system", "content": "You are a travel agent."},
        {"role": "user", "content": "How is the weather in Lisbon?"},
    ]
    first = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[tool])
    call = first.choices[0].message.tool_calls[0]
    messages.append(first.choices[0].message.model_dump(exclude_none=True))
    with tracer.start_as_current_span("get_weather", openinference_span_kind="tool") as tool_span:
        tool_span.set_input(json.loads(call.function.arguments))
        tool_span.set_output({"celsius": 21, "sky": "sunny"})
    messages.append({"role": "tool", "tool_call_id": call.id, "content": '{"celsius": 21, "sky": "sunny"}'})
    second = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[tool])
    span.set_output(second.choices[0].message.content)

with tracer.start_as_current_span("stream_words", openinference_span_kind="chain"):
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "Say something nice about streaming"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    for _ in stream:
        pass

with contextlib.suppress(openai.APIError), tracer.start_as_current_span("overloaded", openinference_span_kind="chain"):
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "please fail now"}])

provider.force_flush()
provider.shutdown()
