"""Opening a file: what is refused and how, what is made, what is mended."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.factories import make_batch, make_trace
from tests.support.corpus import offline
from tracetui.errors import NewerSchemaError, NotADatabaseError, StoreError, StoreLockedError
from tracetui.runtime import Runtime
from tracetui.store.sqlite import SqliteReader, SqliteWriter, connection, migrations, place, schema

OPENERS = [SqliteWriter, SqliteReader]


@pytest.mark.parametrize("opener", OPENERS)
def test_a_folder(tmp_path: Path, opener: type[SqliteWriter]) -> None:
    with pytest.raises(StoreError, match="is a folder") as refused:
        opener(tmp_path)
    assert str(tmp_path) in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("content", [b"just text, long enough to hold a header" * 10, b"x"])
def test_a_file_that_is_not_sqlite(tmp_path: Path, opener: type[SqliteWriter], content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(NotADatabaseError, match="not an SQLite database") as refused:
        opener(path)
    assert str(path) in refused.value.message
    assert path.read_bytes() == content


@pytest.mark.parametrize("opener", OPENERS)
def test_a_database_of_another_program(tmp_path: Path, opener: type[SqliteWriter]) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE mine (a)")
    before = path.read_bytes()
    with pytest.raises(NotADatabaseError, match="another program"):
        opener(path)
    assert path.read_bytes() == before


def newer_file(path: Path) -> bytes:
    """A file of a later version, which has a column and a table that are not known here; returns its bytes."""
    writer = SqliteWriter(path)
    writer.write([make_batch(*make_trace(1))])
    writer.close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("ALTER TABLE spans ADD COLUMN of_tomorrow TEXT NOT NULL DEFAULT 'x'")
        newer.execute("CREATE TABLE tomorrow (id INTEGER PRIMARY KEY)")
        newer.execute("PRAGMA user_version = 99")
        newer.commit()
    return path.read_bytes()


def test_a_file_from_a_newer_version_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    before = newer_file(path)
    with pytest.raises(NewerSchemaError, match=r"schema 99, this one knows \d") as refused:
        SqliteWriter(path)
    assert "Upgrade" in refused.value.hint
    assert path.read_bytes() == before
    assert not path.with_name("new.db-wal").exists() or path.with_name("new.db-wal").stat().st_size == 0


def test_a_file_from_a_newer_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    before = newer_file(path)
    reader = SqliteReader(path)
    assert reader.is_of_later_version
    assert [trace.span_count for trace in reader.traces()] == [3]
    reader.close()
    runtime = Runtime(offline(path), sets_aside=True)
    runtime.open_store()
    assert not runtime.is_writer
    assert isinstance(runtime.read_only, NewerSchemaError)
    runtime.stop()
    assert path.read_bytes() == before


def test_what_may_not_be_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that nobody can write: there is no lock, and no memory to agree by."""
    path = tmp_path / "a.db"
    writer = SqliteWriter(path)
    writer.write([make_batch(*make_trace(1))])
    writer.close()
    path.with_name("a.db.lock").unlink()
    real, opened = os.open, []

    def refusing(name: str, flags: int, *more: int, **also: int) -> int:
        if flags & (os.O_CREAT | os.O_RDWR):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(name))
        opened.append(name)
        return real(name, flags, *more, **also)

    monkeypatch.setattr(os, "open", refusing)
    monkeypatch.setattr(connection, "is_read_only", lambda folder: True)
    runtime = Runtime(offline(path))
    runtime.open_store()
    assert "Read-only" in str(runtime.read_only)
    reader = runtime.open_reader()
    assert reader.count_spans() == 3
    reader.close()
    runtime.stop()
    assert {file.name for file in tmp_path.iterdir()} == {"a.db"}, "nothing was made beside it"


