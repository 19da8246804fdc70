"""Who may send: the checks that keep web pages, foreign names and strangers out.

A page in a browser on this machine can reach loopback; it cannot pass these. The same rules hold for HTTP headers and
for the metadata of a gRPC call (contract, section 10).
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import ssl
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from tracetui.config import Access, Address
from tracetui.errors import ReceiverError
from tracetui.receivers import answers
from tracetui.receivers.answers import Answer

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)
_BEARER = re.compile(r"bearer +(?P<token>\S+) *", re.IGNORECASE | re.ASCII)
_OWN_SITES = {"none", "same-origin"}
_KEY_HEADERS = {"api_key", "x-api-key"}
_FOREIGN = "The Host header names another machine. Use localhost or an IP address, or set hosts in [access]."
_PAGE = "Requests from web pages (with {} header) are not taken, unless origins in [access] names the page."


class Gate:
    """The checks of one process.

    Args:
        access: Who may send.
    """

    def __init__(self, access: Access | None = None) -> None:
        self.access = access or Access()
        """Who may send."""

    def refusal(self, headers: Mapping[str, str]) -> Answer | None:
        """The answer to a request that comes from where it must not, or None.

        Args:
            headers: The request's headers, looked up without regard to case.
        """
        match = _HOST.fullmatch(headers.get("Host", ""))
        if match is None:
            return answers.bad_host()
        if not self._is_own(match["name"]):
            return answers.forbidden(_FOREIGN)
        origin = headers.get("Origin")
        if origin is not None and origin.lower() not in self.access.origins:
            return answers.forbidden(_PAGE.format("an Origin"))
        if origin is None and headers.get("Sec-Fetch-Site", "none").lower() not in _OWN_SITES:
            return answers.forbidden(_PAGE.format("a Sec-Fetch-Site"))
        return None

    def foreign(self, authority: str) -> Answer | None:
        """The answer to a gRPC call for another machine, or None."""
        match = _HOST.fullmatch(authority)
        return None if match is not None and self._is_own(match["name"]) else answers.forbidden(_FOREIGN)

    def stranger(self, offered: Iterable[tuple[str, str]]) -> Answer | None:
        """The answer to a sender that does not show the token, or None.

        Args:
            offered: Names and values of headers or metadata, each line of a repeated one.
        """
        if not self.access.token:
            return None
        shown = {token for name, value in offered if (token := _token(name.lower(), value))}
        if not shown:
            return answers.unauthenticated("A token is needed: send `authorization: Bearer TOKEN`, or x-api-key.")
        if len(shown) > 1:
            return answers.unauthenticated("Two different tokens were sent.")
        # compared as bytes in constant time: how long it takes tells nothing of the token
        if not hmac.compare_digest(shown.pop().encode(), self.access.token.encode()):
            return answers.unauthenticated("The token is not the one that is configured here.")
        return None

    def _is_own(self, name: str) -> bool:
        return is_own_host(name) or name.lower().rstrip(".") in self.access.hosts


def _token(name: str, value: str) -> str:
    if name == "authorization":
        match = _BEARER.fullmatch(value.strip())
        return match["token"] if match is not None else ""
    return value.strip() if name in _KEY_HEADERS else ""


def is_own_host(name: str) -> bool:
    """Whether a name cannot be a foreign domain that was pointed here: an IP literal, localhost, or a single label."""
    lowered = name.lower().rstrip(".")
    if "." not in lowered and ":" not in lowered:
        return True
    if lowered.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(lowered.strip("[]"))
    except ValueError:
        return False
    return True


def check_exposure(address: Address, access: Access) -> None:
    """Make sure that an address which others can reach is guarded.

    Raises:
        ReceiverError: It is not; says what to do.
    """
    if access.leaves_open(address) and not access.allow_unauthenticated:
        raise ReceiverError(
            f"{address} can be reached from other machines, and anyone could send to it.",
            hint="Set TRACETUI_TOKEN, or tls_client_ca in [access], or allow it with TRACETUI_ALLOW_UNAUTHENTICATED=1.",
        )


def check_key_file(path: Path) -> None:
    """Make sure that nobody else may read a private key.

    Raises:
        ReceiverError: Others may, or it is not there.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ReceiverError(f"The key file {path} cannot be read: {error.strerror}.", hint="Check tls_key.") from error
    if stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise ReceiverError(f"Others may read the key file {path}.", hint=f"Run: chmod 600 {path}")


def server_tls(access: Access) -> ssl.SSLContext | None:
    """How a listener speaks TLS, 1.2 or newer; None where it does not.

    Raises:
        ReceiverError: A file cannot be used; says which.
    """
    if access.tls_cert is None or access.tls_key is None:
        return None
    check_key_file(access.tls_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(access.tls_cert, access.tls_key)
        if access.tls_client_ca is not None:
            context.load_verify_locations(access.tls_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:  # of which ssl.SSLError is one
        files = ", ".join(str(path) for path in (access.tls_cert, access.tls_key, access.tls_client_ca) if path)
        reason = getattr(error, "reason", None) or error.strerror or "not PEM"
        raise ReceiverError(
            f"TLS cannot be set up with {files}: {reason}.", hint="Check the files' contents."
        ) from error
    return context


__all__ = ["Gate", "check_exposure", "check_key_file", "is_own_host", "server_tls"]
