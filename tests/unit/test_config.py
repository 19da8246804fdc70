"""Who may send, from the file and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from tracetui.config import Access, Settings, load
from tracetui.errors import UsageError


def access(tmp_path: Path, text: str = "", **environ: str) -> Access:
    """What the `[access]` table and the environment make."""
    config = tmp_path / "config.toml"
    config.write_text(f"[access]\n{text}")
    return load(config=config, environ=environ).access


def test_nothing_is_asked_of_senders_by_default(tmp_path: Path) -> None:
    assert access(tmp_path) == Access()


def test_the_file_names_files_hosts_and_pages(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    found = access(
        tmp_path,
        f'token_file = "{tmp_path}/token"\ntls_cert = "c.pem"\ntls_key = "~/k.pem"\n'
        'hosts = ["Traces.example."]\norigins = ["https://App.example/"]\nallow_unauthenticated = true',
    )
    assert found == Access(
        token="s3cret",
        tls_cert=Path("c.pem"),
        tls_key=Path("~/k.pem").expanduser(),
        hosts=("traces.example",),
        origins=("https://app.example",),
        allow_unauthenticated=True,
    )


def test_the_environment_wins(tmp_path: Path) -> None:
    found = access(
        tmp_path,
        'hosts = ["a.example"]\nallow_unauthenticated = true',
        TRACETUI_TOKEN=" t0ken ",
        TRACETUI_HOSTS="b.example, c.example",
        TRACETUI_ALLOW_UNAUTHENTICATED="0",
    )
    assert found == Access(token="t0ken", hosts=("b.example", "c.example"))


def test_a_token_is_never_printed(tmp_path: Path) -> None:
    found = access(tmp_path, TRACETUI_TOKEN="t0ken", TRACETUI_HOSTS="a.example")
    for printed in (repr(found), pretty_repr(found), repr(Settings(access=found)), pretty_repr(Settings(access=found))):
        assert "a.example" in printed and "t0ken" not in printed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('token = "s3cret"', "does not belong"),
        ('tls_cert = "c.pem"', "tls_key"),
        ('tls_client_ca = "c.pem"', "tls_key"),
        ('token_file = "/does/not/exist"', "/does/not/exist"),
        ("tokens = 1", "'tokens'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        access(tmp_path, text)


@pytest.mark.parametrize("content", ["", "two words", "zwei\nzeilen", "caf\u00e9", "a\x07b"])
def test_a_token_file_without_a_token_is_an_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(UsageError, match="holds no token"):
        access(tmp_path, TRACETUI_TOKEN_FILE=str(file))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2GB", 2 * 10**9),
        ("500 mb", 500 * 10**6),
        ("20MB", 20 * 10**6),
        ("20001kB", 20_001 * 10**3),
        ("3TB", 3 * 10**12),
        ("1.5GiB", 3 * 2**29),
        ("20000KiB", 20_000 * 2**10),
        ("21 MiB", 21 * 2**20),
        ("2TiB", 2**41),
        ("off", None),
        (" OFF ", None),
    ],
)
def test_sizes(text: str, expected: int | None) -> None:
    assert load(config=None, environ={"TRACETUI_MAX_SIZE": text}).max_size == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", 30 * 86_400),
        ("12h", 43_200),
        ("2W", 1_209_600),
        ("90m", 5_400),
        ("1.5d", 129_600),
        ("off", None),
        ("Off ", None),
    ],
)
def test_ages(text: str, expected: int | None) -> None:
    found = load(config=None, environ={"TRACETUI_MAX_AGE": text}).max_age
    assert found == (None if expected is None else expected * 10**9)


def test_a_flag_overrules_a_limit_of_the_environment_and_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('max_size = "1GB"\nmax_age = "1h"\n')
    environ = {"TRACETUI_MAX_SIZE": "2GB"}
    found = load(config=file, environ=environ)
    assert (found.max_size, found.max_age) == (2 * 10**9, 3_600 * 10**9)
    found = load(config=file, environ=environ, max_size="3GB", max_age="off")
    assert (found.max_size, found.max_age) == (3 * 10**9, None)
    with pytest.raises(UsageError, match=r"--max-size: 'much'"):
        load(config=file, environ=environ, max_size="much")
    with pytest.raises(UsageError, match=r"--max-age: 'old'"):
        load(config=file, environ=environ, max_age="old")


@pytest.mark.parametrize("text", ["2", "GB", "0GB", "-1GB", "1e9GB", "2 dozen", "9" * 20 + "GB"])
def test_what_is_no_size_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="is no size"):
        load(config=None, environ={"TRACETUI_MAX_SIZE": text})


@pytest.mark.parametrize("text", ["2", "d", "0d", "-3d", "30 s", "1e3d", "3 moons"])
def test_what_is_no_age_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="is no age"):
        load(config=None, environ={"TRACETUI_MAX_AGE": text})


def test_a_size_without_room_for_traces_is_an_error() -> None:
    with pytest.raises(UsageError, match="too small"):
        load(config=None, environ={"TRACETUI_MAX_SIZE": "19MB"})


@pytest.mark.parametrize("content", [b"theme = [", b'theme = "\xff"'])
def test_a_configuration_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"config\.toml cannot be read"):
        load(config=tmp_path / "config.toml", environ={})


def test_a_place_that_cannot_be_looked_into_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr("tracetui.config.config_file", lambda: tmp_path / "file" / "config.toml")
    with pytest.raises(UsageError, match=r"config\.toml cannot be read"):
        load(environ={})
