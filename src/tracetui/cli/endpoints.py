"""Where a tracetui can be reached, and the environment that sends an app's telemetry there."""

from __future__ import annotations

from urllib.parse import quote

from msgspec import Struct

from tracetui.config import Access, Address, Settings, parse_address
from tracetui.errors import StoreLockedError

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Listening everywhere is reached on loopback."""


class Endpoints(Struct, frozen=True):
    """The addresses of one tracetui."""

    http: tuple[Address, ...] = ()
    grpc: Address | None = None
    pid: int = 0
    """The process that listens there; 0 where none does yet."""
    access: Access = Access()
    """What it asks of senders."""

    @property
    def http_base(self) -> str:
        """The base URL for OTLP/HTTP; empty when it is off."""
        return self._url(self.http[0]) if self.http else ""

    def _url(self, address: Address) -> str:
        return address.url.replace("http:", "https:", 1) if self.access.tls_cert else address.url

    def environment(self) -> dict[str, str]:
        """Variables that make OpenTelemetry SDKs and Phoenix's `register` export here.

        Phoenix's `register` exports over gRPC unless told otherwise, to the endpoint's host at `PHOENIX_GRPC_PORT`.
        """
        if not self.http and self.grpc is None:
            return {}
        base = self.http_base or (self._url(self.grpc) if self.grpc else "")
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": base,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf" if self.http else "grpc",
            "PHOENIX_COLLECTOR_ENDPOINT": base,
        }
        if self.grpc is not None:
            variables["PHOENIX_GRPC_PORT"] = str(self.grpc.port)
        if self.access.token:
            variables["OTEL_EXPORTER_OTLP_HEADERS"] = f"authorization={quote(f'Bearer {self.access.token}')}"
            variables["PHOENIX_API_KEY"] = self.access.token
        if self.access.tls_cert:
            variables["OTEL_EXPORTER_OTLP_CERTIFICATE"] = str(self.access.tls_cert)
        return variables


def running_endpoints(settings: Settings) -> Endpoints | None:
    """Where the tracetui that writes this database listens; None when none does."""
    from tracetui.store.lock import read_owner

    owner = read_owner(settings.db)
    if owner is None:
        return None
    return Endpoints(
        http=tuple(reachable(parse_address(text, "the lock file")) for text in owner.http),
        grpc=reachable(parse_address(owner.grpc, "the lock file")) if owner.grpc else None,
        pid=owner.pid,
        access=settings.access,
    )


def configured_endpoints(settings: Settings) -> Endpoints:
    """Where a tracetui with these settings would listen."""
    return Endpoints(
        tuple(reachable(address) for address in settings.http),
        reachable(settings.grpc) if settings.grpc else None,
        access=settings.access,
    )


def not_listening(settings: Settings, running: Endpoints) -> StoreLockedError:
    """The error for a database whose writer takes no OTLP/HTTP (one that imports, say)."""
    return StoreLockedError(
        f"Another process (pid {running.pid}) writes {settings.db} and takes no OTLP/HTTP.",
        hint="Wait until it has ended, or choose another --db.",
    )


def reachable(address: Address) -> Address:
    """The address to connect to for one that is listened on."""
    return Address(_ANYWHERE.get(address.host, address.host), address.port)
