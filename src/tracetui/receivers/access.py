"""Who may ask: the checks of a request's headers that keep web pages and foreign names out.

A page in a browser on this machine can reach loopback; it cannot pass these. Tokens and TLS have their place here too.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from tracetui.receivers import answers
from tracetui.receivers.answers import Answer

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)
_OWN_SITES = {"none", "same-origin"}


def refusal(headers: Mapping[str, str]) -> Answer | None:
    """The answer to a request that may not be made, or None.

    Args:
        headers: The request's headers, looked up without regard to case.
    """
    match = _HOST.fullmatch(headers.get("Host", ""))
    if match is None:
        return answers.bad_host()
    if not is_own_host(match["name"]):
        return answers.forbidden("The Host header names another machine. Use localhost or an IP address.")
    if "Origin" in headers:
        return answers.forbidden("Requests from web pages (with an Origin header) are not taken.")
    if headers.get("Sec-Fetch-Site", "none").lower() not in _OWN_SITES:
        return answers.forbidden("Requests from web pages (with a Sec-Fetch-Site header) are not taken.")
    return None


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
