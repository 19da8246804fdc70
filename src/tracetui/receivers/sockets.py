"""Listening sockets: both loopback addresses for one, and a port that is taken said in plain words."""

from __future__ import annotations

import errno
import resource
import socket

from tracetui.config import Address
from tracetui.errors import ReceiverError

BACKLOG = 128
"""Connections that may wait to be accepted."""

_LOOPBACK = "127.0.0.1"
_LOOPBACK_6 = "::1"
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}


MANY_FILES = 4_096
"""Descriptors that the most connections of all listeners, the store and the screen need."""


def allow_many_files() -> None:
    """Let this process have as many descriptors as it may need; many systems allow 1,024 unless asked for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else min(MANY_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listening_sockets(address: Address, *, option: str) -> list[socket.socket]:
    """Open and bind sockets for an address.

    `127.0.0.1` and `localhost` also listen on `::1` where this machine has it, so that a sender that resolves
    `localhost` arrives either way. With port 0 the system chooses, one port for both.

    Args:
        address: Where to listen.
        option: The flag that sets it, for the hint.

    Raises:
        ReceiverError: It cannot be opened; names the address and what to do.
    """
    hosts = [_LOOPBACK, _LOOPBACK_6] if address.host in (_LOOPBACK, "localhost") else [address.host]
    sockets: list[socket.socket] = []
    port = address.port
    for host in hosts:
        here = Address(host, port)
        try:
            sockets.append(_listen(here))
        except OSError as error:
            if host == _LOOPBACK_6 and sockets and error.errno in _NO_IPV6:
                continue
            for opened in sockets:
                opened.close()
            raise cannot_listen(here, error, option=option) from error
        port = sockets[0].getsockname()[1]
    return sockets


def _listen(address: Address) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setblocking(False)
        opened.bind(place)
        opened.listen(BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened


def cannot_listen(address: Address, error: OSError, *, option: str) -> ReceiverError:
    """The error for an address that cannot be opened."""
    if error.errno == errno.EADDRINUSE:
        return ReceiverError(
            f"{address} is in use by another program.",
            hint=f"Stop it (Phoenix, Jaeger or an OpenTelemetry Collector, perhaps), or choose with {option}.",
        )
    if error.errno == errno.EACCES:
        return ReceiverError(
            f"{address} may not be opened by this user.", hint=f"Choose a port from 1024 up with {option}."
        )
    return ReceiverError(
        f"{address} cannot be opened: {error.strerror or error}.", hint=f"Choose another with {option}."
    )
