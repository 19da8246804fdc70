"""A stand-in for the OpenAI API on loopback: chat completions with tool calls, streaming and errors, no more.

What it answers depends on the request alone, so tests can say beforehand what a viewer must show.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOOL_CALL = {"name": "get_weather", "arguments": {"city": "Lisbon", "unit": "celsius"}}
TOOL_ANSWER = "It is 21 degrees and sunny in Lisbon today."
STREAMED_ANSWER = "Streaming is nice because words arrive early."
ERROR_MESSAGE = "The engine is overloaded, please try later"


def _completion(model: str, message: dict[str, Any], finish_reason: str, usage: tuple[int, int]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_767_225_600, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}],
        "usage": _usage(usage),
    }  # fmt: skip


def _usage(usage: tuple[int, int]) -> dict[str, Any]:
    return {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request that is neither streamed nor fails."""
    model = request["model"] + "-2024-07-18"
    last = request["messages"][-1]
    if last["role"] == "tool":
        return _completion(model, {"role": "assistant", "content": TOOL_ANSWER}, "stop", (498, 27))
    if request.get("tools"):
        call = {
            "id": "call_lisbon", "type": "function",
            "function": {"name": TOOL_CALL["name"], "arguments": json.dumps(TOOL_CALL["arguments"])},
        }  # fmt: skip
        return _completion(model, {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls", (412, 38))
    return _completion(model, {"role": "assistant", "content": "Hello back."}, "stop", (9, 3))


def stream(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The pieces of a streamed answer, the usage last."""
    base = {"id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": request["model"]}
    for word in STREAMED_ANSWER.split(" "):
        yield {**base, "choices": [{"index": 0, "delta": {"role": "assistant", "content": word + " "}}]}
    yield {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    yield {**base, "choices": [], "usage": _usage((61, 8))}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "fail" in json.dumps(request["messages"][-1].get("content") or ""):
            self._send(503, {"error": {"message": ERROR_MESSAGE, "type": "server_error", "code": "overloaded"}})
        elif request.get("stream"):
            body = "".join(f"data: {json.dumps(piece)}\n\n" for piece in stream(request)) + "data: [DONE]\n\n"
            self._send_bytes(200, "text/event-stream", body.encode())
        else:
            self._send(200, answer(request))

    def _send(self, status: int, body: dict[str, Any]) -> None:
        self._send_bytes(status, "application/json", json.dumps(body).encode())

    def _send_bytes(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
        """Say nothing."""


class FakeOpenAI:
    """The server, in a thread, on a port of the system's choice; a context manager."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> FakeOpenAI:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
