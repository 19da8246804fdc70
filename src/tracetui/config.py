"""Settings: defaults, then the configuration file, then `TRACETUI_*` in the environment, then flags."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from tracetui.errors import UsageError

OFF = "off"
"""The address that disables a listener."""


class Address(NamedTuple):
    """Where a listener listens. Port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as an HTTP URL."""
        return f"http://{self}"

    @property
    def is_exposed(self) -> bool:
        """Whether other machines can reach it, as far as it says: a name that is not known counts as reachable."""
        host = self.host.lower()
        return not (host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdecimal()))


class Access(Struct, frozen=True):
    """Who may send: nobody but this machine's own programs unless told otherwise."""

    token: str = ""
    """What a sender must show; empty for nothing. Comes from a file or the environment, never from a command line."""
    tls_cert: Path | None = None
    """A PEM file with the certificate chain; with it and `tls_key` every listener speaks TLS."""
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    """A PEM file with the authorities whose client certificates are asked for; None asks for none."""
    hosts: tuple[str, ...] = ()
    """Names this machine is known by, beside localhost, IP addresses and names without a dot."""
    origins: tuple[str, ...] = ()
    """Web pages that may send, as `https://app.example`."""
    allow_unauthenticated: bool = False
    """Whether an address that others can reach may be listened on without a token or client certificates."""

    def __repr__(self) -> str:
        """All but the token, which must not get into a log."""
        return f"Access({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for Rich."""
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "token"]

    @property
    def authenticates(self) -> bool:
        """Whether a sender has to show who it is."""
        return bool(self.token) or self.tls_client_ca is not None

    def leaves_open(self, address: Address) -> bool:
        """Whether anyone who can reach the network of this machine may send to an address."""
        return address.is_exposed and not self.authenticates


class Settings(Struct, frozen=True):
    """Everything that can be set, each field with where it comes from by default."""

    db: Path = field(default_factory=lambda: data_dir() / "tracetui.db")
    """The database file."""
    grpc: Address | None = Address("127.0.0.1", 4317)
    """Where OTLP/gRPC listens; None when off."""
    http: tuple[Address, ...] = (Address("127.0.0.1", 4318), Address("127.0.0.1", 6006))
    """Where OTLP/HTTP listens; empty when off."""
    prices: Path | None = field(default_factory=lambda: config_file().with_name("prices.toml"))
    """The user's own prices, a file that may be absent; None when off."""
    filters: Path = field(default_factory=lambda: config_file().with_name("filters.toml"))
    """The user's saved filters, a file that may be absent."""
    history: Path | None = field(default_factory=lambda: state_dir() / "history")
    """Filters that were typed before, a file that may be absent; None when off."""
    receive: bool = True
    """Whether to listen at all; without it the explorer only reads."""
    theme: str = "tracetui-dark"
    """The colour theme: `tracetui-dark`, `tracetui-light`, `tracetui-ansi`, or any theme of Textual's."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Command id to the keys (comma between them) that replace its default."""
    access: Access = Access()
    """Who may send."""
    max_size: int | None = None
    """Bytes that the database may hold; the oldest traces are removed beyond. None for any number."""
    max_age: int | None = None
    """Nanoseconds for which traces are kept after their end; None for ever."""


def data_dir() -> Path:
    """The folder for data, by the XDG rules of this platform."""
    from platformdirs import user_data_path  # deferred: 10 ms that `tracetui --db PATH` need not pay

    return user_data_path("tracetui", appauthor=False)


def state_dir() -> Path:
    """The folder for what is remembered from run to run, by the XDG rules of this platform."""
    from platformdirs import user_state_path  # deferred: as above

    return user_state_path("tracetui", appauthor=False)


def config_file() -> Path:
    """The configuration file read when no other is named."""
    from platformdirs import user_config_path  # deferred: as above

    return user_config_path("tracetui", appauthor=False) / "config.toml"