MOUNTS = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 22 0:40 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2
41 40 0:41 / /home/me/local rw - tmpfs none rw
42 22 0:42 / /mnt/with\\040space rw - fuse.sshfs me@host:/ rw
43 22 0:43 / /over rw - ext4 /dev/vdb rw
44 22 0:44 / /over rw - cifs //server/share rw
"""


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/var/lib", "ext4"),
        ("/home", "nfs4"),
        ("/home/me", "nfs4"),
        ("/home/me/local/x", "tmpfs"),
        ("/homely", "ext4"),
        ("/mnt/with space/a", "fuse.sshfs"),
        ("/over", "cifs"),
    ],
)
def test_the_file_system_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, name: str) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(place, "MOUNTS", tmp_path / "mountinfo")
    assert place.file_system(Path(folder)) == name


def test_the_file_system_here_is_known() -> None:
    assert not place.MOUNTS.exists() or place.file_system(Path(__file__).parent)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_disk_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    (tmp_path / "mountinfo").write_text(f"40 22 0:40 / {tmp_path.resolve()} rw - {kind} server:/home rw\n")
    monkeypatch.setattr(place, "MOUNTS", tmp_path / "mountinfo")
    path = tmp_path / "a.db"
    with pytest.raises(StoreError, match=rf"on a network disk \({kind}\)") as refused:
        SqliteWriter(path)
    assert "--db" in refused.value.hint
    assert not path.exists()
    monkeypatch.setenv(place.ALLOWED_BY, "1")
    SqliteWriter(path).close()


@pytest.mark.parametrize("opener", OPENERS)
def test_a_damaged_file(tmp_path: Path, opener: type[SqliteWriter]) -> None:
    path = tmp_path / "torn.db"
    SqliteWriter(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * 4000 + whole[4100:])
    with pytest.raises(StoreError, match="damaged"):
        opener(path)


@pytest.mark.parametrize("opener", OPENERS)
def test_a_folder_that_is_a_file(tmp_path: Path, opener: type[SqliteWriter]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file"):
        opener(tmp_path / "file" / "a.db")


@pytest.mark.parametrize("opener", OPENERS)
def test_a_symbolic_link(tmp_path: Path, opener: type[SqliteWriter]) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    with pytest.raises(StoreError, match="symbolic link") as refused:
        opener(tmp_path / "link.db")
    assert str(tmp_path / "real.db") in refused.value.hint
    assert not (tmp_path / "real.db").exists()


@pytest.mark.parametrize("opener", OPENERS)
def test_a_device(opener: type[SqliteWriter]) -> None:
    with pytest.raises(StoreError, match="not a regular file"):
        opener(Path("/dev/null"))


def test_not_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions as `os.access` sees them, because the superuser, as whom tests may run, is refused nothing."""
    existing = tmp_path / "a.db"
    SqliteWriter(existing).close()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(StoreError, match="not writable") as refused:
        SqliteWriter(existing)
    assert str(existing) in refused.value.message
    with pytest.raises(StoreError, match=r"folder .* is not writable"):
        SqliteWriter(tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


def test_a_second_writer(tmp_path: Path) -> None:
    first = SqliteWriter(tmp_path / "a.db")
    with pytest.raises(StoreLockedError, match=f"pid {os.getpid()}"):
        SqliteWriter(tmp_path / "a.db")
    first.write([make_batch(*make_trace(1))])
    first.close()
    SqliteWriter(tmp_path / "a.db").close()


def test_a_program_that_holds_the_file_makes_a_write_fail_for_now(tmp_path: Path) -> None:
    writer = SqliteWriter(tmp_path / "a.db")
    writer._connection.execute("PRAGMA busy_timeout=1")
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            writer.write([make_batch(*make_trace(1))])
        other.execute("ROLLBACK")
    assert writer.write([make_batch(*make_trace(1))]).new_spans == 3
    writer.close()


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o277])
def test_files_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "deep" / "er" / "a.db"
    before = os.umask(umask)
    try:
        writer = SqliteWriter(path)
        writer.write([make_batch(*make_trace(1))])
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        folders = {path.parent.stat().st_mode & 0o777, path.parent.parent.stat().st_mode & 0o777}
        writer.close()
    finally:
        os.umask(before)
    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600, "a.db.lock": 0o600}
    assert folders == {0o700}


def test_new_folders_are_on_the_disk_before_anything_is_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def sync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "fsync", sync)
    SqliteWriter(tmp_path / "deep" / "er" / "a.db").close()
    assert synced == [str(tmp_path), str(tmp_path / "deep")]


