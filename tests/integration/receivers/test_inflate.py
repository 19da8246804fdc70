"""Decompression in pieces, up to a limit."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable

import pytest

from tracetui.errors import MalformedRequest, RequestTooLarge
from tracetui.receivers.inflate import inflate

MIB = 1024 * 1024
NOISE = random.Random(1).randbytes(2 * MIB + 5)


@pytest.mark.parametrize(
    "body", [b"", b"a", bytes(MIB), bytes(MIB + 1), bytes(3 * MIB - 1), NOISE, NOISE[:MIB] + bytes(MIB)]
)
@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_what_was_compressed_comes_back_up_to_the_limit(
    body: bytes, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    sent = compress(body)
    assert inflate(sent, encoding, limit=len(body)) == body
    if body:
        with pytest.raises(RequestTooLarge):
            inflate(sent, encoding, limit=len(body) - 1)
    for damaged in (sent[:-1], sent[:-5], sent + b"x"):
        with pytest.raises(MalformedRequest):
            inflate(damaged, encoding)


def test_gzip_members_count_as_one_body() -> None:
    assert inflate(gzip.compress(NOISE) + gzip.compress(b"") + gzip.compress(b"end"), "gzip") == NOISE + b"end"
    with pytest.raises(MalformedRequest):
        inflate(zlib.compress(b"a") + zlib.compress(b"b"), "deflate")


def test_a_bomb_is_given_up_at_the_limit() -> None:
    bomb = gzip.compress(bytes(200 * MIB), 9)
    with pytest.raises(RequestTooLarge, match="2 MiB"):
        inflate(bomb, "gzip", limit=2 * MIB)


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_plain_bodies_stay_as_they_are(encoding: str) -> None:
    assert inflate(b"plain", encoding) == b"plain"