def load(
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    db: Path | None = None,
    grpc: str | None = None,
    http: tuple[str, ...] = (),
    receive: bool | None = None,
    theme: str | None = None,
    max_size: str | None = None,
    max_age: str | None = None,
) -> Settings:
    """Settings from all four places.

    Args:
        config: The configuration file; None for the usual one, which may be absent.
        environ: The environment; None for this process's.
        db: The flag `--db`.
        grpc: The flag `--grpc`.
        http: The flags `--http`.
        receive: The flag `--no-receive` as False.
        theme: The flag `--theme`.
        max_size: The flag `--max-size`.
        max_age: The flag `--max-age`.

    Raises:
        UsageError: A value, or the file, is wrong; says which.
    """
    env = os.environ if environ is None else environ
    named = config or (Path(env["TRACETUI_CONFIG"]) if env.get("TRACETUI_CONFIG") else None)
    values = _read_file(named)
    for key, name in (
        ("db", "TRACETUI_DB"),
        ("grpc", "TRACETUI_GRPC"),
        ("http", "TRACETUI_HTTP"),
        ("prices", "TRACETUI_PRICES"),
        ("theme", "TRACETUI_THEME"),
        ("max_size", "TRACETUI_MAX_SIZE"),
        ("max_age", "TRACETUI_MAX_AGE"),
    ):
        if env.get(name):
            values[key] = env[name]
    _read_access(values, env)
    for key, flag in (
        ("db", db),
        ("grpc", grpc),
        ("http", list(http) or None),
        ("receive", receive),
        ("theme", theme),
        ("max_size", max_size),
        ("max_age", max_age),
    ):
        if flag is not None:
            values[key] = flag
    return _settings(values)


def _read_file(named: Path | None) -> dict[str, object]:
    path = named or config_file()
    try:
        text = path.read_bytes()
        import tomllib  # deferred: 2 ms, and most have no configuration

        values: dict[str, object] = tomllib.loads(text.decode())
    except FileNotFoundError:
        if named is None:
            return {}
        raise UsageError(f"The configuration file {path} does not exist.", hint="Check --config.") from None
    except (OSError, ValueError) as error:  # also what is no TOML, or no UTF-8
        raise UsageError(
            f"The configuration file {path} cannot be read: {error}.", hint="Mend or remove it."
        ) from error
    known = set(Settings.__struct_fields__)
    for key in values:
        if key not in known:
            raise UsageError(f"{path}: unknown setting {key!r}.", hint=f"Known: {', '.join(sorted(known))}.")
    return values


def _settings(values: dict[str, object]) -> Settings:
    settings = Settings()
    if "db" in values:
        settings = replace(settings, db=Path(str(values["db"])).expanduser())
    if "grpc" in values:
        grpc = str(values["grpc"])
        settings = replace(settings, grpc=None if grpc == OFF else parse_address(grpc, "--grpc"))
    if "http" in values:
        given = values["http"]
        texts = [str(item) for item in given] if isinstance(given, list) else str(given).split(",")
        addresses = tuple(parse_address(text.strip(), "--http") for text in texts if text.strip() not in (OFF, ""))
        settings = replace(settings, http=addresses)
    if "prices" in values:
        prices = str(values["prices"])
        settings = replace(settings, prices=None if prices == OFF else Path(prices).expanduser())
    if "filters" in values:
        settings = replace(settings, filters=Path(str(values["filters"])).expanduser())
    if "history" in values:
        history = str(values["history"])
        settings = replace(settings, history=None if history == OFF else Path(history).expanduser())
    if "receive" in values:
        settings = replace(settings, receive=bool(values["receive"]))
    if "theme" in values:
        settings = replace(settings, theme=str(values["theme"]))
    if isinstance(keymap := values.get("keymap"), dict):
        settings = replace(settings, keymap={str(key): str(keys) for key, keys in keymap.items()})
    if "max_size" in values:
        settings = replace(settings, max_size=parse_size(str(values["max_size"]), "--max-size"))
    if "max_age" in values:
        settings = replace(settings, max_age=parse_age(str(values["max_age"]), "--max-age"))
    if isinstance(access := values.get("access"), dict):
        settings = replace(settings, access=_access(access))
    return settings


