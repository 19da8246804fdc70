"""A sender process: encodes its requests, waits to be told, sends them, says on stdout what was acknowledged when.

    python -m benchmarks.sender {grpc,http} PORT --spans N [--rate SPANS_PER_S] [--in-flight N]

Prints `ready` once everything is encoded and the connections stand, and starts at the first line on stdin. With a rate
it sends until stdin ends; without, as fast as answers come. Its last line is JSON: spans taken, spans refused, seconds.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence

from benchmarks import payloads
from tracetui.model.clock import SystemClock

GRPC_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

Send = Callable[[bytes], bool]
"""Sends one request and says whether it was acknowledged."""


def grpc_senders(port: int, count: int) -> list[Send]:
    import grpc  # deferred: the HTTP sender does without

    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_send_message_length", -1)])
    grpc.channel_ready_future(channel).result(timeout=20)
    call = channel.unary_unary(GRPC_METHOD, request_serializer=None, response_deserializer=None)

    def send(body: bytes) -> bool:
        try:
            call(body, timeout=30)
        except grpc.RpcError:
            return False
        return True

    return [send] * count


def http_senders(port: int, count: int) -> list[Send]:
    return [_http_sender(port) for _ in range(count)]


def _http_sender(port: int) -> Send:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()

    def send(body: bytes) -> bool:
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        response = connection.getresponse()
        response.read()
        return response.status == 200

    return send


class Sending:
    """What several threads have sent together."""

    def __init__(self, bodies: Sequence[bytes], counts: Sequence[int]) -> None:
        self.acked = self.refused = 0
        self._requests = iter(zip(bodies, counts, strict=True))
        self._lock = threading.Lock()

    def run(self, send: Send) -> None:
        while True:
            with self._lock:
                request = next(self._requests, None)
            if request is None:
                return
            body, spans = request
            taken = send(body)
            with self._lock:
                self.acked += spans if taken else 0
                self.refused += 0 if taken else spans


def burst(senders: Sequence[Send], bodies: Sequence[bytes], counts: Sequence[int]) -> dict[str, float]:
    """All requests as fast as answers come."""
    sending = Sending(bodies, counts)
    threads = [threading.Thread(target=sending.run, args=(send,)) for send in senders]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"acked": sending.acked, "refused": sending.refused, "seconds": time.perf_counter() - started}


def steady(send: Send, rate: int, per_request: int, seed: int) -> dict[str, float]:
    """New traces at a steady rate until stdin ends. Ids differ from one request to the next."""
    ended = threading.Event()

    def await_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=await_end, daemon=True).start()
    acked = refused = 0
    started = time.perf_counter()
    for number in itertools.count():
        [body] = payloads.requests(
            per_request, seed=seed * 1_000_003 + number, per_request=per_request, start_nano=SystemClock().now_nano()
        )
        if ended.wait(max(0.0, started + number * per_request / rate - time.perf_counter())):
            break
        if send(body):
            acked += per_request
        else:
            refused += per_request
    return {"acked": acked, "refused": refused, "seconds": time.perf_counter() - started}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("protocol", choices=["grpc", "http"])
    parser.add_argument("port", type=int)
    parser.add_argument("--spans", type=int, default=0)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--in-flight", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    size = payloads.SPANS_PER_REQUEST
    bodies = list(payloads.requests(given.spans, seed=given.seed))
    counts = [min(size, given.spans - first) for first in range(0, given.spans, size)]
    make = grpc_senders if given.protocol == "grpc" else http_senders
    senders = make(given.port, 1 if given.rate else given.in_flight)
    print("ready", flush=True)
    sys.stdin.readline()
    if given.rate:
        result = steady(senders[0], given.rate, max(1, given.rate // 20), given.seed)
    else:
        result = burst(senders, bodies, counts)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