def test_what_exists_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    SqliteWriter(tmp_path / "a.db").close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def empty(path: Path) -> None:
    path.write_bytes(b"")


def header_only(path: Path) -> None:
    with closing(sqlite3.connect(path)) as torn:
        torn.execute(f"PRAGMA application_id={connection.APPLICATION_ID}")
        torn.execute("PRAGMA journal_mode=wal")


def migrations_table_only(path: Path) -> None:
    header_only(path)
    with closing(sqlite3.connect(path)) as torn:
        migrations.MIGRATIONS.ensure_migrations_table(Database(torn))


def hot_journal(path: Path) -> None:
    """What the power leaves that goes while the first page is written: it, and how to take it back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as torn:
        torn.execute("PRAGMA journal_mode=persist")
        torn.execute("PRAGMA cache_size=0")
        torn.execute("BEGIN")
        torn.execute(f"PRAGMA application_id={connection.APPLICATION_ID}")
        for number in range(50):
            torn.execute(f"CREATE TABLE t{number} (a)")
        path.with_name("hot").write_bytes(path.with_name("a.db-journal").read_bytes())
        torn.execute("ROLLBACK")
    path.with_name("hot").rename(path.with_name("a.db-journal"))
    path.write_bytes(b"SQLite format 3\0" + bytes(4080))


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("cut_short", [hot_journal, empty, header_only, migrations_table_only])
def test_a_file_whose_making_was_cut_short_is_finished(
    tmp_path: Path, opener: type[SqliteWriter], cut_short: object
) -> None:
    path = tmp_path / "a.db"
    assert callable(cut_short)
    cut_short(path)
    opener(path).close()
    writer, reader = SqliteWriter(path), SqliteReader(path)
    writer.write([make_batch(*make_trace(1))])
    assert reader.count_spans() == 3
    reader.close()
    writer.close()


@pytest.mark.parametrize("begun", [None, migrations_table_only])
def test_a_schema_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: Callable[[Path], None] | None
) -> None:
    """Of a new file, and of one that migrations make."""
    path = tmp_path / "a.db"
    if begun is not None:
        begun(path)
    real = schema.statements_of

    def broken(name: str) -> list[str]:
        return [*list(real(name))[:-1], "CREATE TABLE traces (again)"]

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "statements_of", broken)
        patched.setattr(schema, "statements_of", broken)
        with pytest.raises(StoreError):
            SqliteWriter(path)
    with closing(sqlite3.connect(path)) as left:
        tables = {name for (name,) in left.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables <= {"_sqlite_migrations"}
        assert left.execute("PRAGMA user_version").fetchone() == (0,)
    SqliteWriter(path).close()


def test_each_migration_is_recorded_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    SqliteWriter(path).close()
    SqliteWriter(path).close()
    with closing(sqlite3.connect(path)) as opened:
        names = [name for (name,) in opened.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
        assert names == [migration.name for migration in migrations.MIGRATIONS._migrations]
        assert names[-1].startswith(f"{connection.SCHEMA_VERSION:03}_")
        assert opened.execute("PRAGMA user_version").fetchone() == (connection.SCHEMA_VERSION,)


def test_sessions_of_an_older_file_are_those_of_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    writer = SqliteWriter(path)
    for number in range(1, 8):
        spans = make_trace(number, session_id=f"s{number % 3 or ''}", user_id=f"u{number % 2 or ''}")
        writer.write([make_batch(*spans, *make_trace(number + 20))])
    writer.close()
    reader = SqliteReader(path)
    new = [reader.sessions(), [reader.session_traces(f"s{number}") for number in range(3)]]
    reader.close()
    with closing(sqlite3.connect(path)) as older:
        made = "name LIKE '%session%' AND name NOT LIKE 'sqlite_%' AND sql LIKE 'CREATE %'"
        for kind in ("TRIGGER", "VIEW", "INDEX", "TABLE"):
            for (name,) in older.execute(
                f"SELECT name FROM sqlite_master WHERE type = lower('{kind}') AND {made}"
            ).fetchall():
                older.execute(f"DROP {kind} {name}")
        for column in ("user_id", "user_span_id", "user_start"):
            older.execute(f"ALTER TABLE traces DROP COLUMN {column}")
        older.execute("DELETE FROM _sqlite_migrations WHERE name = '003_sessions'")
        older.execute("PRAGMA user_version = 2")
        older.commit()
    reader = SqliteReader(path)
    assert [reader.sessions(), [reader.session_traces(f"s{number}") for number in range(3)]] == new
    reader.close()


def test_deleting_traces_ends_their_sessions(tmp_path: Path) -> None:
    writer = SqliteWriter(tmp_path / "a.db")
    writer.write([make_batch(*make_trace(1, session_id="s", user_id="u"), *make_trace(2, session_id="s"))])
    reader = SqliteReader(tmp_path / "a.db")
    whole = reader.session("s")
    writer._connection.execute("DELETE FROM traces WHERE user_id = ''")
    left = reader.session("s")
    assert whole is not None and left is not None
    assert (whole.trace_count, left.trace_count, whole.span_count, left.span_count) == (2, 1, 6, 3)
    assert left.users == ("u",)
    writer._connection.execute("DELETE FROM traces")
    assert reader.count_sessions() == 0
    assert writer._connection.execute("SELECT count(*) FROM session_users").fetchone() == (0,)
    reader.close()
    writer.close()


def test_a_reader_makes_a_missing_file(tmp_path: Path) -> None:
    reader = SqliteReader(tmp_path / "new" / "a.db")
    assert reader.traces() == []
    assert reader.size().spans == 0
    reader.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    reader = SqliteReader(tmp_path / "a.db")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM spans")
    reader.close()


def test_opening_a_current_file_does_not_import_the_migrations(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    SqliteWriter(path).close()
    program = (
        "import sys; from pathlib import Path; from tracetui.store.sqlite import SqliteReader, SqliteWriter\n"
        "writer = SqliteWriter(Path(sys.argv[1])); SqliteReader(Path(sys.argv[1])).close(); writer.close()\n"
        "print([name for name in ('sqlite_utils', 'google.protobuf', 'textual', 'grpc') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_connection_is_set_up_for_durability(tmp_path: Path) -> None:
    writer = SqliteWriter(tmp_path / "a.db")

    def pragma(name: str) -> object:
        return writer._connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 0)
    assert pragma("page_size") == connection.PAGE_SIZE
    writer.close()
    assert not (tmp_path / "a.db-wal").exists(), "closing folds the log into the file"


def test_another_program_that_closes_the_file_leaves_the_write_ahead_log_alone(tmp_path: Path) -> None:
    """A writer with a reader beside it in the same process must keep its lock, or the log goes with what it holds."""
    path = tmp_path / "a.db"
    writer = SqliteWriter(path)
    writer.write([make_batch(*make_trace(1))])
    SqliteReader(path).close()
    count = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(*c.execute('SELECT count(*) FROM spans'))"
    look = [sys.executable, "-c", f"{count}; c.close()", str(path)]
    assert subprocess.run(look, capture_output=True, text=True, check=True).stdout == "(3,)\n"
    writer.write([make_batch(*make_trace(2))])
    assert subprocess.run(look, capture_output=True, text=True, check=True).stdout == "(6,)\n"
    assert path.with_name("a.db-wal").exists()
    writer.close()


def test_a_new_file_is_what_the_migrations_make() -> None:
    """A new file gets its schema without sqlite-utils; nothing may tell it from one that grew."""

    def everything(connection: sqlite3.Connection) -> tuple[object, ...]:
        objects = sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall(), key=str)
        tables = [name for kind, name, _, sql in objects if kind == "table" and not sql.startswith("CREATE VIRTUAL")]
        tables.remove("_sqlite_migrations")  # which says when
        return (
            objects,
            {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables},
            connection.execute("SELECT id, migration_set, name FROM _sqlite_migrations ORDER BY id").fetchall(),
            connection.execute("PRAGMA user_version").fetchone(),
        )

    with closing(sqlite3.connect(":memory:")) as made, closing(sqlite3.connect(":memory:")) as grown:
        made.isolation_level = grown.isolation_level = None
        assert schema.create(made)
        migrations.migrate(grown)
        assert everything(made) == everything(grown), "run `python docs/make_schema.py`"
        assert not list(migrations.MIGRATIONS.pending(Database(made)))