def _read_access(values: dict[str, object], env: Mapping[str, str]) -> None:
    """Add to the file's `[access]` what the environment says."""
    written = values.get("access", {})
    if not isinstance(written, dict):
        raise UsageError("The setting access must be a table.", hint="Write it as [access], its settings below.")
    if "token" in written:
        raise UsageError(
            "A token does not belong into the configuration file.",
            hint="Put it into a file of its own and name that with token_file, or set TRACETUI_TOKEN.",
        )
    access: dict[str, object] = dict(written)
    for key in (*_ACCESS_KEYS, "token"):
        if given := env.get(f"TRACETUI_{key.upper()}"):
            access[key] = given
    if access:
        values["access"] = access


_ACCESS_KEYS = (
    "token_file",
    "tls_cert",
    "tls_key",
    "tls_client_ca",
    "hosts",
    "origins",
    "allow_unauthenticated",
)


def _access(values: Mapping[str, object]) -> Access:
    for name in values:
        if name not in (*_ACCESS_KEYS, "token"):
            raise UsageError(f"[access]: unknown setting {name!r}.", hint=f"Known: {', '.join(_ACCESS_KEYS)}.")
    cert, key, client_ca = map(_path, map(values.get, ("tls_cert", "tls_key", "tls_client_ca")))
    if (cert is None) != (key is None) or (client_ca is not None and cert is None):
        raise UsageError("TLS needs both tls_cert and tls_key.", hint="Name both files, or neither.")
    return Access(
        token=str(values.get("token") or "").strip() or _token_in(_path(values.get("token_file"))),
        tls_cert=cert,
        tls_key=key,
        tls_client_ca=client_ca,
        hosts=_words(values.get("hosts")),
        origins=_words(values.get("origins")),
        allow_unauthenticated=str(values.get("allow_unauthenticated", "")).lower() in ("true", "1", "yes", "on"),
    )


def _token_in(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The token file {path} cannot be read: {error}.", hint="Check token_file.") from error
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"The token file {path} holds no token.", hint="Write one line of ASCII without spaces in it.")
    return token


def _path(value: object) -> Path | None:
    return Path(str(value)).expanduser() if value else None


def _words(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else str(value or "").split(",")
    return tuple(word for item in items if (word := str(item).strip().lower().rstrip("/.")))


SMALLEST_SIZE = 20 * 10**6
"""Bytes of the smallest limit: below, what a database needs for itself would leave no room for traces."""

_SIZES = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_AGES = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def parse_size(text: str, where: str) -> int | None:
    """Bytes from `2GB`, `500 MB` or `1.5GiB`; None from `off`.

    Raises:
        UsageError: It is none of these.
    """
    found = _quantity(text, _SIZES)
    if found is None and text.strip().lower() != OFF:
        raise UsageError(f"{where}: {text!r} is no size.", hint=f"For example 2GB, 500MB, or {OFF}.")
    if found is not None and found < SMALLEST_SIZE:
        raise UsageError(f"{where}: {text} is too small.", hint="An empty database has a megabyte; give 20MB or more.")
    return found


def parse_age(text: str, where: str) -> int | None:
    """Nanoseconds from `30d`, `12h`, `2w` or `90m`; None from `off`.

    Raises:
        UsageError: It is none of these.
    """
    found = _quantity(text, _AGES)
    if found is None and text.strip().lower() != OFF:
        raise UsageError(f"{where}: {text!r} is no age.", hint=f"For example 30d, 12h, 2w, or {OFF}.")
    return None if found is None else found * 10**9


def _quantity(text: str, units: Mapping[str, int]) -> int | None:
    """A number with a unit, which is more than nothing."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]+)", text.strip().lower(), re.ASCII)
    unit = units.get(match[2]) if match is not None else None
    return int(float(match[1]) * unit) or None if match is not None and unit is not None else None


def parse_address(text: str, where: str) -> Address:
    """An address from `HOST:PORT`, `:PORT` or `PORT`.

    Raises:
        UsageError: It is none of these.
    """
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(
            f"{where}: {text!r} is not HOST:PORT.",
            hint=f"For example {where} 127.0.0.1:{4317 if where == '--grpc' else 4318}, or {OFF}.",
        )
    return Address(host.strip("[]") or "127.0.0.1", int(port))
